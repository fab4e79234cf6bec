// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "log/log_config.h"

// What is to be cleaned, and when: pure decisions about the shape of a log.
namespace odradek::log::cleaner {

// The times in a segment that compaction lags are about.
struct SegmentTimes {
  // The greatest timestamp of the first batch; kNoTimestamp in an empty segment.
  base::Timestamp first_batch = base::kNoTimestamp;
  base::Timestamp largest = base::kNoTimestamp;
};

struct SegmentShape {
  base::Offset base_offset{0};
  std::uint64_t size = 0;
  std::uint64_t offset_index_bytes = 0;
  std::uint64_t time_index_bytes = 0;
};

// A log as its lock showed it.
struct LogShape {
  base::Offset log_start{0};
  base::Offset end{0};
  // Above it nothing is cleaned: the last stable offset, and no more than what was flushed.
  base::Offset stable_end{0};
  // By base offset; the active one is the last.
  std::vector<SegmentShape> segments = {};
};

// Whether the lags of `config` need the times of dirty segments.
bool needs_times(const LogConfig& config);

// Which records are dirty.
struct DirtyRange {
  // Where the last cleaning ended.
  base::Offset first_dirty{0};
  // The base offset of a segment; all from there on is left as it is.
  base::Offset first_uncleanable{0};
  // The checkpoint said something else, and is to be set right.
  bool was_reset = false;
};
// Index of the first segment that has dirty records, and of the active one: between them are those
// whose times matter.
std::size_t first_dirty_segment(const LogShape& shape, base::Offset first_dirty);

// Where the dirty records begin; `checkpoint`: where the last cleaning ended, as the checkpoint
// file has it.
DirtyRange begin_dirty_range(const LogShape& shape, std::optional<base::Offset> checkpoint);

// A log that may be cleaned, and how much it needs it.
struct Need {
  DirtyRange range = {};
  std::uint64_t clean_bytes = 0;
  std::uint64_t cleanable_bytes = 0;
  // For how long it has been longer than max.compaction.lag.ms that the oldest dirty record waits.
  std::int64_t overdue_ms = 0;

  double ratio() const;
  // By min.cleanable.dirty.ratio, or because of max.compaction.lag.ms.
  bool is_due(const LogConfig& config) const;
};
// `times`: of the segments from first_dirty_segment on, without the active one; empty where
// needs_times says no.
Need measure(const LogShape& shape, std::optional<base::Offset> checkpoint,
             std::span<const SegmentTimes> times, const LogConfig& config, base::Timestamp now);

// [first, first + count) of a shape's segments, which become one.
struct Group {
  std::size_t first = 0;
  std::size_t count = 0;
};
// Puts neighbours together, from the first segment to the last one below `end`, so that no group
// is larger than a segment may be, in bytes, index bytes or offsets.
std::vector<Group> group_segments(const LogShape& shape, base::Offset end,
                                  base::Offset first_uncleanable, const LogConfig& config);

}  // namespace odradek::log::cleaner
