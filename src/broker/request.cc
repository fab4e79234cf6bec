// SPDX-License-Identifier: Apache-2.0
#include "broker/request.h"

#include "base/assert.h"
#include "wire/codec.h"
#include "wire/messages/header.h"
#include "wire/writer.h"

namespace odradek::broker {

base::OutputChain encode_response(const RequestContext& context, const wire::MessageLayout& layout,
                                  const void* response) {
  wire::Writer writer;
  wire::ResponseHeader header;
  header.correlation_id = context.correlation_id;
  const auto header_done =
      header.encode(writer, context.api->response_header_version(context.version));
  const auto body_done = wire::encode_message(layout, response, writer, context.version);
  ODRADEK_ASSERT(header_done && body_done);
  return writer.finish();
}

}  // namespace odradek::broker
