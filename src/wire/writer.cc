// SPDX-License-Identifier: Apache-2.0
#include "wire/writer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace odradek::wire {
namespace {

// Records up to this size are cheaper to copy than to send as a piece of their own.
constexpr std::size_t kCopyUpTo = 512;

struct Varint {
  std::array<std::uint8_t, 10> bytes;
  std::size_t size = 0;
};

Varint to_varint(std::uint64_t value) {
  Varint varint;
  for (; value >= 0x80; value >>= 7)
    varint.bytes[varint.size++] = static_cast<std::uint8_t>(value | 0x80);
  varint.bytes[varint.size++] = static_cast<std::uint8_t>(value);
  return varint;
}

}  // namespace

Writer::Writer(std::size_t expected) : block_(base::SharedBytes::allocate(expected)) {
  next_ = block_.mutable_view().data();
  end_ = next_ + block_.size();
}

void Writer::grow(std::size_t more) {
  std::size_t kept = used();
  base::SharedBytes larger =
      base::SharedBytes::allocate(std::max(kept + more, 2 * block_.size() + 64));
  std::uint8_t* begin = larger.mutable_view().data();
  std::copy_n(block_.data(), kept, begin);
  block_ = std::move(larger);
  next_ = begin + kept;
  end_ = begin + block_.size();
}

void Writer::cut() {
  if (used() > 0) chain_.append(block_.slice(0, used()));
  // The rest of the block serves on: the slices of it that the chain holds do not reach into it.
  block_ = block_.slice(used(), block_.size() - used());
}

void Writer::write_float64(double value) { write_number(std::bit_cast<std::uint64_t>(value)); }

void Writer::write_unsigned_varint(std::uint32_t value) {
  if (value < 0x80) [[likely]]
    return write_number(static_cast<std::uint8_t>(value));
  Varint varint = to_varint(value);
  write({varint.bytes.data(), varint.size});
}

void Writer::write_varint(std::int32_t value) {
  write_unsigned_varint((static_cast<std::uint32_t>(value) << 1) ^
                        static_cast<std::uint32_t>(value >> 31));
}

void Writer::write_varlong(std::int64_t value) {
  Varint varint =
      to_varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  write({varint.bytes.data(), varint.size});
}

void Writer::write(base::ByteView bytes) {
  if (static_cast<std::size_t>(end_ - next_) < bytes.size()) grow(bytes.size());
  next_ = std::copy(bytes.begin(), bytes.end(), next_);
}

void Writer::write_records(const Records& records) {
  if (records.contiguous()) {
    if (records.size() <= kCopyUpTo) return write(records.bytes().view());
    cut();
    return chain_.append(records.bytes());
  }
  cut();
  chain_.append(records.pieces());
}

void Writer::write_string_length(bool flexible, std::int64_t length) {
  if (flexible)
    write_unsigned_varint(static_cast<std::uint32_t>(length + 1));
  else
    write_int16(static_cast<std::int16_t>(length));
}

void Writer::write_bytes_length(bool flexible, std::int64_t length) {
  if (flexible)
    write_unsigned_varint(static_cast<std::uint32_t>(length + 1));
  else
    write_int32(static_cast<std::int32_t>(length));
}

void Writer::insert_size(std::size_t mark) {
  ODRADEK_ASSERT(mark <= used());
  std::size_t size = used() - mark;
  Varint varint = to_varint(size);
  write({varint.bytes.data(), varint.size});
  std::uint8_t* from = block_.mutable_view().data() + mark;
  std::memmove(from + varint.size, from, size);
  std::memcpy(from, varint.bytes.data(), varint.size);
}

base::OutputChain Writer::finish() {
  cut();
  return std::exchange(chain_, {});
}

}  // namespace odradek::wire
