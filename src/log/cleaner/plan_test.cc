// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/plan.h"

#include <gtest/gtest.h>

#include <limits>

namespace odradek::log::cleaner {
namespace {

using base::Offset;
using base::Timestamp;

constexpr Timestamp kNow{1'000'000};

// Segments of 10 offsets and 100 bytes; the last one is active.
LogShape shape_of(int segments) {
  LogShape shape{.end = Offset(segments * 10), .stable_end = Offset(segments * 10)};
  for (int i = 0; i < segments; ++i) {
    shape.segments.push_back({.base_offset = Offset(i * 10), .size = 100});
  }
  return shape;
}

TEST(CleanerPlan, TheActiveSegmentAndWhatIsUnstableAreLeft) {
  LogShape shape = shape_of(5);
  const LogConfig config;
  Need need = measure(shape, std::nullopt, {}, config, kNow);
  EXPECT_EQ(need.range.first_dirty, Offset(0));
  EXPECT_EQ(need.range.first_uncleanable, Offset(40));
  EXPECT_EQ(need.cleanable_bytes, 400u);
  EXPECT_TRUE(need.is_due(config));
  shape.stable_end = Offset(27);
  need = measure(shape, std::nullopt, {}, config, kNow);
  EXPECT_EQ(need.range.first_uncleanable, Offset(20)) << "a segment is cleaned whole or not at all";
  EXPECT_EQ(need.cleanable_bytes, 200u);
}

TEST(CleanerPlan, TheRatioIsOfWhatIsDirty) {
  const LogShape shape = shape_of(5);
  LogConfig config;
  const Need need = measure(shape, Offset(20), {}, config, kNow);
  EXPECT_EQ(need.clean_bytes, 200u);
  EXPECT_EQ(need.cleanable_bytes, 200u);
  EXPECT_DOUBLE_EQ(need.ratio(), 0.5);
  EXPECT_FALSE(need.is_due(config)) << "more than min.cleanable.dirty.ratio";
  config.min_cleanable_dirty_ratio = 0.49;
  EXPECT_TRUE(need.is_due(config));
  EXPECT_FALSE(measure(shape, Offset(40), {}, config, kNow).is_due(config));
}

TEST(CleanerPlan, ACheckpointThatCannotBeIsReset) {
  LogShape shape = shape_of(5);
  shape.log_start = Offset(15);
  EXPECT_TRUE(begin_dirty_range(shape, Offset(14)).was_reset);
  EXPECT_TRUE(begin_dirty_range(shape, Offset(51)).was_reset);
  EXPECT_EQ(begin_dirty_range(shape, Offset(51)).first_dirty, Offset(15));
  EXPECT_FALSE(begin_dirty_range(shape, Offset(50)).was_reset);
  EXPECT_FALSE(begin_dirty_range(shape, std::nullopt).was_reset);
}

TEST(CleanerPlan, LagsCountByTheTimesOfDirtySegments) {
  const LogShape shape = shape_of(4);
  LogConfig config;
  EXPECT_FALSE(needs_times(config));
  config.min_compaction_lag_ms = 1000;
  EXPECT_TRUE(needs_times(config));
  const SegmentTimes times[] = {{Timestamp(900'000), Timestamp(999'000)},
                                {Timestamp(999'001), Timestamp(999'001)},
                                {Timestamp(100), Timestamp(200)}};
  Need need = measure(shape, std::nullopt, times, config, kNow);
  EXPECT_EQ(need.range.first_uncleanable, Offset(10));
  config.min_compaction_lag_ms = 0;
  config.min_cleanable_dirty_ratio = 1;
  EXPECT_FALSE(measure(shape, std::nullopt, times, config, kNow).is_due(config));
  config.max_compaction_lag_ms = 999'000;
  need = measure(shape, std::nullopt, times, config, kNow);
  EXPECT_EQ(need.overdue_ms, 900);
  EXPECT_TRUE(need.is_due(config));
}

TEST(CleanerPlan, NeighboursAreGroupedWithinTheBounds) {
  LogShape shape = shape_of(6);
  LogConfig config;
  config.segment_bytes = 250;
  auto sizes = [&](Offset end) {
    std::vector<std::size_t> counts;
    for (const Group& group : group_segments(shape, end, Offset(50), config)) {
      counts.push_back(group.count);
    }
    return counts;
  };
  EXPECT_EQ(sizes(Offset(50)), (std::vector<std::size_t>{2, 2, 1}));
  EXPECT_EQ(sizes(Offset(21)), (std::vector<std::size_t>{2, 1}));
  config.segment_bytes = 1'000'000;
  EXPECT_EQ(sizes(Offset(50)), (std::vector<std::size_t>{5}));
  config.segment_index_bytes = 20;
  for (SegmentShape& segment : shape.segments) segment.time_index_bytes = 12;
  EXPECT_EQ(sizes(Offset(50)), (std::vector<std::size_t>{1, 1, 1, 1, 1}));
  config.segment_index_bytes = 1'000'000;
  const std::int64_t far = std::numeric_limits<std::int32_t>::max();
  shape.segments[3].base_offset = Offset(far);
  shape.segments[4].base_offset = Offset(far + 10);
  shape.segments[5].base_offset = Offset(far + 20);
  std::vector<std::size_t> counts;
  for (const Group& group : group_segments(shape, Offset(far + 20), Offset(far + 20), config)) {
    counts.push_back(group.count);
  }
  EXPECT_EQ(counts, (std::vector<std::size_t>{3, 2})) << "offsets of 31 bits";
}

}  // namespace
}  // namespace odradek::log::cleaner
