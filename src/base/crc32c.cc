// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.h"

#include <algorithm>
#include <limits>

#include <isa-l/crc.h>

namespace odradek::base {

std::uint32_t crc32c(ByteView bytes, std::uint32_t previous) {
  std::uint32_t state = ~previous;
  while (!bytes.empty()) {
    const std::size_t length = std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
    // The library takes a pointer to mutable bytes and does not write to them.
    state = crc32_iscsi(const_cast<std::uint8_t*>(bytes.data()), static_cast<int>(length), state);
    bytes = bytes.subspan(length);
  }
  return ~state;
}

}  // namespace odradek::base
