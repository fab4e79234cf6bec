// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>

#include "log/log_test_fixture.h"

// When a log asks for its flush, and what may be acknowledged before it.
namespace odradek::log {
namespace {

using base::Offset;
using std::chrono::milliseconds;

class PartitionLogFlushTest : public testing::LogFixture {
 protected:
  bool is_asked_at_once() const { return !directory_->wants_flush.empty(); }
  bool is_asked_in_background() const { return !directory_->flushes_within.empty(); }
};

TEST_F(PartitionLogFlushTest, CountsAsFlushedOnlyWhatWasWrittenWhenTheFlushBegan) {
  auto log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->prepare_flush());
  append(*log, batch(2, 1000));
  const std::uint64_t both = directory_->unflushed;
  ASSERT_TRUE(log->finish_flush(true));
  EXPECT_EQ(log->flushed_end_offset(), Offset(2));
  EXPECT_EQ(directory_->unflushed, both / 2);
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(log->flushed_end_offset(), Offset(4));
  EXPECT_EQ(directory_->unflushed, 0U);
  EXPECT_EQ(directory_->flushes, 1) << "a sync of the file system is the group's";
}

TEST_F(PartitionLogFlushTest, WithoutWriteCachingEachWriteIsFlushedAtOnce) {
  auto log = open();
  append(*log, batch(2, 1000));
  EXPECT_TRUE(is_asked_at_once());
  EXPECT_FALSE(is_asked_in_background());
  EXPECT_EQ(log->answerable_end_offset(), Offset(2)) << "acks=1 does not wait for it";
  EXPECT_EQ(log->safe_end_offset(), Offset(0)) << "acks=all does";
  directory_->run_group(true);
  EXPECT_EQ(log->safe_end_offset(), Offset(2));
}

TEST_F(PartitionLogFlushTest, WithWriteCachingTheFlushIsABackgroundOne) {
  config_.write_caching = true;
  auto log = open();
  append(*log, batch(2, 1000));
  EXPECT_FALSE(is_asked_at_once());
  EXPECT_TRUE(is_asked_in_background());
  EXPECT_EQ(log->safe_end_offset(), Offset(2));
  EXPECT_EQ(log->flushed_end_offset(), Offset(0));
}

TEST_F(PartitionLogFlushTest, WhatFollowsAFlushIsAskedForAgain) {
  config_.write_caching = true;
  auto log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->prepare_flush());
  directory_->flushes_within.clear();
  append(*log, batch(2, 1000));
  EXPECT_TRUE(is_asked_in_background());
  ASSERT_TRUE(log->finish_flush(true));
  directory_->flushes_within.clear();
  ASSERT_TRUE(log->flush());
  EXPECT_FALSE(is_asked_in_background()) << "all of it is flushed";
}

TEST_F(PartitionLogFlushTest, ACutLowersTheRecoveryPointAndNeverRaisesIt) {
  auto log = open();
  for (int i = 0; i < 4; ++i) append(*log, batch(2, 1000));
  ASSERT_TRUE(log->prepare_background_flush());
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(directory_->recovery_point(name_), Offset(8));
  ASSERT_TRUE(log->truncate_to(Offset(6)));
  EXPECT_EQ(directory_->recovery_point(name_), Offset(6));
  directory_->recovery_points[name_] = Offset(2);  // what was flushed since lacks its epochs
  ASSERT_TRUE(log->truncate_to(Offset(4)));
  EXPECT_EQ(directory_->recovery_point(name_), Offset(2));
}

TEST_F(PartitionLogFlushTest, FlushMsIsTheTimeOfTheBackgroundFlush) {
  config_.write_caching = true;
  config_.flush_ms = 250;
  auto log = open();
  append(*log, batch(2, 1000));
  EXPECT_EQ(directory_->flushes_within.at(log.get()), milliseconds(250));
}

TEST_F(PartitionLogFlushTest, NothingIsAnsweredBeyondFlushMessages) {
  for (const bool write_caching : {true, false}) {
    config_.write_caching = write_caching;
    config_.flush_messages = 5;
    auto log = open();
    const Offset start = log->log_end_offset();
    append(*log, batch(4, 1000));
    EXPECT_EQ(log->answerable_end_offset(), start + 4);
    EXPECT_EQ(is_asked_at_once(), !write_caching);
    append(*log, batch(1, 1000));
    EXPECT_TRUE(is_asked_at_once());
    append(*log, batch(1, 1000));
    EXPECT_EQ(log->written_end_offset(), start + 6);
    EXPECT_EQ(log->answerable_end_offset(), start + 4);
    directory_->run_group(false);
    EXPECT_EQ(log->answerable_end_offset(), start + 6);
    EXPECT_EQ(log->safe_end_offset(), start + 6);
  }
}

TEST_F(PartitionLogFlushTest, NothingIsAnsweredBeyondTheDirectorysBound) {
  config_.write_caching = true;
  directory_->max_unflushed = 1000;
  auto log = open();
  append(*log, batch(1, 1000, 100));
  EXPECT_EQ(log->safe_end_offset(), Offset(1));
  append(*log, batch(1, 1000, 1000));
  EXPECT_EQ(log->safe_end_offset(), Offset(1));
  EXPECT_TRUE(is_asked_at_once());
  directory_->run_group(true);
  EXPECT_EQ(log->safe_end_offset(), Offset(2));
}

TEST_F(PartitionLogFlushTest, AChangedConfigurationCountsForWhatIsUnflushed) {
  config_.write_caching = true;
  auto log = open();
  append(*log, batch(2, 1000));
  EXPECT_FALSE(is_asked_at_once());
  LogConfig other = config_;
  other.retention_ms = 5;
  log->set_config(other);
  EXPECT_FALSE(is_asked_at_once());
  other.write_caching = false;
  log->set_config(other);
  EXPECT_TRUE(is_asked_at_once());
  EXPECT_EQ(log->safe_end_offset(), Offset(0));
  directory_->run_group(false);
  EXPECT_EQ(log->safe_end_offset(), Offset(2));
}

TEST_F(PartitionLogFlushTest, WhatIsGoneIsNotUnflushed) {
  config_.write_caching = true;
  auto log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->truncate_to(Offset(0)));
  EXPECT_EQ(directory_->unflushed, 0U);
  append(*log, batch(2, 1000));
  EXPECT_GT(directory_->unflushed, 0U);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(directory_->unflushed, 0U);
  log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->remove());
  EXPECT_EQ(directory_->unflushed, 0U);
}

TEST_F(PartitionLogFlushTest, WhatATruncationLeavesIsFlushedAgain) {
  auto log = open();
  append(*log, batch(2, 1000));
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->prepare_flush());
  directory_->wants_flush.clear();
  ASSERT_TRUE(log->truncate_to(Offset(2)));
  ASSERT_TRUE(log->finish_flush(true));
  EXPECT_EQ(log->flushed_end_offset(), Offset(0)) << "of what that flushed, some is cut";
  EXPECT_TRUE(is_asked_at_once());
  directory_->run_group(false);
  EXPECT_EQ(log->flushed_end_offset(), Offset(2));
  EXPECT_EQ(directory_->unflushed, 0U);
}

TEST_F(PartitionLogFlushTest, AGroupThatIsGivenUpBetweenItsHalvesLeavesNobodyWaiting) {
  auto log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->prepare_flush());
  log->on_directory_failure({base::ErrorCode::kKafkaStorageError, "broken", EIO});
  EXPECT_FALSE(log->flush()) << "and does not hang";
  EXPECT_EQ(log->flushed_end_offset(), Offset(0));
}

}  // namespace
}  // namespace odradek::log
