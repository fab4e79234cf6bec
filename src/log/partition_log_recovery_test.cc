// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "log/log_test_fixture.h"

// What an unclean stop, a crash in the middle of something, or somebody's hand can leave in a
// partition's directory.
namespace odradek::log {
namespace {

using base::Offset;
using testing::LogFixture;

class RecoveryTest : public LogFixture {
 protected:
  RecoveryTest() { config_.index_interval_bytes = 200; }

  // Ten batches of two records, closed.
  void write_and_close() {
    auto log = open();
    for (int i = 0; i < 10; ++i) append(*log, batch(2, 1000 + 10 * i, 100));
    ASSERT_TRUE(log->close());
  }
  std::string content(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
  }
};

constexpr auto kLog = "00000000000000000000.log";
constexpr auto kIndex = "00000000000000000000.index";
constexpr auto kTimeIndex = "00000000000000000000.timeindex";

TEST_F(RecoveryTest, CutsATornTailAtTheLastWholeBatch) {
  write_and_close();
  const std::string whole = content(kLog);
  for (const std::size_t missing : {1U, 100U, 250U}) {
    put(kLog, whole.substr(0, whole.size() - missing));
    directory_->recovery_points[name_] = Offset(4);
    auto log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(18));
    EXPECT_EQ(log->flushed_end_offset(), Offset(18));
    EXPECT_EQ(read(*log, 16, 18), (std::vector<std::int64_t>{16}));
    EXPECT_EQ(append(*log, batch(1, 5000)).first_offset, Offset(18));
    log.reset();
    std::filesystem::remove(file("00000000000000000018.snapshot"));
  }
}

TEST_F(RecoveryTest, AnEmptiedLastSegmentAfterACleanStopIsDamage) {
  write_and_close();
  put(kLog, "");
  auto log = open(true);
  EXPECT_EQ(log->log_end_offset(), Offset(20)) << "its offsets are not given again";
  const auto lost = log->read(Offset(3), Offset(20), 1 << 20, true);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, base::ErrorCode::kCorruptMessage);
  EXPECT_EQ(append(*log, batch(1, 5000)).first_offset, Offset(20));
}

// A leader of epoch 5 wrote nothing; the next one's batches of epoch 3 came in its place, and the
// file of the epochs was not written again before the process ended.
TEST_F(RecoveryTest, TheEpochsOfWhatIsReadAgainComeFromTheBatches) {
  write_and_close();
  put("leader-epoch-checkpoint", "0\n2\n1 0\n5 6\n");
  directory_->recovery_points[name_] = Offset(6);
  auto log = open(false);
  EXPECT_EQ(log->leader_epoch_of(Offset(0)), base::LeaderEpoch(1)) << "not read again";
  EXPECT_EQ(log->leader_epoch_of(Offset(6)), base::LeaderEpoch(3));
  EXPECT_EQ(log->latest_leader_epoch(), base::LeaderEpoch(3));
}

TEST_F(RecoveryTest, CutsWhereABitIsWrong) {
  write_and_close();
  std::string bytes = content(kLog);
  bytes[bytes.size() - 20] ^= 1;
  put(kLog, bytes);
  directory_->recovery_points[name_] = Offset(0);
  EXPECT_EQ(open(false)->log_end_offset(), Offset(18));
}

TEST_F(RecoveryTest, DoesNotReadAgainWhatLiesBelowTheRecoveryPoint) {
  write_and_close();
  std::string bytes = content(kLog);
  bytes[bytes.size() - 20] ^= 1;
  put(kLog, bytes);
  directory_->recovery_points[name_] = Offset(20);
  EXPECT_EQ(open(false)->log_end_offset(), Offset(20));
}

TEST_F(RecoveryTest, NothingIsCutBelowTheRecoveryPoint) {
  write_and_close();
  const std::string whole = content(kLog);
  struct Case {
    std::string bytes;
    std::vector<std::int64_t> refused;
  };
  const std::size_t batch_bytes = whole.size() / 10;
  std::string without_middle = whole;
  std::fill_n(without_middle.begin() + static_cast<std::ptrdiff_t>(4 * batch_bytes), batch_bytes,
              '\0');
  const std::vector<Case> cases = {
      {without_middle, {8, 9}},
      {whole.substr(0, 8 * batch_bytes), {16, 17, 18, 19}},
      {whole.substr(0, 8 * batch_bytes + 100), {16, 17, 18, 19}},
      {whole.substr(0, 9 * batch_bytes) + std::string(300, 'x'), {18, 19}},
  };
  for (const Case& damaged : cases) {
    SCOPED_TRACE(damaged.bytes.size());
    put(kLog, damaged.bytes);
    directory_->recovery_points[name_] = Offset(20);
    auto log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(20));
    for (std::int64_t offset = 0; offset < 20; ++offset) {
      auto info = log->read(Offset(offset), Offset(20), 1, true);
      EXPECT_EQ(!info, std::ranges::count(damaged.refused, offset) == 1) << offset;
    }
    EXPECT_EQ(append(*log, batch(1, 9000)).first_offset, Offset(20));
    EXPECT_EQ(read(*log, 20, 21), (std::vector<std::int64_t>{20}));
    ASSERT_TRUE(log->close());
    log.reset();
    EXPECT_EQ(content(kLog).substr(0, damaged.bytes.size()), damaged.bytes);
    std::filesystem::remove(file("00000000000000000020.log"));
    std::filesystem::remove(file("00000000000000000021.snapshot"));
  }
}

TEST_F(RecoveryTest, WhatIsBehindAWholeSegmentTakesNoneOfTheNextWithIt) {
  config_.segment_bytes = 700;
  write_and_close();
  const std::string whole = content(kLog);
  put(kLog, whole + "garbage");
  directory_->recovery_points[name_] = Offset(0);
  std::filesystem::remove(file("00000000000000000020.snapshot"));
  auto log = open(false);
  EXPECT_EQ(log->log_end_offset(), Offset(20));
  EXPECT_EQ(content(kLog), whole);
}

TEST_F(RecoveryTest, NothingIsCutThatMayLieBelowARecoveryPointThatIsLost) {
  write_and_close();
  std::string bytes = content(kLog);
  bytes[bytes.size() / 2] ^= 1;
  put(kLog, bytes + "torn");
  std::filesystem::remove(file("00000000000000000020.snapshot"));
  auto log = Log::open(*directory_, {.name = name_,
                                     .topic_id = base::Uuid::from_random(1, 2),
                                     .config = config_,
                                     .was_clean = false,
                                     .is_recovery_point_lost = true});
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ((*log)->log_end_offset(), Offset(20));
  EXPECT_EQ(content(kLog), bytes);
  EXPECT_EQ(read(**log, 12, 20, 1), (std::vector<std::int64_t>{12}));
  EXPECT_FALSE((*log)->read(Offset(10), Offset(20), 1, true));
}

TEST_F(RecoveryTest, RebuildsIndexesThatAreMissingShortOrWrong) {
  write_and_close();
  const std::string index = content(kIndex);
  const std::string time_index = content(kTimeIndex);
  ASSERT_GE(index.size(), 24U);
  const std::vector<std::string> damages = {
      "",
      index.substr(0, 8),
      index.substr(0, 13),
      std::string(index.size(), '\0'),
      index.substr(0, 8) + std::string(8, '\0') + index.substr(16),
      index + std::string(4096, '\0'),
      index + "garbage!"};
  for (const std::string& damage : damages) {
    SCOPED_TRACE(damage.size());
    put(kIndex, damage);
    if (damage.empty()) std::filesystem::remove(file(kTimeIndex));
    directory_->recovery_points[name_] = Offset(0);
    auto log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(20));
    for (std::int64_t offset = 0; offset < 20; ++offset) {
      EXPECT_EQ(read(*log, offset, 20, 1), (std::vector<std::int64_t>{offset / 2 * 2}));
    }
    ASSERT_TRUE(log->close());
    EXPECT_EQ(content(kIndex), index);
    EXPECT_EQ(content(kTimeIndex), time_index);
  }
}

TEST_F(RecoveryTest, AShortEndIsIndexedInMemoryOnly) {
  write_and_close();
  const std::string index = content(kIndex);
  const std::string time_index = content(kTimeIndex);
  std::filesystem::remove(file(kIndex));
  std::filesystem::remove(file(kTimeIndex));
  std::filesystem::remove(file("00000000000000000020.snapshot"));
  for (int start = 0; start < 2; ++start) {
    directory_->recovery_points[name_] = Offset(0);
    auto log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(20));
    EXPECT_FALSE(std::filesystem::exists(file(kIndex)));
    EXPECT_EQ(read(*log, 15, 20, 1), (std::vector<std::int64_t>{14}));
    EXPECT_EQ(log->offset_for_timestamp(base::Timestamp(1070), Offset(20)).value()->offset,
              Offset(14));
  }
  auto log = open(false);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(content(kIndex), index);
  EXPECT_EQ(content(kTimeIndex), time_index);
}

TEST_F(RecoveryTest, ALongEndIsIndexedOnTheDisk) {
  auto log = open();
  for (int i = 0; i < 10; ++i) append(*log, batch(100, 1000 + 100 * i, 1000));
  ASSERT_TRUE(log->close());
  const std::string index = content(kIndex);
  std::filesystem::remove(file(kIndex));
  std::filesystem::remove(file(kTimeIndex));
  log = open(false);
  EXPECT_EQ(content(kIndex), index);
}

TEST_F(RecoveryTest, ProducersThatCameAfterTheSnapshotAreFound) {
  const std::int64_t now = world_.clock().wall().value();
  const auto of_producer = [now](std::int64_t id, std::int32_t sequence) {
    return batch(2, now, 10,
                 {.producer_id = base::ProducerId(id),
                  .producer_epoch = base::ProducerEpoch(0),
                  .base_sequence = sequence});
  };
  auto log = open();
  append(*log, batch(2, 1000));
  append(*log, of_producer(7, 0));
  ASSERT_TRUE(log->close());
  directory_->recovery_points[name_] = Offset(4);
  log = open();
  append(*log, batch(2, 1000));
  append(*log, of_producer(8, 0));
  append(*log, batch(2, 1000));
  log.reset();
  for (const bool has_snapshot : {true, false}) {
    if (!has_snapshot) std::filesystem::remove(file("00000000000000000004.snapshot"));
    log = open(false);
    EXPECT_EQ(log->log_end_offset(), Offset(10));
    EXPECT_EQ(log->active_producers().size(), 2U) << has_snapshot;
    EXPECT_TRUE(append(*log, of_producer(8, 0)).is_duplicate);
    EXPECT_TRUE(append(*log, of_producer(7, 0)).is_duplicate);
    log.reset();
  }
}

TEST_F(RecoveryTest, OpensIndexesAndSegmentsThatAreFilledUpWithZeros) {
  write_and_close();
  // As Apache Kafka leaves them: preallocated, and a file longer than its batches.
  put(kIndex, content(kIndex) + std::string(10485760 - content(kIndex).size(), '\0'));
  put(kTimeIndex, content(kTimeIndex) + std::string(10485756 - content(kTimeIndex).size(), '\0'));
  put(kLog, content(kLog) + std::string(5000, '\0'));
  directory_->recovery_points[name_] = Offset(20);
  auto log = open(false);
  EXPECT_EQ(log->log_end_offset(), Offset(20));
  EXPECT_EQ(read(*log, 7, 20, 1), (std::vector<std::int64_t>{6}));
  ASSERT_TRUE(log->close());
  EXPECT_LT(content(kIndex).size(), 100U);
}

TEST_F(RecoveryTest, ACleanLogWithoutCheckpointsOrSnapshotFindsItsEnd) {
  write_and_close();
  std::filesystem::remove(file("00000000000000000020.snapshot"));
  directory_->recovery_points.clear();
  EXPECT_EQ(open(true)->log_end_offset(), Offset(20));
}

TEST_F(RecoveryTest, FinishesWhatACrashInterrupted) {
  write_and_close();
  const std::string whole = content(kLog);
  put("00000000000000000040.log.deleted", "x");
  put("00000000000000000000.index.cleaned", "x");
  put("00000000000000000008.log.swap", whole);
  put("00000000000000000099.index", "an index without its segment");
  put("somebody's file", "x");
  put("00000000000000000001.checkpoint", "x");
  auto log = open();
  EXPECT_EQ(log->log_end_offset(), Offset(20));
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000040.log.deleted")));
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000000.index.cleaned")));
  // It came after an unfinished one.
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000008.log.swap")));
  EXPECT_FALSE(std::filesystem::exists(file("00000000000000000099.index")));
  EXPECT_TRUE(std::filesystem::exists(file("somebody's file")));
  EXPECT_TRUE(std::filesystem::exists(file("00000000000000000001.checkpoint")));
}

TEST_F(RecoveryTest, ACompactedSegmentTakesThePlaceOfItsOriginals) {
  config_.segment_bytes = 700;
  write_and_close();
  // One segment in place of the first three: here with all of their batches.
  std::string merged;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(file(""))) {
    if (entry.path().extension() == ".log") names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  ASSERT_GT(names.size(), 3U);
  for (int i = 0; i < 3; ++i) merged += content(names[i]);
  put("00000000000000000000.log.swap", merged);
  put("00000000000000000000.index.swap", "");
  put("00000000000000000000.timeindex.swap", "");
  auto log = open();
  EXPECT_EQ(content(kLog), merged);
  EXPECT_FALSE(std::filesystem::exists(file(names[1])));
  EXPECT_FALSE(std::filesystem::exists(file(names[2])));
  EXPECT_EQ(read(*log, 0, 20).front(), 0);
  EXPECT_EQ(read(*log, 5, 20, 1), (std::vector<std::int64_t>{4}));
}

TEST_F(RecoveryTest, ASegmentThatIsCutOffTakesItsAbortedTransactionsWithIt) {
  config_.segment_bytes = 700;
  auto log = open();
  append(*log, batch(2, 1000, 300));
  const record::BatchOptions transactional{.producer_id = base::ProducerId(7),
                                           .producer_epoch = base::ProducerEpoch(0),
                                           .base_sequence = 0,
                                           .is_transactional = true};
  append(*log, batch(2, 2000, 300, transactional));
  append(*log,
         record::end_transaction_marker(transactional, base::Timestamp(2100),
                                        record::ControlRecordType::kAbort, 1),
         AppendOrigin::kCoordinator);
  ASSERT_TRUE(log->close());
  log.reset();
  ASSERT_TRUE(std::filesystem::exists(file("00000000000000000004.txnindex")));
  const std::string first = content(kLog);
  put(kLog, first.substr(0, first.size() - 10));
  directory_->recovery_points[name_] = Offset(0);
  log = open(false);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->log_end_offset(), Offset(0));
  EXPECT_TRUE(log->aborted_transactions(Offset(0), Offset(10)).value().empty());
}

TEST_F(RecoveryTest, ReadsEpochsAgainWhereTheirFileIsSpoilt) {
  write_and_close();
  for (const std::string& damage : {std::string(), std::string(7, '\0'), std::string("0\n9\n")}) {
    put("leader-epoch-checkpoint", damage);
    directory_->recovery_points[name_] = Offset(20);
    auto log = open(false);
    EXPECT_EQ(log->leader_epoch_of(Offset(3)), base::LeaderEpoch(3));
    ASSERT_TRUE(log->close());
  }
  EXPECT_EQ(content("leader-epoch-checkpoint"), "0\n1\n3 0\n");
}

TEST_F(RecoveryTest, BeginsAgainWhereTheLogStartLiesBeyondItsEnd) {
  write_and_close();
  directory_->log_starts[name_] = Offset(50);
  auto log = open();
  EXPECT_EQ(log->log_start_offset(), Offset(50));
  EXPECT_EQ(append(*log, batch(1, 1)).first_offset, Offset(50));
}

TEST_F(RecoveryTest, IsIndependentOfAnIndexBeyondTheRecoveryPoint) {
  write_and_close();
  const std::string whole = content(kLog);
  // Entries of the index got to the disk, the batches did not.
  put(kLog, whole.substr(0, whole.size() / 2));
  directory_->recovery_points[name_] = Offset(2);
  auto log = open(false);
  EXPECT_EQ(log->log_end_offset(), Offset(10));
  EXPECT_EQ(read(*log, 9, 10, 1), (std::vector<std::int64_t>{8}));
  for (int i = 0; i < 5; ++i) append(*log, batch(2, 5000 + 10 * i, 100));
  for (std::int64_t offset = 0; offset < 20; ++offset) {
    EXPECT_EQ(read(*log, offset, 20, 1), (std::vector<std::int64_t>{offset / 2 * 2}));
  }
}

}  // namespace
}  // namespace odradek::log
