// SPDX-License-Identifier: Apache-2.0
#include "log/retention/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace odradek::log::retention {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kNow = 1'000'000;

// A log of segments of 100 offsets and 1000 bytes each, the last one half full.
class RetentionTest : public testing::Test {
 protected:
  RetentionTest() {
    config_.retention_ms = -1;
    set_segments(4);
  }
  void set_segments(int count) {
    facts_.segments.clear();
    times_.clear();
    for (int i = 0; i < count; ++i) {
      facts_.segments.push_back({base::Offset(i * 100), i + 1 == count ? 500U : 1000U});
      times_.push_back({base::Timestamp(i * 1000)});
    }
    facts_.log_end_offset = facts_.high_watermark = base::Offset(count * 100 - 50);
  }

  Decision decide(bool may_delete_by_time = true) {
    asked_ = 0;
    auto decision = retention::decide(facts_, config_, base::Timestamp(now_), may_delete_by_time,
                                      [this](std::size_t index) -> base::Result<SegmentTime> {
                                        EXPECT_EQ(index, first_asked_ + asked_)
                                            << "oldest first, each once";
                                        ++asked_;
                                        return times_[index];
                                      });
    EXPECT_TRUE(decision);
    return decision.value_or(Decision{});
  }
  std::string why(const Decision& decision, std::size_t index) {
    return describe(decision.deletions.at(index), facts_, config_, base::Timestamp(now_));
  }

  LogFacts facts_;
  LogConfig config_;
  std::vector<SegmentTime> times_;
  std::int64_t now_ = kNow;
  std::size_t first_asked_ = 0;
  std::size_t asked_ = 0;
};

TEST_F(RetentionTest, NothingGoesWithoutALimit) {
  EXPECT_THAT(decide().deletions, IsEmpty());
  EXPECT_EQ(asked_, 0U) << "no file is looked at";
}

TEST_F(RetentionTest, WhatLiesWhollyBelowTheLogStartGoes) {
  facts_.log_start_offset = base::Offset(199);
  EXPECT_EQ(decide().count(), 1U);
  facts_.log_start_offset = base::Offset(200);
  config_.cleanup_delete = false;
  const Decision decision = decide();
  EXPECT_EQ(decision.count(), 2U) << "whatever the policy";
  EXPECT_EQ(why(decision, 0),
            "segments 0, 100 (2000 bytes) are deleted: below the log start offset 200");
  facts_.log_start_offset = facts_.log_end_offset;
  EXPECT_EQ(decide().count(), 3U) << "the last one is written to";
}

TEST_F(RetentionTest, SegmentsOverTheSizeGoWhileTheRestIsAtLeastTheLimit) {
  const auto count_at = [this](std::int64_t limit) {
    config_.retention_bytes = limit;
    return decide().count();
  };
  EXPECT_EQ(count_at(3501), 0U);
  EXPECT_EQ(count_at(2501), 0U);
  EXPECT_EQ(count_at(2500), 1U);
  EXPECT_EQ(count_at(1), 3U) << "499 would be left";
  EXPECT_EQ(count_at(500), 3U);
  EXPECT_EQ(count_at(0), 4U);
  EXPECT_EQ(count_at(-1), 0U);
  config_.retention_bytes = 2500;
  EXPECT_EQ(why(decide(), 0),
            "segment 0 (1000 bytes) is deleted: the log has 3500 bytes, retention.bytes is 2500");
}

TEST_F(RetentionTest, SizeCountsWhatTheLogStartLeft) {
  config_.retention_bytes = 1500;
  facts_.log_start_offset = base::Offset(100);
  const Decision decision = decide();
  ASSERT_EQ(decision.deletions.size(), 2U);
  EXPECT_EQ(decision.deletions[1].first, 1U);
  EXPECT_EQ(decision.deletions[1].log_bytes, 2500U);
  EXPECT_EQ(decision.count(), 2U);
}

TEST_F(RetentionTest, SegmentsPastTheTimeGoUpToTheFirstThatIsNot) {
  config_.retention_ms = kNow - 1000;
  EXPECT_EQ(decide().count(), 1U) << "just as old as retention.ms is not past it";
  EXPECT_EQ(asked_, 2U);
  now_ = kNow + 1;
  EXPECT_EQ(decide().count(), 2U);
  times_[0].timestamp = base::Timestamp(now_);
  EXPECT_EQ(decide().count(), 0U) << "the old ones behind it stay";
}

TEST_F(RetentionTest, AllOfTheLogGoesWhereTheNewestRecordIsPast) {
  config_.retention_ms = 1000;
  const Decision decision = decide();
  EXPECT_EQ(decision.count(), 4U);
  EXPECT_EQ(why(decision, 0),
            "segments 0, 100, 200, 300 (3500 bytes) are deleted: the newest record is of 997000 ms "
            "ago, retention.ms is 1000");
}

TEST_F(RetentionTest, AnEmptyLastSegmentStays) {
  config_.retention_ms = 1000;
  config_.retention_bytes = 0;
  facts_.segments.back().size_bytes = 0;
  EXPECT_EQ(decide().count(), 3U);
  set_segments(1);
  facts_.segments.back().size_bytes = 0;
  EXPECT_THAT(decide().deletions, IsEmpty());
}

TEST_F(RetentionTest, WhatReachesTheHighWatermarkStays) {
  config_.retention_ms = 1000;
  config_.retention_bytes = 0;
  facts_.log_start_offset = base::Offset(150);
  facts_.high_watermark = base::Offset(199);
  EXPECT_EQ(decide().count(), 1U);
  facts_.high_watermark = base::Offset(200);
  EXPECT_EQ(decide().count(), 2U);
  facts_.high_watermark = base::Offset(99);
  EXPECT_THAT(decide().deletions, IsEmpty());
}

TEST_F(RetentionTest, AClockThatIsNotBelievedDeletesNothingByTime) {
  config_.retention_ms = 1000;
  config_.retention_bytes = 2500;
  EXPECT_EQ(decide(false).count(), 1U) << "by size it does";
  EXPECT_EQ(asked_, 0U);
}

TEST_F(RetentionTest, ARecordOfTheFutureHoldsItsSegment) {
  config_.retention_ms = 1000;
  times_[1].timestamp = base::Timestamp(kNow + 1);
  const Decision decision = decide();
  EXPECT_EQ(decision.count(), 1U);
  EXPECT_EQ(decision.held_by_future, 1U);
}

TEST_F(RetentionTest, ThePolicySaysWhetherSizeAndTimeCount) {
  config_.retention_ms = 1000;
  config_.retention_bytes = 0;
  config_.cleanup_delete = false;
  EXPECT_THAT(decide().deletions, IsEmpty()) << "none";
  config_.cleanup_compact = true;
  EXPECT_THAT(decide().deletions, IsEmpty()) << "compact";
  config_.cleanup_delete = true;
  EXPECT_EQ(decide().count(), 4U) << "compact,delete";
}

TEST_F(RetentionTest, TheFilesTimeCountsWhereRecordsHaveNone) {
  config_.retention_ms = 1000;
  set_segments(1);
  times_[0].is_of_file = true;
  EXPECT_THAT(why(decide(), 0), HasSubstr("no record has a time, the file was written 1000000 ms"));
}

TEST_F(RetentionTest, ManySegmentsAreNotAllNamed) {
  set_segments(13);
  config_.retention_ms = 1000;
  EXPECT_THAT(why(decide(), 0), HasSubstr(" 800, 900 and 3 more (12500 bytes) are deleted"));
}

TEST_F(RetentionTest, AnErrorOfTheDiskIsPassedOn) {
  config_.retention_ms = 1000;
  const auto decision = retention::decide(
      facts_, config_, base::Timestamp(kNow), true,
      [](std::size_t) { return base::fail(base::ErrorCode::kKafkaStorageError, "gone"); });
  EXPECT_FALSE(decision);
}

}  // namespace
}  // namespace odradek::log::retention
