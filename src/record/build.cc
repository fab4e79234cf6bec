// SPDX-License-Identifier: Apache-2.0
#include "record/build.h"

#include <algorithm>

#include "base/assert.h"
#include "base/crc32c.h"
#include "record/batch_encoder.h"

namespace odradek::record {

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
  append_record(records_, offset_delta, timestamp_delta, key, value, headers);
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
  const std::int32_t last_offset_delta = options_.last_offset_delta.value_or(last_offset_delta_);
  ODRADEK_ASSERT(last_offset_delta >= last_offset_delta_);
  return assemble_batch(options_,
                        {.count = count_,
                         .last_offset_delta = last_offset_delta,
                         .base_timestamp = base_timestamp_,
                         .max_timestamp = max_timestamp_},
                        records);
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
