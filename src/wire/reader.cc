// SPDX-License-Identifier: Apache-2.0
#include "wire/reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"
#include "wire/version.h"

namespace odradek::wire {

Reader::Reader(base::SharedBytes block, base::ErrorCode malformed)
    : block_(std::move(block)),
      next_(block_.data()),
      end_(next_ + block_.size()),
      malformed_(malformed) {
  set_memory_limit(std::clamp(kMemoryPerByte * block_.size(), kMinMemory, kMaxMemory));
}

void Reader::fail(std::string message) { fail(malformed_, std::move(message)); }

void Reader::fail(base::ErrorCode code, std::string message) {
  if (failed_) return;
  failed_ = true;
  error_ = {code, std::move(message)};
  // Nothing is left, so that no later read has to look at `failed_`.
  next_ = end_;
}

void Reader::fail_short(std::size_t needed) {
  fail(fmt::format("{} bytes are needed, {} are left", needed, remaining()));
}

base::Result<> Reader::expect_end() {
  if (!failed_ && remaining() > 0) fail(fmt::format("{} bytes too many", remaining()));
  if (failed_) return std::unexpected(error_);
  return {};
}

double Reader::read_float64() { return std::bit_cast<double>(read_number<std::uint64_t>()); }

base::Uuid Reader::read_uuid() {
  base::Uuid uuid;
  base::ByteView bytes = read_view(uuid.bytes.size());
  std::ranges::copy(bytes, uuid.bytes.begin());
  return uuid;
}

std::uint32_t Reader::read_unsigned_varint() {
  if (remaining() > 0 && *next_ < 0x80) [[likely]]
    return *next_++;
  std::uint32_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    auto byte = static_cast<std::uint8_t>(read_int8());
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return failed_ ? 0 : value;
  }
  fail("a varint of more than 5 bytes");
  return 0;
}

std::int32_t Reader::read_varint() {
  std::uint32_t value = read_unsigned_varint();
  return static_cast<std::int32_t>((value >> 1) ^ (0 - (value & 1)));
}

std::int64_t Reader::read_varlong() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    auto byte = static_cast<std::uint8_t>(read_int8());
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
  }
  fail("a varlong of more than 10 bytes");
  return 0;
}

std::int64_t Reader::checked_length(std::int64_t length) {
  if (length < -1) {
    fail(fmt::format("a length of {}", length));
    return -1;
  }
  if (length > 0 && static_cast<std::uint64_t>(length) > remaining()) {
    fail_short(static_cast<std::size_t>(length));
    return 0;
  }
  return length;
}

std::int64_t Reader::read_string_length(bool flexible) {
  std::int64_t length = flexible ? std::int64_t{read_unsigned_varint()} - 1 : read_int16();
  if (length > kMaxStringSize) {
    fail(fmt::format("a string of {} bytes, at most {} are allowed", length, kMaxStringSize));
    return 0;
  }
  return checked_length(length);
}

std::int64_t Reader::read_bytes_length(bool flexible) {
  return checked_length(flexible ? std::int64_t{read_unsigned_varint()} - 1 : read_int32());
}

std::int64_t Reader::read_array_size(bool flexible, std::size_t element_wire_size,
                                     std::size_t element_size) {
  ODRADEK_ASSERT(element_wire_size > 0);
  std::int64_t size = flexible ? std::int64_t{read_unsigned_varint()} - 1 : read_int32();
  if (size <= 0) return checked_length(size);
  if (size > kMaxArraySize) {
    fail(fmt::format("an array of {} elements, at most {} are allowed", size, kMaxArraySize));
    return 0;
  }
  auto count = static_cast<std::size_t>(size);
  if (count > remaining() / element_wire_size) {
    fail(fmt::format("an array of {} elements, {} bytes are left", size, remaining()));
    return 0;
  }
  return take_memory(count * element_size) ? size : 0;
}

bool Reader::take_memory(std::size_t bytes) {
  if (bytes > memory_left_) {
    fail(fmt::format(
        "the message's arrays and strings take more than the {} bytes of memory allowed",
        memory_limit_));
    return false;
  }
  memory_left_ -= bytes;
  return true;
}

base::ByteView Reader::read_view(std::size_t size) {
  if (size > remaining()) {
    fail_short(size);
    return {};
  }
  base::ByteView view(next_, size);
  next_ += size;
  return view;
}

base::SharedBytes Reader::read_shared(std::size_t size) {
  std::size_t from = position();
  if (read_view(size).size() != size) return {};
  return block_.slice(from, size);
}

std::string Reader::read_text(std::size_t size) {
  if (!take_memory(size)) return {};
  return std::string(base::as_text(read_view(size)));
}

std::string Reader::read_string(bool flexible) {
  std::int64_t length = read_string_length(flexible);
  if (length < 0) {
    fail("a string that must not be null is null");
    return {};
  }
  return read_text(static_cast<std::size_t>(length));
}

std::uint32_t Reader::read_tagged_field_count() {
  std::uint32_t count = read_unsigned_varint();
  if (count > kMaxTaggedFields) {
    fail(fmt::format("{} tagged fields, at most {} are allowed", count, kMaxTaggedFields));
    return 0;
  }
  return count;
}

void Reader::skip_tagged_fields() {
  std::uint32_t count = read_tagged_field_count();
  for (std::uint32_t i = 0; i < count && ok(); ++i) {
    read_unsigned_varint();
    read_view(read_unsigned_varint());
  }
}

std::size_t Reader::limit(std::size_t size) {
  if (size > remaining()) {
    fail_short(size);
    return 0;
  }
  std::size_t hidden = remaining() - size;
  end_ -= hidden;
  return hidden;
}

}  // namespace odradek::wire
