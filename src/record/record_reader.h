// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/batch_header.h"

namespace odradek::record {

class ChunkReader;
class Decompressor;

// One header of a record: the key is UTF-8 by convention, the value may be null.
struct Header {
  std::string_view key;
  std::optional<base::ByteView> value;

  // Equal when the bytes are.
  friend bool operator==(const Header& left, const Header& right);
};

// The headers of one record, in order: iterate over it. They were checked when the record was read.
class HeaderRange {
 public:
  class Iterator {
   public:
    Iterator(const std::uint8_t* from, const std::uint8_t* end, std::size_t left);
    const Header& operator*() const { return header_; }
    const Header* operator->() const { return &header_; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return left_ == other.left_; }

   private:
    void read();

    const std::uint8_t* from_;
    const std::uint8_t* end_;
    std::size_t left_;
    Header header_;
  };

  HeaderRange() = default;
  HeaderRange(base::ByteView bytes, std::size_t count) : bytes_(bytes), count_(count) {}

  Iterator begin() const { return {bytes_.data(), bytes_.data() + bytes_.size(), count_}; }
  Iterator end() const { return {nullptr, nullptr, 0}; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  // The headers as they are encoded, without their count.
  base::ByteView bytes() const { return bytes_; }

 private:
  base::ByteView bytes_;
  std::size_t count_ = 0;
};

// One record of a batch. Key and value may be null (nothing) or empty.
struct Record {
  base::Offset offset;
  // The record's own, or the batch's append time where its timestamp type is LogAppendTime.
  base::Timestamp timestamp;
  std::optional<base::ByteView> key;
  std::optional<base::ByteView> value;
  HeaderRange headers;
};

// Reads the records of one batch, one after the other, compressed or not. Nothing is allocated per
// record of an uncompressed batch; of a compressed one, a record's bytes are gathered in one buffer
// that is used again and grows no faster than the bytes come in. Not thread-safe; a reader of a
// compressed batch stays on one thread.
class RecordReader {
 public:
  // Kafka's greatest record, and the default of max.decompressed.message.bytes.
  static constexpr std::size_t kMaxRecordSize = 2147483639;

  // `batch`'s bytes outlive the reader. A record of a compressed batch that is larger than
  // `max_record_size` is an error. UNSUPPORTED_COMPRESSION_TYPE where the batch's codec is unknown.
  [[nodiscard]] static base::Result<RecordReader> open(
      const BatchView& batch, std::size_t max_record_size = kMaxRecordSize);
  RecordReader(RecordReader&&) noexcept;
  RecordReader& operator=(RecordReader&&) noexcept;
  ~RecordReader();

  // The next record; nothing after the batch's last. Its views live until the next call, those of
  // an uncompressed batch as long as the batch. INVALID_RECORD where the records are malformed,
  // fewer than the header counts, or followed by other bytes; CORRUPT_MESSAGE where they can't be
  // decompressed.
  [[nodiscard]] base::Result<std::optional<Record>> next();

 private:
  RecordReader(const BatchView& batch, std::size_t max_record_size);

  base::Result<base::ByteView> next_body();
  base::Result<base::ByteView> next_compressed_body();
  base::Result<> check_end();
  std::unexpected<base::Error> invalid(const char* what) const;

  BatchView batch_;
  std::size_t max_record_size_;
  std::int32_t records_read_ = 0;
  // Of an uncompressed batch: what is left.
  base::ByteView rest_;
  // Of a compressed batch.
  std::unique_ptr<Decompressor> decompressor_;
  std::unique_ptr<ChunkReader> chunks_;
  std::size_t chunk_used_ = 0;
  std::vector<std::uint8_t> gathered_;
};

}  // namespace odradek::record
