// SPDX-License-Identifier: Apache-2.0
#include "broker/request.h"

#include <utility>

#include "base/assert.h"
#include "wire/error_search.h"
#include "wire/frame.h"
#include "wire/join_pieces.h"
#include "wire/messages/envelope.h"
#include "wire/messages/header.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

base::OutputChain frame_of(const EnvelopeOrigin& envelope, const wire::EnvelopeResponse& response) {
  auto frame = wire::frame_response(response, envelope.version, envelope.correlation_id);
  ODRADEK_ASSERT(frame.has_value());
  return std::move(*frame);
}

}  // namespace

Principal principal_of(const RequestContext& context) {
  return context.envelope ? context.envelope->principal : Principal{};
}

base::OutputChain encode_envelope_error(const EnvelopeOrigin& envelope, ErrorCode code) {
  wire::EnvelopeResponse response;
  response.error_code = code;
  return frame_of(envelope, response);
}

base::OutputChain encode_response(const RequestContext& context, const wire::MessageLayout& layout,
                                  const void* response) {
  if (context.envelope && wire::has_error(layout, response, ErrorCode::kNotController)) {
    return encode_envelope_error(*context.envelope, ErrorCode::kNotController);
  }
  wire::ResponseHeader header;
  header.correlation_id = context.correlation_id;
  auto frame = wire::frame_message(wire::ResponseHeader::layout(), &header,
                                   context.api->response_header_version(context.version), layout,
                                   response, context.version);
  ODRADEK_ASSERT(frame.has_value());
  if (!context.envelope) return std::move(*frame);
  frame->remove_prefix(wire::kFrameSizeBytes);
  wire::EnvelopeResponse enveloped;
  enveloped.response_data = wire::join_pieces(*frame);
  return frame_of(*context.envelope, enveloped);
}

}  // namespace odradek::broker
