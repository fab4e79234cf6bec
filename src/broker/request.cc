// SPDX-License-Identifier: Apache-2.0
#include "broker/request.h"

#include <utility>

#include "base/assert.h"
#include "wire/frame.h"
#include "wire/messages/header.h"

namespace odradek::broker {

base::OutputChain encode_response(const RequestContext& context, const wire::MessageLayout& layout,
                                  const void* response) {
  wire::ResponseHeader header;
  header.correlation_id = context.correlation_id;
  auto frame = wire::frame_message(wire::ResponseHeader::layout(), &header,
                                   context.api->response_header_version(context.version), layout,
                                   response, context.version);
  ODRADEK_ASSERT(frame.has_value());
  return std::move(*frame);
}

}  // namespace odradek::broker
