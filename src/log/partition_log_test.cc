// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "log/log_test_fixture.h"

namespace odradek::log {
namespace {

using base::Offset;
using base::Timestamp;
using testing::CountingListener;

class PartitionLogTest : public testing::LogFixture {};

TEST_F(PartitionLogTest, AppendsReadsAndReopens) {
  CountingListener listener;
  {
    auto log = open();
    log->set_listener(&listener);
    EXPECT_EQ(append(*log, batch(3, 1000)).first_offset, Offset(0));
    const AppendInfo info = append(*log, batch(2, 2000));
    EXPECT_EQ(info.first_offset, Offset(3));
    EXPECT_EQ(info.last_offset, Offset(4));
    EXPECT_EQ(log->log_end_offset(), Offset(5));
    EXPECT_EQ(log->written_end_offset(), Offset(5));
    EXPECT_EQ(log->flushed_end_offset(), Offset(0));
    EXPECT_EQ(listener.progress, 2);
    directory_->run_group(false);
    EXPECT_EQ(log->flushed_end_offset(), Offset(5));
    ASSERT_TRUE(log->prepare_background_flush());
    ASSERT_TRUE(log->flush());
    EXPECT_EQ(directory_->recovery_points[name_], Offset(5));
    EXPECT_EQ(read(*log, 0, 5), (std::vector<std::int64_t>{0, 3}));
    EXPECT_EQ(read(*log, 4, 5), (std::vector<std::int64_t>{3}));
    EXPECT_EQ(read(*log, 1, 3), (std::vector<std::int64_t>{0}));
    EXPECT_EQ(read(*log, 5, 5), (std::vector<std::int64_t>{}));
    EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(3));
    log->set_listener(nullptr);
    ASSERT_TRUE(log->close());
  }
  for (const char* suffix : {"log", "index", "timeindex"}) {
    EXPECT_TRUE(std::filesystem::exists(file(std::string("00000000000000000000.") + suffix)));
  }
  auto log = open();
  EXPECT_EQ(log->log_end_offset(), Offset(5));
  EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(3));
  EXPECT_EQ(read(*log, 0, 5), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(append(*log, batch(1, 3000)).first_offset, Offset(5));
  EXPECT_EQ(read(*log, 3, 6), (std::vector<std::int64_t>{3, 5}));
}

TEST_F(PartitionLogTest, RefusesOffsetsOutOfRange) {
  auto log = open();
  append(*log, batch(3, 1000));
  auto beyond = log->read(Offset(4), Offset(4), 100, false);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, base::ErrorCode::kOffsetOutOfRange);
  ASSERT_TRUE(log->delete_records(Offset(2), Offset(3)));
  auto below = log->read(Offset(1), Offset(3), 100, false);
  ASSERT_FALSE(below);
  EXPECT_EQ(below.error().code, base::ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(log->delete_records(Offset(4), Offset(3)).error().code,
            base::ErrorCode::kOffsetOutOfRange);
}

TEST_F(PartitionLogTest, ReadsAcrossSegments) {
  config_.segment_bytes = 500;
  config_.index_interval_bytes = 100;
  auto log = open();
  for (int i = 0; i < 30; ++i) append(*log, batch(2, 1000 + i, 50));
  for (int pass = 0; pass < 2; ++pass) {
    for (std::int64_t offset = 0; offset < 60; ++offset) {
      EXPECT_EQ(read(*log, offset, 60, 1), (std::vector<std::int64_t>{offset / 2 * 2}));
      // Up to a boundary in the middle, of any age.
      if (offset % 2 == 0 && offset > 0) {
        EXPECT_EQ(read(*log, offset - 2, offset), (std::vector<std::int64_t>{offset - 2}));
      }
    }
    ASSERT_TRUE(log->close());
    log = open();
  }
}

TEST_F(PartitionLogTest, ReadsNoMoreThanAskedButOneBatchWhereAskedFor) {
  auto log = open();
  append(*log, batch(1, 1000, 100));
  append(*log, batch(1, 1000, 100));
  EXPECT_EQ(log->read(Offset(0), Offset(2), 10, false)->bytes.length, 10U);
  EXPECT_EQ(log->read(Offset(0), Offset(2), 0, false)->bytes.length, 0U);
  const std::uint64_t one = log->read(Offset(0), Offset(2), 10, true)->bytes.length;
  EXPECT_EQ(one, log->size_bytes() / 2);
  EXPECT_EQ(log->read(Offset(0), Offset(2), one + 5, true)->bytes.length, one + 5);
}

TEST_F(PartitionLogTest, FindsOffsetsByTime) {
  config_.segment_bytes = 600;
  config_.index_interval_bytes = 100;
  auto log = open();
  for (int i = 0; i < 20; ++i) append(*log, batch(3, 1000 + 10 * i, 50));
  EXPECT_EQ(log->offset_of_max_timestamp().value()->offset, Offset(59));
  const auto check = [&](Log& opened) {
    for (int i = 0; i < 20; ++i) {
      const auto found = opened.offset_for_timestamp(Timestamp(1000 + 10 * i + 1), Offset(60));
      ASSERT_TRUE(found && *found);
      EXPECT_EQ((*found)->offset, Offset(3 * i + 1));
      EXPECT_EQ((*found)->timestamp, Timestamp(1000 + 10 * i + 1));
      EXPECT_EQ((*found)->leader_epoch, base::LeaderEpoch(3));
      // Between two batches: the next one's first.
      const auto next = opened.offset_for_timestamp(Timestamp(1000 + 10 * i - 3), Offset(60));
      EXPECT_EQ((*next)->offset, Offset(3 * i));
    }
    EXPECT_EQ(opened.offset_for_timestamp(Timestamp(1193), Offset(60)).value(), std::nullopt);
    EXPECT_EQ(opened.offset_for_timestamp(Timestamp(1190), Offset(57)).value(), std::nullopt);
  };
  check(*log);
  ASSERT_TRUE(log->delete_records(Offset(10), Offset(60)));
  EXPECT_EQ(log->offset_for_timestamp(Timestamp(0), Offset(60)).value()->offset, Offset(10));
  append(*log, batch(1, 500, 10));
  EXPECT_EQ(log->offset_of_max_timestamp().value()->offset, Offset(59));
}

TEST_F(PartitionLogTest, StampsTheTimeOfAppending) {
  config_.timestamp_is_log_append_time = true;
  auto log = open();
  const AppendInfo info = append(*log, batch(2, 1000));
  EXPECT_GT(info.log_append_time, Timestamp(1'700'000'000'000));
  EXPECT_EQ(log->offset_of_max_timestamp().value()->timestamp, info.log_append_time);
  EXPECT_EQ(read(*log, 0, 2), (std::vector<std::int64_t>{0}));
}

TEST_F(PartitionLogTest, KnowsABatchThatComesTwice) {
  auto log = open();
  const record::BatchOptions options{.producer_id = base::ProducerId(5),
                                     .producer_epoch = base::ProducerEpoch(0),
                                     .base_sequence = 0};
  const std::int64_t now = 4'000'000'000'000;
  append(*log, batch(3, now, 10, options));
  const AppendInfo again = append(*log, batch(3, now, 10, options));
  EXPECT_TRUE(again.is_duplicate);
  EXPECT_EQ(again.first_offset, Offset(0));
  EXPECT_EQ(again.last_offset, Offset(2));
  EXPECT_EQ(log->log_end_offset(), Offset(3));
  auto gap = log->append(batch(1, now, 10,
                               {.producer_id = base::ProducerId(5),
                                .producer_epoch = base::ProducerEpoch(0),
                                .base_sequence = 9}),
                         base::LeaderEpoch(3), AppendOrigin::kClient);
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, base::ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(log->active_producers().size(), 1U);
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_TRUE(append(*log, batch(3, now, 10, options)).is_duplicate);
}

class TransactionLogTest : public testing::LogFixture {
 protected:
  record::BatchOptions producer(std::int64_t id, std::int32_t sequence) const {
    return {.producer_id = base::ProducerId(id),
            .producer_epoch = base::ProducerEpoch(0),
            .base_sequence = sequence,
            .is_transactional = true};
  }
  void end(Log& log, std::int64_t id, record::ControlRecordType type) {
    append(
        log,
        record::end_transaction_marker(producer(id, record::kNoSequence), Timestamp(now_), type, 1),
        AppendOrigin::kCoordinator);
  }
  static std::vector<std::int64_t> aborted(Log& log, std::int64_t from, std::int64_t until) {
    std::vector<std::int64_t> firsts;
    const auto found = log.aborted_transactions(Offset(from), Offset(until));
    for (const AbortedTransaction& one : found.value()) firsts.push_back(one.first_offset.value());
    return firsts;
  }
  // Three transactions over several segments: 0 and 6 aborted, one of producer 2 committed, and one
  // open.
  void write(Log& log) {
    append(log, batch(2, now_, 100, producer(1, 0)));
    append(log, batch(2, now_, 100, producer(2, 0)));
    end(log, 1, record::ControlRecordType::kAbort);
    end(log, 2, record::ControlRecordType::kCommit);
    append(log, batch(2, now_, 100, producer(1, 2)));
    end(log, 1, record::ControlRecordType::kAbort);
    append(log, batch(2, now_, 100, producer(2, 2)));
  }
  void check(Log& log) {
    EXPECT_EQ(aborted(log, 0, 11), (std::vector<std::int64_t>{0, 6}));
    EXPECT_EQ(aborted(log, 5, 11), (std::vector<std::int64_t>{6}));
    EXPECT_EQ(log.first_unstable_offset(log.log_end_offset()), Offset(9));
  }

  const std::int64_t now_ = 4'000'000'000'000;
};

TEST_F(TransactionLogTest, KeepsAbortedAndOpenTransactions) {
  config_.segment_bytes = 600;
  auto log = open();
  write(*log);
  check(*log);
  ASSERT_TRUE(log->close());
  log = open();
  check(*log);
}

TEST_F(TransactionLogTest, FindsThemAgainAfterAnUncleanStop) {
  for (const std::int64_t recovery_point : {0, 5, 7, 11}) {
    config_.segment_bytes = 600;
    auto log = open();
    write(*log);
    log->write_out();
    log.reset();
    directory_->recovery_points[name_] = Offset(recovery_point);
    log = open(false);
    check(*log);
    ASSERT_TRUE(log->close());
    log.reset();
    std::filesystem::remove_all(file(""));
    directory_->recovery_points.clear();
  }
}

TEST_F(TransactionLogTest, ForgetsEndsThatCannotBeLostAnyMore) {
  auto log = open();
  write(*log);
  EXPECT_EQ(log->first_unstable_offset(Offset(0)), Offset(0));
  directory_->high_watermarks[name_] = Offset(9);
  end(*log, 2, record::ControlRecordType::kCommit);
  EXPECT_EQ(log->first_unstable_offset(Offset(0)), Offset(9));
  ASSERT_TRUE(log->close());
  directory_->high_watermarks[name_] = Offset(12);
  directory_->recovery_points[name_] = Offset(0);
  log = open(false);
  EXPECT_EQ(log->first_unstable_offset(Offset(0)), std::nullopt);
}

TEST_F(TransactionLogTest, ForgetsTheOnesThatAreCutOff) {
  config_.segment_bytes = 600;
  auto log = open();
  write(*log);
  ASSERT_TRUE(log->truncate_to(Offset(6)));
  EXPECT_EQ(aborted(*log, 0, 6), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(log->first_unstable_offset(Offset(6)), std::nullopt);
  ASSERT_TRUE(log->truncate_to(Offset(3)));
  EXPECT_EQ(aborted(*log, 0, 3), (std::vector<std::int64_t>{}));
  EXPECT_EQ(log->first_unstable_offset(Offset(2)), Offset(0));
}

TEST_F(PartitionLogTest, TruncatesSegmentsIndexesAndEpochs) {
  config_.segment_bytes = 1000;
  config_.index_interval_bytes = 100;
  for (const std::int64_t cut : {59, 40, 33, 2, 0}) {
    auto log = open();
    for (int i = 0; i < 30; ++i) append(*log, batch(2, 1000 + 10 * i, 50));
    ASSERT_TRUE(log->prepare_background_flush());
    directory_->run_group(false);
    ASSERT_TRUE(log->truncate_to(Offset(cut)));
    // Whole batches stay only.
    EXPECT_EQ(log->log_end_offset(), Offset(cut));
    EXPECT_EQ(log->flushed_end_offset(), Offset(cut));
    EXPECT_EQ(directory_->recovery_points[name_], Offset(cut));
    EXPECT_EQ(append(*log, batch(2, 9000, 50)).first_offset, Offset(cut));
    EXPECT_EQ(read(*log, cut, cut + 2), (std::vector<std::int64_t>{cut}));
    for (std::int64_t offset = 0; offset + 2 < cut; offset += 2) {
      EXPECT_EQ(read(*log, offset, cut, 1), (std::vector<std::int64_t>{offset}));
    }
    const auto found = log->offset_for_timestamp(Timestamp(5000), Offset(cut + 2));
    EXPECT_EQ((*found)->offset, Offset(cut));
    EXPECT_EQ(log->end_offset_for_epoch(base::LeaderEpoch(3)).end_offset, Offset(cut + 2));
    ASSERT_TRUE(log->close());
    log = open();
    EXPECT_EQ(log->log_end_offset(), Offset(cut + 2));
    ASSERT_TRUE(log->remove());
    directory_->carry_out_removals();
    log.reset();
  }
}

TEST_F(PartitionLogTest, ATruncationToOrBeyondTheEndChangesNothing) {
  auto log = open();
  append(*log, batch(2, 1000));
  ASSERT_TRUE(log->truncate_to(Offset(2)));
  ASSERT_TRUE(log->truncate_to(Offset(9)));
  EXPECT_EQ(log->log_end_offset(), Offset(2));
}

TEST_F(PartitionLogTest, DeletesWholeSegmentsBelowItsStart) {
  config_.segment_bytes = 500;
  auto log = open();
  for (int i = 0; i < 20; ++i) append(*log, batch(2, 1000 + i, 50));
  const std::uint64_t before = log->size_bytes();
  ASSERT_TRUE(log->delete_records(Offset(21), Offset(40)));
  EXPECT_EQ(log->log_start_offset(), Offset(21));
  EXPECT_EQ(directory_->log_starts[name_], Offset(21));
  EXPECT_LT(log->size_bytes(), before);
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000000.log")));
  EXPECT_TRUE(std::filesystem::exists(file("00000000000000000000.log.deleted")));
  directory_->carry_out_removals();
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000000.log.deleted")));
  EXPECT_EQ(read(*log, 21, 40).front(), 20);
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_EQ(log->log_start_offset(), Offset(21));
  EXPECT_EQ(read(*log, 21, 40, 1), (std::vector<std::int64_t>{20}));
}

TEST_F(PartitionLogTest, RemovingRenamesTheDirectory) {
  auto log = open();
  append(*log, batch(2, 1000));
  const auto range = log->read(Offset(0), Offset(2), 1000, true)->bytes;
  ASSERT_TRUE(log->remove());
  EXPECT_FALSE(std::filesystem::exists(file("")));
  ASSERT_EQ(directory_->removals.size(), 1U);
  EXPECT_TRUE(directory_->removals.front().ends_with("-delete"));
  EXPECT_FALSE(log->append(batch(1, 1), base::LeaderEpoch(3), AppendOrigin::kClient));
  directory_->carry_out_removals();
  // Who is reading goes on.
  std::vector<std::uint8_t> bytes(range.length);
  EXPECT_EQ(std::dynamic_pointer_cast<env::File>(range.file)->read_at(0, bytes), range.length);
}

TEST_F(PartitionLogTest, KeepsALeadersOffsetsAndEpochs) {
  auto log = open();
  const auto replicated = [&](std::int64_t offset, std::int32_t epoch) {
    return log->append(
        batch(2, 1000, 10,
              {.base_offset = Offset(offset), .leader_epoch = base::LeaderEpoch(epoch)}),
        base::kNoLeaderEpoch, AppendOrigin::kReplication);
  };
  ASSERT_TRUE(replicated(10, 1));
  ASSERT_TRUE(replicated(12, 2));
  ASSERT_TRUE(replicated(20, 2));  // compaction left a gap
  EXPECT_EQ(replicated(15, 2).error().code, base::ErrorCode::kOffsetOutOfRange);
  // Further than a segment's index can say.
  ASSERT_TRUE(replicated(20 + (std::int64_t{1} << 31), 4));
  log->write_out();
  const std::int64_t far = 20 + (std::int64_t{1} << 31);
  EXPECT_TRUE(std::filesystem::exists(file("00000000002147483668.log")));
  EXPECT_EQ(log->leader_epoch_of(Offset(11)), base::LeaderEpoch(1));
  EXPECT_EQ(log->end_offset_for_epoch(base::LeaderEpoch(3)).end_offset, Offset(far));
  EXPECT_EQ(read(*log, 11, far + 2, 1), (std::vector<std::int64_t>{10}));
  EXPECT_EQ(read(*log, 15, far + 2, 1), (std::vector<std::int64_t>{20}));
  EXPECT_EQ(read(*log, 25, far + 2, 1), (std::vector<std::int64_t>{far}));
}

TEST_F(PartitionLogTest, RefusesWhatDoesNotFitIntoASegment) {
  config_.segment_bytes = 200;
  auto log = open();
  auto refused = log->append(batch(1, 1, 300), base::LeaderEpoch(0), AppendOrigin::kClient);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kRecordListTooLarge);
  EXPECT_NE(refused.error().message.find("segment.bytes"), std::string::npos);
  EXPECT_EQ(append(*log, batch(1, 1, 10)).first_offset, Offset(0));
}

TEST_F(PartitionLogTest, AFailedDirectoryTakesNoMoreAppendsAndTellsTheListener) {
  CountingListener listener;
  auto log = open();
  log->set_listener(&listener);
  append(*log, batch(2, 1000));
  log->on_directory_failure({base::ErrorCode::kKafkaStorageError, "broken", EIO});
  ASSERT_TRUE(listener.failure);
  EXPECT_EQ(listener.failure->message, "broken");
  auto refused = log->append(batch(1, 1), base::LeaderEpoch(3), AppendOrigin::kClient);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kKafkaStorageError);
  log->set_listener(nullptr);
}

TEST_F(PartitionLogTest, ClosingALogThatNobodyTouchedChangesNoFile) {
  {
    auto log = open();
    append(*log, batch(2, 1000));
    ASSERT_TRUE(log->close());
  }
  const auto written = std::filesystem::last_write_time(file("00000000000000000000.index"));
  auto log = open();
  ASSERT_TRUE(log->close());
  EXPECT_EQ(std::filesystem::last_write_time(file("00000000000000000000.index")), written);
}

}  // namespace
}  // namespace odradek::log
