// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"

namespace odradek::wire {

// Reads the primitive types of Kafka's protocol from a block of bytes. Every length is checked
// against the bytes that are left before anything is taken or allocated for it.
//
// The first failure sticks: from then on every read returns zero or nothing and `ok()` is false, so
// that a caller may check once, after several reads, and at each turn of a loop.
//
// Slices handed out share the block and keep all of it alive: what outlives the request is copied
// out. Not for use by two threads at once.
class Reader {
 public:
  // What decoding may take for arrays and strings beyond the block itself, unless
  // `set_memory_limit` says otherwise: so many bytes for each of the block, and no more than
  // kMaxMemory in all. Arrays of the shortest strings and structures that make sense take 17.
  static constexpr std::size_t kMemoryPerByte = 20;
  static constexpr std::size_t kMinMemory = std::size_t{64} << 10;
  static constexpr std::size_t kMaxMemory = std::size_t{64} << 20;

  // `malformed` is the code of every error.
  explicit Reader(base::SharedBytes block,
                  base::ErrorCode malformed = base::ErrorCode::kInvalidRequest);

  bool ok() const { return !failed_; }
  // REQUIRES: !ok().
  const base::Error& error() const { return error_; }
  // Makes the reader fail, unless it has failed before.
  void fail(std::string message);
  void fail(base::ErrorCode code, std::string message);

  std::size_t position() const { return static_cast<std::size_t>(next_ - block_.data()); }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - next_); }
  // An error unless everything was read, and nothing failed.
  [[nodiscard]] base::Result<> expect_end();

  bool read_bool() { return read_int8() != 0; }
  std::int8_t read_int8() { return read_number<std::int8_t>(); }
  std::int16_t read_int16() { return read_number<std::int16_t>(); }
  std::uint16_t read_uint16() { return read_number<std::uint16_t>(); }
  std::int32_t read_int32() { return read_number<std::int32_t>(); }
  std::uint32_t read_uint32() { return read_number<std::uint32_t>(); }
  std::int64_t read_int64() { return read_number<std::int64_t>(); }
  double read_float64();
  base::Uuid read_uuid();
  // Seven bits a byte, the lowest first; the signed ones zig-zag.
  std::uint32_t read_unsigned_varint();
  std::int32_t read_varint();
  std::int64_t read_varlong();

  // Lengths as strings, bytes and arrays have them; -1 is null. Flexible versions write length + 1
  // as an unsigned varint, others an int16 (strings) or int32. A length of a string or of bytes is
  // no more than what is left.
  std::int64_t read_string_length(bool flexible);
  std::int64_t read_bytes_length(bool flexible);
  // The size of an array whose elements take at least `element_wire_size` bytes here and
  // `element_size` bytes in memory.
  std::int64_t read_array_size(bool flexible, std::size_t element_wire_size,
                               std::size_t element_size);

  // The next `size` bytes, shared or as a view that lives as long as the block.
  base::SharedBytes read_shared(std::size_t size);
  base::ByteView read_view(std::size_t size);
  std::string read_text(std::size_t size);
  // The next `size` bytes, or what is left if that is less, without reading them.
  base::ByteView peek(std::size_t size) const {
    return {next_, size < remaining() ? size : remaining()};
  }

  // A string that must not be null, and its length: for the few messages that are read by hand.
  std::string read_string(bool flexible);

  // Skips a whole section of tagged fields.
  void skip_tagged_fields();
  // The number of fields in a tagged section.
  std::uint32_t read_tagged_field_count();

  // Hides all but the next `size` bytes and returns how many are hidden, for `restore`.
  std::size_t limit(std::size_t size);
  void restore(std::size_t hidden) { end_ += hidden; }

  void set_memory_limit(std::size_t bytes) { memory_limit_ = memory_left_ = bytes; }

 private:
  template <typename Number>
  Number read_number() {
    if (remaining() < sizeof(Number)) [[unlikely]] {
      fail_short(sizeof(Number));
      return 0;
    }
    Number number = base::load_big_endian<Number>(next_);
    next_ += sizeof(Number);
    return number;
  }
  void fail_short(std::size_t needed);
  // Checks the length of a string or of bytes against what is left.
  std::int64_t checked_length(std::int64_t length);
  bool take_memory(std::size_t bytes);

  base::SharedBytes block_;
  const std::uint8_t* next_;
  const std::uint8_t* end_;
  std::size_t memory_limit_;
  std::size_t memory_left_;
  bool failed_ = false;
  base::ErrorCode malformed_;
  base::Error error_;
};

}  // namespace odradek::wire
