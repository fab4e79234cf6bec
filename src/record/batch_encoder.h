// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "record/build.h"

// The parts that a batch is put together from. Private to the room; use BatchBuilder or reencode().
namespace odradek::record {

// Appends one record as a batch carries it, uncompressed.
void append_record(std::vector<std::uint8_t>& to, std::int32_t offset_delta,
                   std::int64_t timestamp_delta, std::optional<base::ByteView> key,
                   std::optional<base::ByteView> value, std::span<const Header> headers);

// What a batch's header says of its records.
struct RecordsSummary {
  std::int32_t count = 0;
  std::int32_t last_offset_delta = -1;
  std::int64_t base_timestamp = 0;
  std::int64_t max_timestamp = base::kNoTimestamp.value();
};

// The batch of these records, which are compressed already as `options.codec` says; CRC included,
// in a block of its own. REQUIRES: less than 2 GiB.
base::SharedBytes assemble_batch(const BatchOptions& options, const RecordsSummary& summary,
                                 base::ByteView records);

}  // namespace odradek::record
