// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request: its header, then the message of that API and version. What decodes must
// encode again, and the encoded bytes must decode to bytes that are the same once more.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

#include "base/assert.h"
#include "wire/api.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire/testing/random_message.h"

namespace {

using namespace odradek;
using namespace odradek::wire;

// The message type of the requests of an API.
const MessageType& request_type(const ApiDescription& api) {
  for (const MessageType& type : all_message_types())
    if (type.layout == api.request) return type;
  std::abort();
}

using AnyMessage = std::unique_ptr<void, void (*)(void*)>;

// The bytes of `message` after decoding `bytes`; nothing where they are no message.
std::optional<base::SharedBytes> recode(const MessageType& type, Reader& reader, Version version) {
  AnyMessage message(type.create(), type.destroy);
  if (!decode_message(type.layout(), message.get(), reader, version)) return {};
  if (!reader.expect_end()) return {};
  Writer writer;
  auto encoded = encode_message(type.layout(), message.get(), writer, version);
  ODRADEK_ASSERT(encoded.has_value());
  return testing::flatten(writer.finish());
}

// Decodes `frame`, a request without its size.
void try_request(const base::SharedBytes& frame) {
  Reader reader(frame);
  auto header = decode_request_header(reader);
  if (!header) return;
  const ApiDescription* api = find_api(header->request_api_key);
  ODRADEK_ASSERT(api != nullptr);
  const MessageType& type = request_type(*api);
  auto once = recode(type, reader, header->request_api_version);
  if (!once) return;
  Reader again(*once);
  auto twice = recode(type, again, header->request_api_version);
  ODRADEK_ASSERT(twice.has_value() && *twice == *once);
}

// A valid request of any API and version.
base::SharedBytes make_request(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const ApiDescription& api = all_apis()[random() % all_apis().size()];
  std::size_t versions = static_cast<std::size_t>(api.max_version) + 1 - api.min_version;
  auto version = static_cast<Version>(api.min_version + random() % versions);
  const MessageType& type = request_type(api);
  AnyMessage message(type.create(), type.destroy);
  testing::fill_with_random_values(type.layout(), message.get(), version, random);
  RequestHeader header;
  header.request_api_key = static_cast<std::int16_t>(api.key);
  header.request_api_version = version;
  auto frame = frame_message(RequestHeader::layout(), &header, api.request_header_version(version),
                             type.layout(), message.get(), version);
  ODRADEK_ASSERT(frame.has_value());
  base::SharedBytes bytes = testing::flatten(*frame);
  return bytes.slice(kFrameSizeBytes, bytes.size() - kFrameSizeBytes);
}

}  // namespace

// An input that begins with an odd byte is the seed of a valid request (8 bytes) and what to change
// in it (4 bytes each: position, value, mask); any other is a request after its first byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kSeedSize = 8;
  base::ByteView input(data, size);
  if (size <= kSeedSize || (input[0] & 1) == 0) {
    try_request(base::SharedBytes::copy(input.subspan(std::min<std::size_t>(size, 1))));
    return 0;
  }
  base::SharedBytes request = make_request(base::load_big_endian<std::uint64_t>(&input[1]));
  if (size == 1 + kSeedSize) try_request(request);
  for (std::size_t at = 1 + kSeedSize; at + 4 <= size; at += 4) {
    std::size_t place = base::load_big_endian<std::uint16_t>(&input[at]) % request.size();
    std::uint8_t& changed = request.mutable_view()[place];
    changed = static_cast<std::uint8_t>((changed & input[at + 3]) | input[at + 2]);
    try_request(request);
  }
  return 0;
}
