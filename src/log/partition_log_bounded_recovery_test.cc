// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "log/log_test_fixture.h"

// What is kept on the disk while a log is written, so that a start after a crash reads little.
namespace odradek::log {
namespace {

using base::Offset;

class BoundedRecoveryTest : public testing::LogFixture {
 protected:
  void append_in_epoch(Log& log, std::int32_t epoch) {
    ASSERT_TRUE(log.append(batch(1, 1000), base::LeaderEpoch(epoch), AppendOrigin::kClient));
    log.write_out();
    while (log.written_end_offset() < log.log_end_offset()) std::this_thread::yield();
  }

  // Of one producer, some 600 KiB, flushed.
  void append_much(Log& log) {
    append(log, batch(600, 1000 + sequence_, 1000,
                      {.producer_id = base::ProducerId(7),
                       .producer_epoch = base::ProducerEpoch(0),
                       .base_sequence = sequence_}));
    sequence_ += 600;
    flush_as_in_a_group(log);
  }

  void flush_as_in_a_group(Log& log) {
    ASSERT_TRUE(log.prepare_flush());
    ASSERT_TRUE(world_.disk().sync_file_system(root_));
    ASSERT_TRUE(log.finish_flush(true));
  }

  std::string epochs() { return world_.disk().read_file(file("leader-epoch-checkpoint")).value(); }

  std::vector<std::string> snapshots() {
    std::vector<std::string> found;
    const auto entries = world_.disk().list(directory_->path() + "/t-0");
    EXPECT_TRUE(entries);
    for (std::size_t i = 0; entries && i < entries->size(); ++i) {
      if ((*entries)[i].name.ends_with(".snapshot")) found.push_back((*entries)[i].name);
    }
    return found;
  }

  Offset recovery_point() const { return directory_->recovery_point(name_); }

  std::int32_t sequence_ = 0;
};

TEST_F(BoundedRecoveryTest, ANewEpochNeedsNoSyncOfItsOwnAndHoldsTheRecoveryPoint) {
  auto log = open();
  append_in_epoch(*log, 1);
  ASSERT_TRUE(log->prepare_background_flush());
  flush_as_in_a_group(*log);
  EXPECT_EQ(epochs(), "0\n1\n1 0\n");
  EXPECT_EQ(recovery_point(), Offset(1));
  append_in_epoch(*log, 2);
  ASSERT_TRUE(log->prepare_background_flush());
  ASSERT_TRUE(log->prepare_flush());
  EXPECT_EQ(epochs(), "0\n1\n1 0\n") << "what is there is not replaced by what is not flushed";
  ASSERT_TRUE(world_.disk().sync_file_system(root_));
  ASSERT_TRUE(log->finish_flush(true));
  EXPECT_EQ(epochs(), "0\n2\n1 0\n2 1\n");
  EXPECT_EQ(log->flushed_end_offset(), Offset(2));
  EXPECT_EQ(recovery_point(), Offset(1)) << "the new name is not durable yet";
  append_in_epoch(*log, 2);
  flush_as_in_a_group(*log);
  EXPECT_EQ(recovery_point(), Offset(3));
}

TEST_F(BoundedRecoveryTest, SmallRecordsDoNotWaitForTheFileOfANewEpoch) {
  for (const bool is_synced : {true, false}) {
    auto log = open();
    const Offset start = log->log_end_offset();
    append_in_epoch(*log, is_synced ? 1 : 2);
    const std::string before = is_synced ? "" : epochs();
    if (is_synced) flush_as_in_a_group(*log);
    ASSERT_TRUE(is_synced || log->flush());
    EXPECT_EQ(log->flushed_end_offset(), start + 1);
    EXPECT_EQ(recovery_point(), start) << "a start reads the epoch from the batches";
    EXPECT_EQ(world_.disk().exists(file("leader-epoch-checkpoint")), !is_synced);
    EXPECT_TRUE(is_synced || epochs() == before);
    // The background's turn: nothing was written since.
    EXPECT_TRUE(directory_->background_flushes.contains(log.get()));
    ASSERT_TRUE(log->prepare_background_flush());
    directory_->background_flushes.clear();
    flush_as_in_a_group(*log);
    EXPECT_EQ(epochs(), is_synced ? "0\n1\n1 0\n" : "0\n2\n1 0\n2 1\n");
    if (!is_synced) {
      EXPECT_EQ(recovery_point(), start) << "the new name is the next sync's";
      EXPECT_TRUE(directory_->background_flushes.contains(log.get()));
      directory_->background_flushes.clear();
      ASSERT_TRUE(log->prepare_background_flush());
      flush_as_in_a_group(*log);
    }
    EXPECT_EQ(recovery_point(), start + 1);
    EXPECT_TRUE(directory_->background_flushes.empty());
    ASSERT_TRUE(log->close());
  }
}

TEST_F(BoundedRecoveryTest, ManyBytesAreNotReadAgainForANewEpoch) {
  auto log = open();
  append(*log, batch(1, 1000, 40000));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(recovery_point(), Offset(0));
  append(*log, batch(1, 1000, 40000));
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(epochs(), "0\n1\n3 0\n");
  EXPECT_EQ(recovery_point(), Offset(2));
}

TEST_F(BoundedRecoveryTest, AFlushOfItsOwnMakesTheNewEpochDurable) {
  auto log = open();
  append_in_epoch(*log, 1);
  ASSERT_TRUE(log->prepare_background_flush());
  ASSERT_TRUE(log->flush());
  append_in_epoch(*log, 2);
  ASSERT_TRUE(log->prepare_background_flush());
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(epochs(), "0\n2\n1 0\n2 1\n");
  EXPECT_EQ(recovery_point(), Offset(2));
}

TEST_F(BoundedRecoveryTest, AnEpochWithoutBatchesIsNotedAtTheStop) {
  for (const int epoch : {4, 5}) {
    auto log = open();
    log->begin_leader_epoch(base::LeaderEpoch(epoch));
    EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(epoch));
    ASSERT_TRUE(log->close());
    EXPECT_EQ(epochs(), "0\n1\n" + std::to_string(epoch) + " 0\n");
  }
  auto log = open();
  log->begin_leader_epoch(base::LeaderEpoch(6));
  append_in_epoch(*log, 6);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(epochs(), "0\n1\n6 0\n");
}

TEST_F(BoundedRecoveryTest, KeepsTheProducersAsTheLogGrows) {
  auto log = open();
  append_much(*log);
  EXPECT_TRUE(snapshots().empty());
  append_much(*log);
  EXPECT_EQ(snapshots().size(), 1U);
  for (int i = 0; i < 8; ++i) append_much(*log);
  EXPECT_EQ(snapshots(), (std::vector<std::string>{"00000000000000004800.snapshot",
                                                   "00000000000000006000.snapshot"}));
  ASSERT_TRUE(log->close());
  EXPECT_EQ(snapshots(), std::vector<std::string>{"00000000000000006000.snapshot"});
}

// A disk without room takes what is queued back: a start that found a snapshot with it would take
// its producer's next attempt for a duplicate.
TEST_F(BoundedRecoveryTest, NoSnapshotSaysWhatIsNotFlushed) {
  auto log = open();
  append_much(*log);
  append(*log, batch(1, 1000, 600'000));
  ASSERT_TRUE(log->append(batch(1, 1000, 10,
                                {.producer_id = base::ProducerId(8),
                                 .producer_epoch = base::ProducerEpoch(0),
                                 .base_sequence = 0}),
                          base::LeaderEpoch(3), AppendOrigin::kClient));
  flush_as_in_a_group(*log);
  EXPECT_EQ(log->flushed_end_offset(), Offset(601));
  EXPECT_TRUE(snapshots().empty()) << "602 is not written";
  ASSERT_TRUE(log->flush());
  EXPECT_EQ(snapshots(), std::vector<std::string>{"00000000000000000602.snapshot"});
}

// The log's beginning is spoilt: whoever read it would fail.
TEST_F(BoundedRecoveryTest, AStartAfterACrashReadsTheProducersFromTheLastSnapshotOn) {
  auto log = open();
  for (int i = 0; i < 9; ++i) append_much(*log);
  log.reset();
  auto bytes = world_.disk().open(file("00000000000000000000.log"), env::OpenMode::kReadWrite);
  ASSERT_TRUE(bytes);
  const std::vector<std::uint8_t> zeros(1000, 0);
  ASSERT_TRUE((*bytes)->write_at(0, zeros));
  directory_->recovery_points[name_] = Offset(5000);  // the last checkpoint's
  log = open(false);
  EXPECT_EQ(log->log_end_offset(), Offset(5400));
  const auto producers = log->active_producers();
  ASSERT_EQ(producers.size(), 1U);
  EXPECT_EQ(producers.front().last_sequence, 5399);
  const auto kept = snapshots();
  EXPECT_EQ(kept, std::vector<std::string>{"00000000000000004800.snapshot"});
}

TEST_F(BoundedRecoveryTest, ManyBytesAtOnceHaveTheirIndexEntriesWritten) {
  auto log = open();
  for (int i = 0; i < 3; ++i) append_much(*log);
  const auto size = world_.disk().file_size(file("00000000000000000000.index"));
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, 16U);
}

}  // namespace
}  // namespace odradek::log
