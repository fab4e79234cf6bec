// SPDX-License-Identifier: Apache-2.0
#include "record/build.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/assert.h"
#include "base/crc32c.h"
#include "record/varint.h"

namespace odradek::record {
namespace {

std::size_t bytes_size(std::optional<base::ByteView> bytes) {
  return bytes ? varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size()
               : varint_size(-1);
}

std::size_t body_size(std::int32_t offset_delta, std::int64_t timestamp_delta,
                      std::optional<base::ByteView> key, std::optional<base::ByteView> value,
                      std::span<const Header> headers) {
  std::size_t size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) +
                     bytes_size(key) + bytes_size(value) +
                     varint_size(static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers) {
    size += bytes_size(base::as_bytes(header.key)) + bytes_size(header.value);
  }
  return size;
}

std::uint8_t* write_bytes(std::uint8_t* to, std::optional<base::ByteView> bytes) {
  if (!bytes) return write_varint(to, -1);
  to = write_varint(to, static_cast<std::int64_t>(bytes->size()));
  if (bytes->empty()) return to;
  std::memcpy(to, bytes->data(), bytes->size());
  return to + bytes->size();
}

std::int16_t attributes_of(const BatchOptions& options) {
  int attributes = static_cast<int>(options.codec);
  if (options.timestamp_type == TimestampType::kLogAppendTime) {
    attributes |= attribute::kLogAppendTime;
  }
  if (options.is_transactional) attributes |= attribute::kTransactional;
  if (options.is_control) attributes |= attribute::kControl;
  if (options.delete_horizon) attributes |= attribute::kDeleteHorizon;
  return static_cast<std::int16_t>(attributes);
}

}  // namespace

void BatchBuilder::append(base::Timestamp timestamp, std::optional<base::ByteView> key,
                          std::optional<base::ByteView> value, std::span<const Header> headers) {
  append_at(last_offset_delta_ + 1, timestamp, key, value, headers);
}

void BatchBuilder::append_at(std::int32_t offset_delta, base::Timestamp timestamp,
                             std::optional<base::ByteView> key, std::optional<base::ByteView> value,
                             std::span<const Header> headers) {
  ODRADEK_ASSERT(offset_delta > last_offset_delta_);
  if (count_ == 0) base_timestamp_ = options_.delete_horizon.value_or(timestamp).value();
  const std::int64_t timestamp_delta = timestamp.value() - base_timestamp_;
  const std::size_t size = body_size(offset_delta, timestamp_delta, key, value, headers);
  const auto signed_size = static_cast<std::int64_t>(size);
  const std::size_t start = records_.size();
  records_.resize(start + varint_size(signed_size) + size);
  std::uint8_t* to = write_varint(records_.data() + start, signed_size);
  *to++ = 0;  // attributes: none is defined
  to = write_varint(to, timestamp_delta);
  to = write_varint(to, offset_delta);
  to = write_bytes(to, key);
  to = write_bytes(to, value);
  to = write_varint(to, static_cast<std::int64_t>(headers.size()));
  for (const Header& header : headers) {
    to = write_bytes(to, base::as_bytes(header.key));
    to = write_bytes(to, header.value);
  }
  ODRADEK_ASSERT(to == records_.data() + records_.size());
  ++count_;
  last_offset_delta_ = offset_delta;
  max_timestamp_ = std::max(max_timestamp_, timestamp.value());
}

base::SharedBytes BatchBuilder::build() const {
  ODRADEK_ASSERT(count_ > 0);
  std::vector<std::uint8_t> compressed;
  base::ByteView records = records_;
  if (options_.codec != Codec::kNone) {
    const int level =
        options_.compression_level.value_or(default_compression_level(options_.codec));
    compressed = compress(options_.codec, level, records_);
    records = compressed;
  }
  const std::size_t size = kBatchHeaderSize + records.size();
  ODRADEK_ASSERT(size <= std::numeric_limits<std::int32_t>::max());
  base::SharedBytes batch = base::SharedBytes::allocate(size);
  std::uint8_t* to = batch.mutable_view().data();
  std::memcpy(to + position::kRecords, records.data(), records.size());
  base::store_big_endian(to + position::kBaseOffset, options_.base_offset.value());
  base::store_big_endian(to + position::kLength, static_cast<std::int32_t>(size - kLogOverhead));
  base::store_big_endian(to + position::kLeaderEpoch, options_.leader_epoch.value());
  base::store_big_endian(to + position::kMagic, kMagic);
  base::store_big_endian(to + position::kAttributes, attributes_of(options_));
  const std::int32_t last_offset_delta = options_.last_offset_delta.value_or(last_offset_delta_);
  ODRADEK_ASSERT(last_offset_delta >= last_offset_delta_);
  base::store_big_endian(to + position::kLastOffsetDelta, last_offset_delta);
  base::store_big_endian(to + position::kBaseTimestamp, base_timestamp_);
  base::store_big_endian(to + position::kMaxTimestamp, max_timestamp_);
  base::store_big_endian(to + position::kProducerId, options_.producer_id.value());
  base::store_big_endian(to + position::kProducerEpoch, options_.producer_epoch.value());
  base::store_big_endian(to + position::kBaseSequence, options_.base_sequence);
  base::store_big_endian(to + position::kCount, count_);
  const std::uint32_t crc = base::crc32c(batch.view().subspan(position::kAttributes));
  base::store_big_endian(to + position::kCrc, crc);
  return batch;
}

void BatchBuilder::reset(const BatchOptions& options) {
  options_ = options;
  records_.clear();
  count_ = 0;
  last_offset_delta_ = -1;
  max_timestamp_ = base::kNoTimestamp.value();
}

base::SharedBytes emptied_batch(const BatchHeader& batch) {
  base::SharedBytes emptied = base::SharedBytes::allocate(kBatchHeaderSize);
  std::uint8_t* to = emptied.mutable_view().data();
  constexpr int kKept = attribute::kLogAppendTime | attribute::kTransactional | attribute::kControl;
  base::store_big_endian(to + position::kBaseOffset, batch.base_offset().value());
  base::store_big_endian(to + position::kLength,
                         static_cast<std::int32_t>(kBatchHeaderSize - kLogOverhead));
  base::store_big_endian(to + position::kLeaderEpoch, batch.leader_epoch().value());
  base::store_big_endian(to + position::kMagic, kMagic);
  base::store_big_endian(to + position::kAttributes,
                         static_cast<std::int16_t>(batch.attributes() & kKept));
  base::store_big_endian(to + position::kLastOffsetDelta, batch.last_offset_delta());
  base::store_big_endian(to + position::kBaseTimestamp, base::kNoTimestamp.value());
  base::store_big_endian(to + position::kMaxTimestamp, batch.max_timestamp().value());
  base::store_big_endian(to + position::kProducerId, batch.producer_id().value());
  base::store_big_endian(to + position::kProducerEpoch, batch.producer_epoch().value());
  base::store_big_endian(to + position::kBaseSequence, batch.base_sequence());
  base::store_big_endian(to + position::kCount, std::int32_t{0});
  const std::uint32_t crc = base::crc32c(emptied.view().subspan(position::kAttributes));
  base::store_big_endian(to + position::kCrc, crc);
  return emptied;
}

base::SharedBytes control_batch(BatchOptions options, base::Timestamp timestamp,
                                ControlRecordType type, base::ByteView value) {
  options.is_control = true;
  BatchBuilder builder(options);
  builder.append(timestamp, base::ByteView(control_key(type)), value);
  return builder.build();
}

base::SharedBytes end_transaction_marker(BatchOptions options, base::Timestamp timestamp,
                                         ControlRecordType type, std::int32_t coordinator_epoch) {
  ODRADEK_ASSERT(type == ControlRecordType::kAbort || type == ControlRecordType::kCommit);
  ODRADEK_ASSERT(options.producer_id > base::kNoProducerId);
  options.is_transactional = true;
  const std::vector<std::uint8_t> value = end_transaction_value(coordinator_epoch);
  return control_batch(options, timestamp, type, value);
}

}  // namespace odradek::record
