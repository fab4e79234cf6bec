// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "net/frame_reader.h"

// The first byte chooses how the rest is cut into reads: whatever a client sends, however it
// arrives, the frames are the same, and memory stays within the reader's promise.
namespace odradek::net {
namespace {

constexpr std::size_t kMaxFrameBytes = 3000;

// The frames, one after the other with their sizes, and whether the reader gave up.
std::string read_all(base::ByteView bytes, std::size_t step, bool direct) {
  FrameReader reader(kMaxFrameBytes, "limit");
  std::string seen;
  while (!bytes.empty()) {
    base::ByteView input = bytes.first(std::min(step, bytes.size()));
    bytes = bytes.subspan(input.size());
    const base::MutableByteView room = direct ? reader.direct_room() : base::MutableByteView{};
    if (!room.empty()) {
      const std::size_t part = std::min(room.size(), input.size());
      std::copy_n(input.begin(), part, room.begin());
      reader.advance(part);
      input = input.subspan(part);
    }
    while (true) {
      auto frame = reader.next(input);
      if (!frame) return seen + "!";
      if (!*frame) break;
      ODRADEK_ASSERT((*frame)->size() <= kMaxFrameBytes);
      seen.append(std::to_string((*frame)->size())).append(":").append(base::as_text(**frame));
    }
    ODRADEK_ASSERT(input.empty());
    ODRADEK_ASSERT(reader.reserved_bytes() <= kMaxFrameBytes);
  }
  return seen;
}

}  // namespace
}  // namespace odradek::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const odradek::base::ByteView bytes(data + 1, size - 1);
  const std::string whole = odradek::net::read_all(bytes, size, false);
  const std::string pieces = odradek::net::read_all(bytes, data[0] % 61U + 1U, data[0] > 127);
  ODRADEK_ASSERT(whole == pieces);
  return 0;
}
