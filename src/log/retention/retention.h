// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/log_config.h"

// Which segments of a log are to be deleted, and why. Decides and does nothing else: what carries
// it out is partition_log_retention.cc.
namespace odradek::log::retention {

struct SegmentFacts {
  base::Offset base_offset;
  std::uint64_t size_bytes = 0;
};

// What one look at a log shows.
struct LogFacts {
  // Oldest first, at least one; the last is the one written to.
  std::vector<SegmentFacts> segments;
  base::Offset log_start_offset{0};
  base::Offset log_end_offset{0};
  // Of the replica; nothing at or beyond it is deleted.
  base::Offset high_watermark{0};
};

// How old a segment is: the greatest timestamp of its records, or, where none has one, when its
// file was last written.
struct SegmentTime {
  base::Timestamp timestamp = base::kNoTimestamp;
  bool is_of_file = false;
};
// Of the segment with this index; may block on the disk. Asked for oldest first, and no further
// than the first one that stays.
using TimeOf = std::function<base::Result<SegmentTime>(std::size_t)>;

enum class Reason : std::uint8_t {
  kLogStart,  // all of it lies below the log start offset
  kSize,      // retention.bytes
  kTime,      // retention.ms
};

// Consecutive segments that go for one reason.
struct Deletion {
  Reason reason = Reason::kLogStart;
  std::size_t first = 0;
  std::size_t count = 0;
  // Of the segments, and of the log before they go.
  std::uint64_t bytes = 0;
  std::uint64_t log_bytes = 0;
  // kTime: the newest of their times.
  SegmentTime newest = {};
};

struct Decision {
  // One after the other, from the log's first segment on. All segments may be among them: then the
  // log begins again at its end.
  std::vector<Deletion> deletions;
  // The oldest segment that stays because its greatest timestamp lies ahead of the clock; those
  // after it stay with it.
  std::optional<std::size_t> held_by_future = std::nullopt;

  std::size_t count() const;
};

// Kafka's rule: first what lies below the log start, then, under cleanup.policy=delete, from the
// oldest on what is over the size, then what is past the time. A segment whose end lies above the
// high watermark stays, with all after it, as does an empty last one. Errors are time_of's.
[[nodiscard]] base::Result<Decision> decide(const LogFacts& facts, const LogConfig& config,
                                            base::Timestamp now, bool may_delete_by_time,
                                            const TimeOf& time_of);

// One sentence: which segments, and why, with the setting and its value.
std::string describe(const Deletion& deletion, const LogFacts& facts, const LogConfig& config,
                     base::Timestamp now);

}  // namespace odradek::log::retention
