// SPDX-License-Identifier: Apache-2.0
#include "broker/request.h"

#include <string_view>
#include <utility>

#include "base/assert.h"
#include "wire/frame.h"
#include "wire/join_pieces.h"
#include "wire/messages/envelope.h"
#include "wire/messages/header.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

bool has_error(const wire::StructLayout& layout, const void* structure, ErrorCode code);

bool field_has_error(const wire::FieldLayout& field, const void* structure, ErrorCode code) {
  const void* place = static_cast<const char*>(structure) + field.offset;
  if (field.kind != wire::Kind::kStruct) {
    return !field.array && std::string_view(field.name) == "ErrorCode" &&
           *static_cast<const ErrorCode*>(place) == code;
  }
  if (field.operations == nullptr) return has_error(*field.structure, place, code);
  const wire::ElementsView elements = field.operations->view(place);
  for (std::size_t i = 0; i < elements.size; ++i) {
    const void* element = static_cast<const char*>(elements.first) + i * field.element_size;
    if (has_error(*field.structure, element, code)) return true;
  }
  return false;
}

// Whether a field named ErrorCode has this value, at any depth.
bool has_error(const wire::StructLayout& layout, const void* structure, ErrorCode code) {
  for (const wire::FieldLayout& field : layout.fields) {
    if (field_has_error(field, structure, code)) return true;
  }
  return false;
}

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
  if (context.envelope && has_error(*layout.root, response, ErrorCode::kNotController)) {
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
