// SPDX-License-Identifier: Apache-2.0
#include "wire/frame.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "wire/codec.h"

namespace odradek::wire {

base::Result<RequestHeader> decode_request_header(Reader& reader) {
  // The key and the version say which header this is, so they are looked at first.
  base::ByteView start = reader.peek(4);
  if (start.size() < 4)
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("a request of {} bytes has no header", reader.remaining()));
  auto key = base::load_big_endian<std::int16_t>(start.data());
  auto version = base::load_big_endian<std::int16_t>(start.data() + 2);
  const ApiDescription* api = find_api(key);
  if (api == nullptr)
    return base::fail(base::ErrorCode::kInvalidRequest, fmt::format("no API has the key {}", key));
  return RequestHeader::decode(reader, api->request_header_version(version));
}

base::Result<ResponseHeader> decode_response_header(Reader& reader, ApiKey key, Version version) {
  return ResponseHeader::decode(reader, describe_api(key).response_header_version(version));
}

base::Result<base::OutputChain> frame_message(const MessageLayout& header_layout,
                                              const void* header, Version header_version,
                                              const MessageLayout& layout, const void* message,
                                              Version version) {
  Writer writer;
  writer.write_int32(0);
  if (auto done = encode_message(header_layout, header, writer, header_version); !done)
    return base::fail(std::move(done));
  if (auto done = encode_message(layout, message, writer, version); !done)
    return base::fail(std::move(done));
  std::uint64_t size = writer.size() - kFrameSizeBytes;
  if (size > INT32_MAX)
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("{} of {} bytes does not fit into a frame", layout.name, size));
  base::OutputChain frame = writer.finish();
  const auto& first = std::get<base::SharedBytes>(frame.pieces().front());
  base::store_big_endian(first.mutable_view().data(), static_cast<std::uint32_t>(size));
  return frame;
}

}  // namespace odradek::wire
