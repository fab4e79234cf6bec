// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "record/batch_header.h"
#include "record/record_reader.h"
#include "record/validate.h"

// What a client may send as records. Whatever is accepted must read back: as many records as
// counted, offsets in order, the greatest timestamp as found.
namespace odradek::record {
namespace {

constexpr std::int16_t kProduceVersion = 13;
// Keeps runs short where the input is a bomb.
constexpr std::int32_t kMaxRecord = 1 << 20;

void check_readable(const ValidatedBatch& accepted) {
  const auto batch = BatchView::parse(accepted.bytes);
  ODRADEK_ASSERT(batch.has_value() && batch->crc_matches());
  auto reader = RecordReader::open(*batch);
  ODRADEK_ASSERT(reader.has_value());
  base::Timestamp max_timestamp = base::kNoTimestamp;
  std::size_t header_bytes = 0;
  for (std::int32_t i = 0; i < accepted.summary.record_count; ++i) {
    const auto record = reader->next();
    ODRADEK_ASSERT(record.has_value() && record->has_value());
    ODRADEK_ASSERT((*record)->offset == base::Offset(i));
    max_timestamp = std::max(max_timestamp, (*record)->timestamp);
    for (const Header& header : (*record)->headers) header_bytes += header.key.size();
  }
  ODRADEK_ASSERT(header_bytes <= accepted.summary.plain_size);
  ODRADEK_ASSERT(max_timestamp == accepted.summary.max_timestamp);
  const auto end = reader->next();
  ODRADEK_ASSERT(end.has_value() && !end->has_value());
}

void try_batch(base::ByteView input) {
  const base::SharedBytes bytes = base::SharedBytes::copy(input);
  const auto result = validate_produced(
      bytes, kProduceVersion,
      {.now = base::Timestamp(1'700'000'000'000), .max_decompressed_bytes = kMaxRecord});
  if (result) check_readable(*result);
}

// Reads whatever is there, as a log does that trusts its bytes: errors, but no crash.
void read_all(base::ByteView input) {
  BatchIterator batches(input);
  while (true) {
    const auto batch = batches.next();
    if (!batch || !*batch) return;
    auto reader = RecordReader::open(**batch, kMaxRecord);
    if (!reader) continue;
    while (true) {
      const auto record = reader->next();
      if (!record || !*record) break;
    }
  }
}

// The input with a header that lets it come as far as its records.
std::vector<std::uint8_t> repaired(base::ByteView input) {
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  bytes.resize(std::max(bytes.size(), kBatchHeaderSize));
  std::uint8_t* to = bytes.data();
  base::store_big_endian(to + position::kBaseOffset, std::int64_t{0});
  base::store_big_endian(to + position::kLength,
                         static_cast<std::int32_t>(bytes.size() - kLogOverhead));
  base::store_big_endian(to + position::kMagic, kMagic);
  const auto count = base::load_big_endian<std::int32_t>(to + position::kCount);
  base::store_big_endian(to + position::kLastOffsetDelta,
                         static_cast<std::int32_t>(static_cast<std::uint32_t>(count) - 1));
  base::store_big_endian(to + position::kCrc, BatchView::parse(bytes)->computed_crc());
  return bytes;
}

}  // namespace
}  // namespace odradek::record

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const odradek::base::ByteView input(data, size);
  odradek::record::try_batch(input);
  odradek::record::read_all(input);
  const std::vector<std::uint8_t> repaired = odradek::record::repaired(input);
  odradek::record::try_batch(repaired);
  odradek::record::read_all(repaired);
  return 0;
}
