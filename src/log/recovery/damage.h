// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace odradek::log::recovery {

// What is wrong with bytes of a segment where a batch should be.
enum class DamageKind : std::uint8_t {
  kNoBatch,     // what is there is no header of a batch
  kIncomplete,  // the batch is longer than what is left of the file
  kChecksum,    // the batch's CRC-32C is not that of its bytes
  kOffsets,     // the batch's offsets do not follow those before it
  kEpoch,       // the batch's leader epoch is not the one its offsets were written in
  kMissing,     // the file ends before the records that it has to have
};
std::string_view words_of(DamageKind kind);

// A stretch of a segment's file that is no batch, and the records that can't be read for it.
struct Damage {
  DamageKind kind = DamageKind::kNoBatch;
  // Bytes of the file; none where some are missing.
  std::uint64_t position = 0;
  std::uint64_t end_position = 0;
  // The offsets between the last whole batch before and the first one after it; equal where none
  // are lost.
  base::Offset first_offset = base::kNoOffset;
  base::Offset end_offset = base::kNoOffset;

  bool holds(base::Offset offset) const { return offset >= first_offset && offset < end_offset; }
  friend bool operator==(const Damage&, const Damage&) = default;
};

// "<file>: the batch's checksum is wrong at position 4100 (200 bytes): offsets 12 to 15 can't be
// read".
std::string describe(const Damage& damage, std::string_view file);

}  // namespace odradek::log::recovery
