// SPDX-License-Identifier: Apache-2.0
#include "record/batch_encoder.h"

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

void append_record(std::vector<std::uint8_t>& to_vector, std::int32_t offset_delta,
                   std::int64_t timestamp_delta, std::optional<base::ByteView> key,
                   std::optional<base::ByteView> value, std::span<const Header> headers) {
  const std::size_t size = body_size(offset_delta, timestamp_delta, key, value, headers);
  const auto signed_size = static_cast<std::int64_t>(size);
  const std::size_t start = to_vector.size();
  to_vector.resize(start + varint_size(signed_size) + size);
  std::uint8_t* to = write_varint(to_vector.data() + start, signed_size);
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
  ODRADEK_ASSERT(to == to_vector.data() + to_vector.size());
}

base::SharedBytes assemble_batch(const BatchOptions& options, const RecordsSummary& summary,
                                 base::ByteView records) {
  const std::size_t size = kBatchHeaderSize + records.size();
  ODRADEK_ASSERT(size <= std::numeric_limits<std::int32_t>::max());
  base::SharedBytes batch = base::SharedBytes::allocate(size);
  std::uint8_t* to = batch.mutable_view().data();
  std::memcpy(to + position::kRecords, records.data(), records.size());
  base::store_big_endian(to + position::kBaseOffset, options.base_offset.value());
  base::store_big_endian(to + position::kLength, static_cast<std::int32_t>(size - kLogOverhead));
  base::store_big_endian(to + position::kLeaderEpoch, options.leader_epoch.value());
  base::store_big_endian(to + position::kMagic, kMagic);
  base::store_big_endian(to + position::kAttributes, attributes_of(options));
  base::store_big_endian(to + position::kLastOffsetDelta, summary.last_offset_delta);
  base::store_big_endian(to + position::kBaseTimestamp, summary.base_timestamp);
  base::store_big_endian(to + position::kMaxTimestamp, summary.max_timestamp);
  base::store_big_endian(to + position::kProducerId, options.producer_id.value());
  base::store_big_endian(to + position::kProducerEpoch, options.producer_epoch.value());
  base::store_big_endian(to + position::kBaseSequence, options.base_sequence);
  base::store_big_endian(to + position::kCount, summary.count);
  const std::uint32_t crc = base::crc32c(batch.view().subspan(position::kAttributes));
  base::store_big_endian(to + position::kCrc, crc);
  return batch;
}

}  // namespace odradek::record
