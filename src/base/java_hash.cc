// SPDX-License-Identifier: Apache-2.0
#include "base/java_hash.h"

#include <cstddef>
#include <cstdlib>

namespace odradek::base {
namespace {

struct CodePoint {
  std::uint32_t value;
  std::size_t length;
};

// The code point at the beginning; a malformed byte counts as U+FFFD, as Java reads it.
CodePoint first_code_point(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || length > text.size()) return {0xfffd, 1};
  std::uint32_t value = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {0xfffd, i};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  return {value, length};
}

}  // namespace

std::int32_t java_hash_code(std::string_view utf8) {
  std::uint32_t hash = 0;
  while (!utf8.empty()) {
    const CodePoint point = first_code_point(utf8);
    utf8.remove_prefix(point.length);
    if (point.value >= 0x10000) {
      const std::uint32_t rest = point.value - 0x10000;
      hash = hash * 31 + (0xd800 + (rest >> 10));
      hash = hash * 31 + (0xdc00 + (rest & 0x3ff));
    } else {
      hash = hash * 31 + point.value;
    }
  }
  return static_cast<std::int32_t>(hash);
}

// Java's Utils.abs: the least number counts as 0.
std::int32_t java_hash_partition(std::string_view utf8, std::int32_t count) {
  const std::int32_t hash = java_hash_code(utf8);
  return (hash == INT32_MIN ? 0 : std::abs(hash)) % count;
}

}  // namespace odradek::base
