// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// The zig-zag variable-length numbers of records: seven bits a byte, the least significant first.
namespace odradek::record {

inline constexpr std::size_t kMaxVarintSize = 5;
inline constexpr std::size_t kMaxVarlongSize = 10;

constexpr std::uint64_t zigzag_encode(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t zigzag_decode(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// Reads an unsigned number of at most `bits` bits from [from, end). Returns where it ends; nullptr
// where the bytes end before it does, or it has more bits.
template <unsigned bits>
inline const std::uint8_t* read_unsigned_varint(const std::uint8_t* from, const std::uint8_t* end,
                                                std::uint64_t& value) {
  std::uint64_t result = 0;
  for (unsigned shift = 0; shift < bits && from != end; shift += 7) {
    const std::uint64_t byte = *from++;
    result |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (shift + 7 > bits && (byte >> (bits - shift)) != 0) return nullptr;
    value = result;
    return from;
  }
  return nullptr;
}

// As above, for a 32-bit zig-zag number.
inline const std::uint8_t* read_varint(const std::uint8_t* from, const std::uint8_t* end,
                                       std::int32_t& value) {
  if (from != end && *from < 0x80) [[likely]] {
    value = static_cast<std::int32_t>(zigzag_decode(*from));
    return from + 1;
  }
  // Lengths from 64 to 8191 take two bytes.
  if (end - from >= 2 && from[1] < 0x80) [[likely]] {
    value = static_cast<std::int32_t>(zigzag_decode((*from & 0x7fU) | from[1] << 7));
    return from + 2;
  }
  std::uint64_t raw = 0;
  from = read_unsigned_varint<32>(from, end, raw);
  value = static_cast<std::int32_t>(zigzag_decode(raw));
  return from;
}

// As above, for a 64-bit zig-zag number.
inline const std::uint8_t* read_varlong(const std::uint8_t* from, const std::uint8_t* end,
                                        std::int64_t& value) {
  if (from != end && *from < 0x80) [[likely]] {
    value = zigzag_decode(*from);
    return from + 1;
  }
  std::uint64_t raw = 0;
  from = read_unsigned_varint<64>(from, end, raw);
  value = zigzag_decode(raw);
  return from;
}

// Bytes that `value` takes.
constexpr std::size_t varint_size(std::int64_t value) {
  std::uint64_t rest = zigzag_encode(value);
  std::size_t size = 1;
  while (rest >= 0x80) {
    rest >>= 7;
    ++size;
  }
  return size;
}

// Writes the shortest form. REQUIRES: room for varint_size(value) bytes. Returns where it ends.
inline std::uint8_t* write_varint(std::uint8_t* to, std::int64_t value) {
  std::uint64_t rest = zigzag_encode(value);
  while (rest >= 0x80) {
    *to++ = static_cast<std::uint8_t>(rest | 0x80);
    rest >>= 7;
  }
  *to++ = static_cast<std::uint8_t>(rest);
  return to;
}

}  // namespace odradek::record
