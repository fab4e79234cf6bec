// SPDX-License-Identifier: Apache-2.0
#include "record/batch_header.h"

#include <limits>

#include <fmt/core.h>

#include "base/assert.h"
#include "base/crc32c.h"

namespace odradek::record {

using base::ErrorCode;

base::Result<BatchHeader> BatchHeader::parse(base::ByteView bytes) {
  if (bytes.size() < kBatchHeaderSize) {
    return base::fail(ErrorCode::kCorruptMessage,
                      fmt::format("{} bytes are less than the {} of a record batch's header",
                                  bytes.size(), kBatchHeaderSize));
  }
  const BatchHeader header(bytes.data());
  if (header.length() < static_cast<std::int32_t>(kBatchHeaderSize - kLogOverhead)) {
    return base::fail(ErrorCode::kCorruptMessage,
                      fmt::format("the record batch's length {} is below the {} of its header",
                                  header.length(), kBatchHeaderSize - kLogOverhead));
  }
  if (header.magic() != kMagic) {
    return base::fail(
        ErrorCode::kCorruptMessage,
        fmt::format("the record batch has magic {}; only magic 2 is known", header.magic()));
  }
  return header;
}

std::int32_t BatchHeader::last_sequence() const {
  const std::int32_t sequence = base_sequence();
  return sequence < 0 ? kNoSequence : increment_sequence(sequence, last_offset_delta());
}

base::Result<BatchView> BatchView::parse(base::ByteView bytes) {
  auto header = BatchHeader::parse(bytes);
  if (!header) return base::fail(std::move(header));
  if (header->total_size() > bytes.size()) {
    return base::fail(ErrorCode::kCorruptMessage,
                      fmt::format("the record batch says that it has {} bytes, and {} are there",
                                  header->total_size(), bytes.size()));
  }
  return BatchView(*header);
}

std::uint32_t BatchView::computed_crc() const {
  return base::crc32c(bytes().subspan(position::kAttributes));
}

base::Result<std::optional<BatchView>> BatchIterator::next() {
  const base::ByteView rest = bytes_.subspan(position_);
  if (rest.size() < kBatchHeaderSize) {
    partial_tail_ = !rest.empty();
    return std::nullopt;
  }
  auto header = BatchHeader::parse(rest);
  if (!header) return base::fail(std::move(header));
  if (header->total_size() > rest.size()) {
    partial_tail_ = true;
    return std::nullopt;
  }
  position_ += header->total_size();
  return BatchView::parse(rest);
}

void stamp_base_offset(base::MutableByteView batch, base::Offset offset) {
  ODRADEK_ASSERT(batch.size() >= kBatchHeaderSize);
  base::store_big_endian(batch.data() + position::kBaseOffset, offset.value());
}

void stamp_leader_epoch(base::MutableByteView batch, base::LeaderEpoch epoch) {
  ODRADEK_ASSERT(batch.size() >= kBatchHeaderSize);
  base::store_big_endian(batch.data() + position::kLeaderEpoch, epoch.value());
}

void stamp_max_timestamp(base::MutableByteView batch, TimestampType type,
                         base::Timestamp timestamp) {
  const auto view = BatchView::parse(batch);
  ODRADEK_ASSERT(view.has_value());
  if (view->timestamp_type() == type && view->max_timestamp() == timestamp) return;
  int attributes = view->attributes() & ~attribute::kLogAppendTime;
  if (type == TimestampType::kLogAppendTime) attributes |= attribute::kLogAppendTime;
  base::store_big_endian(batch.data() + position::kAttributes,
                         static_cast<std::int16_t>(attributes));
  base::store_big_endian(batch.data() + position::kMaxTimestamp, timestamp.value());
  base::store_big_endian(batch.data() + position::kCrc, view->computed_crc());
}

std::int32_t increment_sequence(std::int32_t sequence, std::int32_t increment) {
  ODRADEK_ASSERT(sequence >= 0);
  constexpr std::int64_t kSequences = std::int64_t{1} << 31;
  // A negative increment is a damaged header's; the result stays a sequence.
  const std::int64_t sum = std::int64_t{sequence} + increment;
  return static_cast<std::int32_t>((sum + kSequences) % kSequences);
}

}  // namespace odradek::record
