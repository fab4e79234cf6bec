// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "record/varint.h"

// How one record's body is taken apart: written once, over bytes that are there (SpanSource) or
// that come in chunks (chunk_reader.h). Private to the room.
namespace odradek::record {

// Bytes in memory, from `current` to `end`: one record's body.
class SpanSource {
 public:
  explicit SpanSource(base::ByteView bytes)
      : current_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool byte(std::uint8_t& value) {
    if (current_ == end_) return false;
    value = *current_++;
    return true;
  }
  bool varint(std::int32_t& value) { return advance(read_varint(current_, end_, value)); }
  bool varlong(std::int64_t& value) { return advance(read_varlong(current_, end_, value)); }
  bool skip(std::int32_t length) {
    if (length > end_ - current_) return false;
    current_ += length;
    return true;
  }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - current_); }
  // Where the source stands.
  const std::uint8_t* current() const { return current_; }

 private:
  bool advance(const std::uint8_t* to) {
    if (to == nullptr) return false;
    current_ = to;
    return true;
  }

  const std::uint8_t* current_;
  const std::uint8_t* end_;
};

// What a record's body says; the pointers mean something for a SpanSource only.
struct ParsedRecord {
  std::uint8_t attributes = 0;
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  std::int32_t key_length = -1;    // -1: null
  std::int32_t value_length = -1;  // -1: null
  std::int32_t header_count = 0;
  const std::uint8_t* key = nullptr;
  const std::uint8_t* value = nullptr;
  const std::uint8_t* headers = nullptr;
};

namespace parse_error {
inline constexpr const char* kSize = "its size goes beyond the records of the batch";
inline constexpr const char* kField = "a field is malformed or goes beyond its size";
inline constexpr const char* kLength = "a length is below -1";
inline constexpr const char* kHeaders = "its headers are malformed";
inline constexpr const char* kRest = "bytes are left after its last header";
}  // namespace parse_error

template <typename Source>
inline const char* parse_headers(Source& source, std::int32_t count) {
  // A header has at least two bytes: a count that cannot be true costs nothing.
  if (count < 0 || static_cast<std::uint64_t>(count) * 2 > source.remaining()) {
    return parse_error::kHeaders;
  }
  for (std::int32_t i = 0; i < count; ++i) {
    std::int32_t key_length = 0;
    std::int32_t value_length = 0;
    if (!source.varint(key_length) || key_length < 0 || !source.skip(key_length)) {
      return parse_error::kHeaders;
    }
    if (!source.varint(value_length) || value_length < -1) return parse_error::kHeaders;
    if (value_length > 0 && !source.skip(value_length)) return parse_error::kHeaders;
  }
  return nullptr;
}

// Reads `length` and as many bytes; -1 is null.
template <typename Source>
inline const char* parse_bytes(Source& source, std::int32_t& length, const std::uint8_t*& bytes) {
  if (!source.varint(length)) return parse_error::kField;
  if (length < -1) return parse_error::kLength;
  bytes = source.current();
  if (length > 0 && !source.skip(length)) return parse_error::kField;
  return nullptr;
}

// Takes apart the body that `source` holds, to its end. Returns what is wrong with it; nullptr:
// nothing.
template <typename Source>
inline const char* parse_record_body(Source& source, ParsedRecord& record) {
  if (!source.byte(record.attributes) || !source.varlong(record.timestamp_delta) ||
      !source.varint(record.offset_delta)) {
    return parse_error::kField;
  }
  if (const char* error = parse_bytes(source, record.key_length, record.key)) return error;
  if (const char* error = parse_bytes(source, record.value_length, record.value)) return error;
  if (!source.varint(record.header_count)) return parse_error::kField;
  record.headers = source.current();
  if (record.header_count != 0) {
    if (const char* error = parse_headers(source, record.header_count)) return error;
  }
  return source.remaining() == 0 ? nullptr : parse_error::kRest;
}

}  // namespace odradek::record
