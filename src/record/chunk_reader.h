// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/compression/decompressor.h"

namespace odradek::record {

// The plain bytes of a Decompressor as one stream. A read that fails leaves the reason in error(),
// or nothing there where the stream simply ended. Private to the room.
class ChunkReader {
 public:
  // Reads beyond `max_bytes` fail.
  ChunkReader(Decompressor& decompressor, std::uint64_t max_bytes)
      : decompressor_(decompressor), max_bytes_(max_bytes) {}

  // The rest of the current chunk; never empty, but at the end or after an error.
  base::ByteView chunk() {
    if (chunk_.empty()) refill();
    return chunk_;
  }
  // REQUIRES: the current chunk has as many.
  void consume(std::size_t bytes) { chunk_ = chunk_.subspan(bytes); }
  // False where the stream ends or fails before.
  bool skip(std::uint64_t bytes);
  bool read(base::MutableByteView to);
  bool byte(std::uint8_t& value) {
    if (chunk().empty()) return false;
    value = chunk_.front();
    chunk_ = chunk_.subspan(1);
    return true;
  }
  bool at_end() { return chunk().empty() && !error_; }

  const std::optional<base::Error>& error() const { return error_; }

 private:
  void refill();

  Decompressor& decompressor_;
  const std::uint64_t max_bytes_;
  std::uint64_t total_bytes_ = 0;
  base::ByteView chunk_;
  bool is_done_ = false;
  std::optional<base::Error> error_;
};

// One record's body inside a ChunkReader, which may stretch over chunks: what SpanSource is for
// bytes in memory.
class ChunkSource {
 public:
  ChunkSource(ChunkReader& reader, std::size_t size) : reader_(reader), remaining_(size) {}

  bool byte(std::uint8_t& value) { return take(1) && reader_.byte(value); }
  bool varint(std::int32_t& value);
  bool varlong(std::int64_t& value);
  bool skip(std::int32_t length) {
    return take(static_cast<std::size_t>(length)) &&
           reader_.skip(static_cast<std::uint64_t>(length));
  }
  std::size_t remaining() const { return remaining_; }
  const std::uint8_t* current() const { return nullptr; }

 private:
  bool take(std::size_t bytes) {
    if (bytes > remaining_) return false;
    remaining_ -= bytes;
    return true;
  }

  ChunkReader& reader_;
  std::size_t remaining_;
};

// A varint of up to 32 bits at the reader's place.
bool read_varint(ChunkReader& reader, std::int32_t& value);

}  // namespace odradek::record
