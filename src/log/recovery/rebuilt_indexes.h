// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/file_names.h"
#include "log/recovery/damage.h"
#include "log/segment.h"
#include "log/time_index.h"

namespace odradek::log::recovery {

// The indexes of a segment made anew from its batches, and what those in its files are worth beside
// them. Not thread-safe.
class RebuiltIndexes {
 public:
  static constexpr std::array<std::string_view, 2> kSuffixes{kOffsetIndexSuffix, kTimeIndexSuffix};

  // Reads every batch, checksums included, and every entry. Blocks. REQUIRES: the segment is
  // complete, and is `size` bytes long.
  [[nodiscard]] static base::Result<RebuiltIndexes> read(env::Disk& disk, const Segment& segment,
                                                         std::uint64_t size,
                                                         std::int32_t index_interval_bytes);

  // Whether an entry of the files is false, or many are missing. What names damaged bytes may have
  // been true.
  bool are_files_wrong() const { return are_offsets_wrong_ || are_times_wrong_; }
  // By the batches.
  TimestampOffset max_timestamp() const { return max_timestamp_; }
  const std::vector<Damage>& damages() const { return damages_; }

  // Writes both, durably but for their names, beside the segment's with the suffix `.rebuilt`.
  // Blocks.
  [[nodiscard]] base::Result<> write(env::Disk& disk, const Segment& segment);

 private:
  Segment::Completion indexes_;
  TimestampOffset max_timestamp_;
  std::vector<Damage> damages_;
  bool are_offsets_wrong_ = false;
  bool are_times_wrong_ = false;
};

// What an open segment's files say at their ends, where a cut or a flipped bit does most harm: the
// last entries of both indexes name batches that are there, little follows them, and none of that
// is newer. Reads a few headers; blocks.
[[nodiscard]] base::Result<bool> are_index_ends_true(const Segment::Files& files,
                                                     base::Offset base_offset, std::uint64_t size,
                                                     std::int32_t index_interval_bytes);

// Whether the batch that a time entry names is there, with that time. Blocks.
[[nodiscard]] base::Result<bool> is_time_entry_true(const Segment::Files& files,
                                                    base::Offset base_offset, std::uint64_t size,
                                                    const TimestampOffset& entry);

// A lookup that leads so far away from what it is for, the batches' own size not counted, used an
// index that lacks entries.
std::uint64_t farthest_lookup_bytes(std::int32_t index_interval_bytes);

}  // namespace odradek::log::recovery
