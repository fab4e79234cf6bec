// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/codec.h"

// The header of a record batch v2 (KIP-98; docs/formats/record-batch.md): 61 bytes, big-endian.
namespace odradek::record {

inline constexpr std::size_t kBatchHeaderSize = 61;
// Base offset and length; the length field counts the bytes after these.
inline constexpr std::size_t kLogOverhead = 12;
inline constexpr std::int8_t kMagic = 2;
inline constexpr std::int32_t kNoSequence = -1;

// Where a header's fields start.
namespace position {
inline constexpr std::size_t kBaseOffset = 0;
inline constexpr std::size_t kLength = 8;
inline constexpr std::size_t kLeaderEpoch = 12;
inline constexpr std::size_t kMagic = 16;
inline constexpr std::size_t kCrc = 17;
// The CRC covers everything from here on.
inline constexpr std::size_t kAttributes = 21;
inline constexpr std::size_t kLastOffsetDelta = 23;
inline constexpr std::size_t kBaseTimestamp = 27;
inline constexpr std::size_t kMaxTimestamp = 35;
inline constexpr std::size_t kProducerId = 43;
inline constexpr std::size_t kProducerEpoch = 51;
inline constexpr std::size_t kBaseSequence = 53;
inline constexpr std::size_t kCount = 57;
inline constexpr std::size_t kRecords = 61;
}  // namespace position

// Bits of the attributes.
namespace attribute {
inline constexpr std::int16_t kCodecMask = 0x07;
inline constexpr std::int16_t kLogAppendTime = 0x08;
inline constexpr std::int16_t kTransactional = 0x10;
inline constexpr std::int16_t kControl = 0x20;
inline constexpr std::int16_t kDeleteHorizon = 0x40;
}  // namespace attribute

enum class TimestampType : std::uint8_t { kCreateTime = 0, kLogAppendTime = 1 };

// A sum of numbers that came from outside: what does not fit wraps, as in Java.
inline std::int64_t add_wrapping(std::int64_t left, std::int64_t right) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(left) +
                                   static_cast<std::uint64_t>(right));
}

// A view of a batch's header; somebody else keeps the bytes. Copying is cheap; getters read the
// bytes each time and check nothing.
class BatchHeader {
 public:
  // CORRUPT_MESSAGE where `bytes` has less than a header, the length field is too small for one, or
  // the magic is not 2. The records may lie beyond `bytes`.
  [[nodiscard]] static base::Result<BatchHeader> parse(base::ByteView bytes);

  base::Offset base_offset() const {
    return base::Offset(load<std::int64_t>(position::kBaseOffset));
  }
  // Bytes of the batch after the length field.
  std::int32_t length() const { return load<std::int32_t>(position::kLength); }
  // Bytes of the batch, header included.
  std::size_t total_size() const { return kLogOverhead + static_cast<std::size_t>(length()); }
  base::LeaderEpoch leader_epoch() const {
    return base::LeaderEpoch(load<std::int32_t>(position::kLeaderEpoch));
  }
  std::int8_t magic() const { return load<std::int8_t>(position::kMagic); }
  // What the header says; BatchView::crc_matches() compares.
  std::uint32_t crc() const { return load<std::uint32_t>(position::kCrc); }
  std::int16_t attributes() const { return load<std::int16_t>(position::kAttributes); }
  // Nothing where the bits name no codec (5 to 7).
  std::optional<Codec> codec() const {
    const int bits = attributes() & attribute::kCodecMask;
    if (bits > static_cast<int>(Codec::kZstd)) return std::nullopt;
    return static_cast<Codec>(bits);
  }
  TimestampType timestamp_type() const {
    return has(attribute::kLogAppendTime) ? TimestampType::kLogAppendTime
                                          : TimestampType::kCreateTime;
  }
  bool is_transactional() const { return has(attribute::kTransactional); }
  bool is_control() const { return has(attribute::kControl); }
  // The base timestamp is a delete horizon (KIP-534), not a record's.
  bool has_delete_horizon() const { return has(attribute::kDeleteHorizon); }
  std::int32_t last_offset_delta() const { return load<std::int32_t>(position::kLastOffsetDelta); }
  base::Timestamp base_timestamp() const {
    return base::Timestamp(load<std::int64_t>(position::kBaseTimestamp));
  }
  base::Timestamp max_timestamp() const {
    return base::Timestamp(load<std::int64_t>(position::kMaxTimestamp));
  }
  base::ProducerId producer_id() const {
    return base::ProducerId(load<std::int64_t>(position::kProducerId));
  }
  bool has_producer_id() const { return producer_id() > base::kNoProducerId; }
  base::ProducerEpoch producer_epoch() const {
    return base::ProducerEpoch(load<std::int16_t>(position::kProducerEpoch));
  }
  std::int32_t base_sequence() const { return load<std::int32_t>(position::kBaseSequence); }
  // The sequence of the last record, wrapping from 2^31-1 to 0; kNoSequence where there is none.
  std::int32_t last_sequence() const;
  std::int32_t count() const { return load<std::int32_t>(position::kCount); }
  // Compaction keeps both when it removes records: they may name offsets that no record has.
  base::Offset last_offset() const { return offset_at(last_offset_delta()); }
  base::Offset next_offset() const { return offset_at(std::int64_t{last_offset_delta()} + 1); }
  // The offset of the record with this delta.
  base::Offset offset_at(std::int64_t delta) const {
    return base::Offset(add_wrapping(base_offset().value(), delta));
  }
  // The timestamp of the record with this delta: the append time where the batch has one.
  base::Timestamp timestamp_at(std::int64_t delta) const {
    if (timestamp_type() == TimestampType::kLogAppendTime) return max_timestamp();
    return base::Timestamp(add_wrapping(base_timestamp().value(), delta));
  }

 protected:
  explicit BatchHeader(const std::uint8_t* data) : data_(data) {}

  const std::uint8_t* data() const { return data_; }

 private:
  template <typename Number>
  Number load(std::size_t from) const {
    return base::load_big_endian<Number>(data_ + from);
  }
  bool has(std::int16_t bit) const { return (attributes() & bit) != 0; }

  const std::uint8_t* data_;
};

// A view of a whole batch.
class BatchView : public BatchHeader {
 public:
  // The batch at the front of `bytes`, which may go on after it. Checks bounds only: as
  // BatchHeader::parse, and that the batch ends within `bytes`.
  [[nodiscard]] static base::Result<BatchView> parse(base::ByteView bytes);

  base::ByteView bytes() const { return {data(), total_size()}; }
  // The records, as compressed as codec() says.
  base::ByteView records() const { return bytes().subspan(position::kRecords); }
  std::uint32_t computed_crc() const;
  bool crc_matches() const { return crc() == computed_crc(); }

 private:
  explicit BatchView(const BatchHeader& header) : BatchHeader(header) {}
};

// The consecutive batches in a range of bytes, such as a segment's or a fetch answer's.
class BatchIterator {
 public:
  explicit BatchIterator(base::ByteView bytes) : bytes_(bytes) {}

  // The next whole batch; nothing at the end and where only part of a batch is left: then
  // has_partial_tail(). The errors of BatchHeader::parse leave the iterator where it is.
  [[nodiscard]] base::Result<std::optional<BatchView>> next();

  // Where the next batch starts: bytes of all the batches given so far.
  std::size_t position() const { return position_; }
  bool has_partial_tail() const { return partial_tail_; }

 private:
  base::ByteView bytes_;
  std::size_t position_ = 0;
  bool partial_tail_ = false;
};

// Stamping in place. REQUIRES: `batch` starts with a parsed batch (and, for the timestamp, holds it
// whole). The first two are not covered by the CRC.
void stamp_base_offset(base::MutableByteView batch, base::Offset offset);
void stamp_leader_epoch(base::MutableByteView batch, base::LeaderEpoch epoch);
// Sets the timestamp type and the maximum timestamp, and the CRC with them where they change. With
// kLogAppendTime the maximum is the time of every record in the batch.
void stamp_max_timestamp(base::MutableByteView batch, TimestampType type,
                         base::Timestamp timestamp);

// The sequence `increment` records after `sequence`: it wraps from 2^31-1 to 0. REQUIRES: both are
// not negative.
std::int32_t increment_sequence(std::int32_t sequence, std::int32_t increment);

}  // namespace odradek::record
