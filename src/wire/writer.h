// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/uuid.h"
#include "wire/records.h"

namespace odradek::wire {

// Writes the primitive types of Kafka's protocol to a chain of pieces. What is written lies in
// blocks of the writer's own; only records come as further pieces, uncopied.
class Writer {
 public:
  // `expected` bytes fit before the first block has to grow.
  explicit Writer(std::size_t expected = 256);

  // Bytes written so far, those of records included.
  std::uint64_t size() const { return chain_.size() + used(); }

  void write_bool(bool value) { write_int8(value ? 1 : 0); }
  void write_int8(std::int8_t value) { write_number(value); }
  void write_int16(std::int16_t value) { write_number(value); }
  void write_uint16(std::uint16_t value) { write_number(value); }
  void write_int32(std::int32_t value) { write_number(value); }
  void write_uint32(std::uint32_t value) { write_number(value); }
  void write_int64(std::int64_t value) { write_number(value); }
  void write_float64(double value);
  void write_uuid(const base::Uuid& value) { write(value.bytes); }
  void write_unsigned_varint(std::uint32_t value);
  void write_varint(std::int32_t value);
  void write_varlong(std::int64_t value);
  // The bytes alone, without a length.
  void write(base::ByteView bytes);
  // The records alone, without a length. Small ones are copied, others become pieces.
  void write_records(const Records& records);

  // Lengths and sizes of arrays; -1 is null. See Reader.
  void write_string_length(bool flexible, std::int64_t length);
  void write_bytes_length(bool flexible, std::int64_t length);
  void write_array_size(bool flexible, std::int64_t size) { write_bytes_length(flexible, size); }

  // The place where the next byte will lie, for `insert_size`. Holds until records are written.
  std::size_t mark() const { return used(); }
  // Puts a varint with the number of bytes written since `mark` in front of them.
  // REQUIRES: no records were written since then.
  void insert_size(std::size_t mark);

  // All pieces in order. The writer is empty afterwards.
  base::OutputChain finish();

 private:
  template <typename Number>
  void write_number(Number value) {
    if (static_cast<std::size_t>(end_ - next_) < sizeof(Number)) [[unlikely]]
      grow(sizeof(Number));
    base::store_big_endian(next_, value);
    next_ += sizeof(Number);
  }
  std::size_t used() const { return static_cast<std::size_t>(next_ - block_.data()); }
  void grow(std::size_t more);
  // Ends the current block and puts it into the chain.
  void cut();

  base::OutputChain chain_;
  base::SharedBytes block_;
  std::uint8_t* next_;
  std::uint8_t* end_;
};

}  // namespace odradek::wire
