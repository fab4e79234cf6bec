// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/plan.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"

namespace odradek::log::cleaner {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

// The place of the segment that `offset` belongs into.
std::size_t segment_of(const LogShape& shape, base::Offset offset) {
  const auto after =
      std::ranges::upper_bound(shape.segments, offset, {}, &SegmentShape::base_offset);
  return after == shape.segments.begin()
             ? 0
             : static_cast<std::size_t>(after - shape.segments.begin()) - 1;
}

std::uint64_t bytes_between(const LogShape& shape, std::size_t from, base::Offset until) {
  std::uint64_t bytes = 0;
  for (std::size_t i = from; i < shape.segments.size(); ++i) {
    if (shape.segments[i].base_offset >= until) break;
    bytes += shape.segments[i].size;
  }
  return bytes;
}

// The first segment with a record that is younger than min.compaction.lag.ms.
base::Offset first_young(const LogShape& shape, std::size_t first_dirty,
                         std::span<const SegmentTimes> times, const LogConfig& config,
                         base::Timestamp now) {
  const base::Offset active = shape.segments.back().base_offset;
  if (config.min_compaction_lag_ms <= 0) return active;
  const std::int64_t old = now.value() - config.min_compaction_lag_ms;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i].largest.value() > old) return shape.segments[first_dirty + i].base_offset;
  }
  return active;
}

std::int64_t overdue_ms(std::span<const SegmentTimes> times, const LogConfig& config,
                        base::Timestamp now) {
  std::int64_t earliest = kNever;
  for (const SegmentTimes& segment : times) {
    if (segment.first_batch.value() > 0) earliest = std::min(earliest, segment.first_batch.value());
  }
  const std::int64_t due = now.value() - std::max<std::int64_t>(config.max_compaction_lag_ms, 0);
  return earliest < due ? due - earliest : 0;
}

}  // namespace

bool needs_times(const LogConfig& config) {
  return config.min_compaction_lag_ms > 0 || config.max_compaction_lag_ms < kNever;
}

std::size_t first_dirty_segment(const LogShape& shape, base::Offset first_dirty) {
  return segment_of(shape, first_dirty);
}

DirtyRange begin_dirty_range(const LogShape& shape, std::optional<base::Offset> checkpoint) {
  ODRADEK_ASSERT(!shape.segments.empty());
  DirtyRange range{.first_dirty = checkpoint.value_or(shape.log_start)};
  if (range.first_dirty < shape.log_start || range.first_dirty > shape.end) {
    range.first_dirty = shape.log_start;
    range.was_reset = true;
  }
  return range;
}

double Need::ratio() const {
  const double total = static_cast<double>(clean_bytes + cleanable_bytes);
  return total > 0 ? static_cast<double>(cleanable_bytes) / total : 0;
}

bool Need::is_due(const LogConfig& config) const {
  if (cleanable_bytes == 0) return false;
  return overdue_ms > 0 || ratio() > config.min_cleanable_dirty_ratio;
}

Need measure(const LogShape& shape, std::optional<base::Offset> checkpoint,
             std::span<const SegmentTimes> times, const LogConfig& config, base::Timestamp now) {
  Need need{.range = begin_dirty_range(shape, checkpoint)};
  const base::Offset first_dirty = need.range.first_dirty;
  const std::size_t first = first_dirty_segment(shape, first_dirty);
  const base::Offset bound = std::min({shape.stable_end, shape.segments.back().base_offset,
                                       first_young(shape, first, times, config, now)});
  // A segment is cleaned as a whole or not at all.
  const std::size_t uncleanable = segment_of(shape, std::max(bound, first_dirty));
  need.range.first_uncleanable = shape.segments[uncleanable].base_offset;
  need.clean_bytes = bytes_between(shape, 0, first_dirty);
  need.cleanable_bytes = bytes_between(shape, first, need.range.first_uncleanable);
  if (config.max_compaction_lag_ms < kNever) need.overdue_ms = overdue_ms(times, config, now);
  return need;
}

std::vector<Group> group_segments(const LogShape& shape, base::Offset end,
                                  base::Offset first_uncleanable, const LogConfig& config) {
  const auto bytes_max = static_cast<std::uint64_t>(config.segment_bytes);
  const auto index_bytes_max = static_cast<std::uint64_t>(config.segment_index_bytes);
  std::vector<Group> groups;
  SegmentShape sum;
  for (std::size_t i = 0; i < shape.segments.size(); ++i) {
    const SegmentShape& segment = shape.segments[i];
    if (segment.base_offset >= end) break;
    const bool is_last = i + 1 == shape.segments.size() || shape.segments[i + 1].base_offset >= end;
    const base::Offset next = is_last ? first_uncleanable : shape.segments[i + 1].base_offset;
    const bool fits = !groups.empty() && sum.size + segment.size <= bytes_max &&
                      sum.offset_index_bytes + segment.offset_index_bytes <= index_bytes_max &&
                      sum.time_index_bytes + segment.time_index_bytes <= index_bytes_max &&
                      (segment.size == 0 ||
                       next - 1 - sum.base_offset <= std::numeric_limits<std::int32_t>::max());
    if (!fits) {
      groups.push_back({i, 1});
      sum = segment;
      continue;
    }
    ++groups.back().count;
    sum.size += segment.size;
    sum.offset_index_bytes += segment.offset_index_bytes;
    sum.time_index_bytes += segment.time_index_bytes;
  }
  return groups;
}

}  // namespace odradek::log::cleaner
