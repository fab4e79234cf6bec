// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "log/log_test_fixture.h"

namespace odradek::log {
namespace {

using base::Offset;
using base::Timestamp;

constexpr std::int64_t kHourMs = 3600000;

// Segments of two batches of one record each: offsets 0 and 1, 2 and 3 … A record's time is its
// offset in hours after `start_ms_`.
class PartitionLogRetentionTest : public testing::LogFixture {
 protected:
  PartitionLogRetentionTest() {
    config_.segment_bytes = 400;
    config_.segment_ms = 1000 * kHourMs;
    config_.retention_ms = 10 * kHourMs;
  }

  void append_until(Log& log, std::int64_t end) {
    for (std::int64_t i = log.log_end_offset().value(); i < end; ++i) {
      append(log, batch(1, start_ms_ + i * kHourMs, 100));
    }
    directory_->run_group(false);
    directory_->set_high_watermark(name_, Offset(end));
  }
  // The check `hours` after the record of offset 0.
  std::size_t check(Log& log, std::int64_t hours, bool may_delete_by_time = true) {
    auto deleted = log.delete_old_segments({.now = Timestamp(start_ms_ + hours * kHourMs + 1),
                                            .may_delete_by_time = may_delete_by_time});
    EXPECT_TRUE(deleted) << deleted.error().message;
    return deleted.value_or(999);
  }
  // What the partition's directory holds, by the end of the names.
  std::vector<std::string> files(const std::string& suffix) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_ + "/data/t-0")) {
      const std::string name = entry.path().filename();
      if (name.ends_with(suffix)) names.push_back(std::to_string(std::stoll(name)));
    }
    std::ranges::sort(names, {}, [](const std::string& name) { return std::stoll(name); });
    return names;
  }
  // As after the loss of power: what was not flushed of the checkpoints is not there.
  std::unique_ptr<Log> open_without_checkpoints() {
    directory_->log_starts.clear();
    directory_->recovery_points.clear();
    return open(false);
  }

  // A day ago, so that the times of files are younger than those of records.
  std::int64_t start_ms_ = world_.clock().wall().value() - 24 * kHourMs;
};

TEST_F(PartitionLogRetentionTest, SegmentsPastTheTimeGoAndTheLogStartFollows) {
  auto log = open();
  append_until(*log, 7);
  ASSERT_EQ(files(".log").size(), 4u);
  EXPECT_EQ(check(*log, 10), 0u);
  EXPECT_EQ(check(*log, 13, false), 0u) << "while the clock is not believed";
  EXPECT_EQ(check(*log, 13), 2u);
  EXPECT_EQ(log->log_start_offset(), Offset(4));
  EXPECT_EQ(directory_->log_starts[name_], Offset(4));
  EXPECT_EQ(log->log_end_offset(), Offset(7));
  EXPECT_EQ(files(".log"), (std::vector<std::string>{"4", "6"}));
  EXPECT_EQ(files(".snapshot"), (std::vector<std::string>{"4", "6"}));
  EXPECT_EQ(files(".deleted").size(), 6u) << "until file.delete.delay.ms has passed";
  EXPECT_EQ(directory_->removals.size(), 6u);
  EXPECT_EQ(log->read(Offset(3), Offset(7), 100, true).error().code,
            base::ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(read(*log, 4, 7), (std::vector<std::int64_t>{4, 5}));
  EXPECT_EQ(check(*log, 13), 0u);
}

TEST_F(PartitionLogRetentionTest, ALogThatIsAllPastGoesOnAtItsEnd) {
  auto log = open();
  append_until(*log, 7);
  EXPECT_EQ(check(*log, 100), 4u);
  EXPECT_EQ(log->log_start_offset(), Offset(7));
  EXPECT_EQ(log->log_end_offset(), Offset(7));
  EXPECT_EQ(log->size_bytes(), 0u);
  EXPECT_EQ(check(*log, 200), 0u) << "an empty one stays";
  log.reset();
  log = open_without_checkpoints();
  EXPECT_EQ(log->log_start_offset(), Offset(7)) << "no offset is given twice";
  EXPECT_EQ(log->log_end_offset(), Offset(7));
  append_until(*log, 8);
  EXPECT_EQ(read(*log, 7, 8), (std::vector<std::int64_t>{7}));
}

TEST_F(PartitionLogRetentionTest, OfAClosedLogTheIndexesSayHowOldItIs) {
  auto log = open();
  append_until(*log, 7);
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_EQ(check(*log, 10), 0u);
  EXPECT_EQ(check(*log, 13), 2u);
  EXPECT_EQ(check(*log, 100), 2u);
  EXPECT_EQ(log->log_start_offset(), Offset(7));
  append_until(*log, 9);
  EXPECT_EQ(read(*log, 7, 9), (std::vector<std::int64_t>{7, 8}));
}

TEST_F(PartitionLogRetentionTest, AnIndexThatMakesAYoungSegmentOldIsNotBelieved) {
  start_ms_ = world_.clock().wall().value();
  auto log = open();
  append_until(*log, 5);
  ASSERT_TRUE(log->close());
  const std::string path = file("00000000000000000000.timeindex");
  auto index = world_.disk().open(path, env::OpenMode::kReadWrite);
  ASSERT_TRUE(index);
  const std::vector<std::uint8_t> zeros(4, 0);  // the upper half of the timestamp
  ASSERT_TRUE((*index)->write_at((*index)->size().value() - 12, zeros));
  log = open();
  EXPECT_EQ(check(*log, 5), 0u);
  EXPECT_EQ(check(*log, 12), 1u) << "what the batches say";
}

TEST_F(PartitionLogRetentionTest, RecordsWithoutATimeAreAsOldAsTheirFile) {
  auto log = open();
  append(*log, batch(1, -1, 10));
  directory_->run_group(false);
  directory_->set_high_watermark(name_, Offset(1));
  ASSERT_TRUE(log->close());
  log = open();
  start_ms_ = world_.clock().wall().value();
  EXPECT_EQ(check(*log, 9), 0u);
  EXPECT_EQ(check(*log, 11), 1u);
  EXPECT_EQ(log->log_start_offset(), Offset(1));
}

TEST_F(PartitionLogRetentionTest, NothingAtTheHighWatermarkGoes) {
  auto log = open();
  append_until(*log, 7);
  directory_->set_high_watermark(name_, Offset(5));
  EXPECT_EQ(check(*log, 100), 2u);
  EXPECT_EQ(log->log_start_offset(), Offset(4));
}

TEST_F(PartitionLogRetentionTest, TheSizeIsKeptUnderItsLimit) {
  config_.retention_ms = -1;
  auto log = open();
  append_until(*log, 7);
  const auto segment_bytes = static_cast<std::int64_t>(log->size_bytes()) / 7 * 2;
  config_.retention_bytes = segment_bytes * 2;
  log->set_config(config_);
  EXPECT_EQ(check(*log, 0), 1u);
  EXPECT_EQ(check(*log, 0), 0u);
  config_.retention_bytes = 0;
  log->set_config(config_);
  EXPECT_EQ(check(*log, 0), 3u);
  EXPECT_EQ(log->log_start_offset(), Offset(7));
}

TEST_F(PartitionLogRetentionTest, ACompactedLogForgetsOnlyWhatLiesBelowItsStart) {
  config_.cleanup_delete = false;
  config_.cleanup_compact = true;
  auto log = open();
  append_until(*log, 7);
  EXPECT_EQ(check(*log, 100), 0u);
  directory_->set_log_start_offset(name_, Offset(5));
  ASSERT_TRUE(log->close());
  log = open();
  EXPECT_EQ(check(*log, 100), 2u);
  EXPECT_EQ(log->log_start_offset(), Offset(5));
  EXPECT_EQ(files(".log"), (std::vector<std::string>{"4", "6"}));
}

TEST_F(PartitionLogRetentionTest, AProducersSequencesGoOnAfterAllItWroteIsGone) {
  const auto produced = [this](std::int32_t sequence) {
    return batch(1, start_ms_, 100,
                 {.producer_id = base::ProducerId(9),
                  .producer_epoch = base::ProducerEpoch(0),
                  .base_sequence = sequence});
  };
  auto log = open();
  for (int i = 0; i < 3; ++i) append(*log, produced(i));
  directory_->run_group(false);
  directory_->set_high_watermark(name_, Offset(3));
  EXPECT_EQ(check(*log, 100), 2u);
  EXPECT_TRUE(append(*log, produced(2)).is_duplicate);
  EXPECT_EQ(append(*log, produced(3)).first_offset, Offset(3));
}

// A batch that comes again may begin a segment and is not written, as in Kafka.
TEST_F(PartitionLogRetentionTest, RecordsDeletedUpToASegmentWithoutAFileStayDeleted) {
  const auto produced = [this] {
    return batch(1, start_ms_, 250,
                 {.producer_id = base::ProducerId(9),
                  .producer_epoch = base::ProducerEpoch(0),
                  .base_sequence = 0});
  };
  auto log = open();
  append(*log, produced());
  EXPECT_TRUE(append(*log, produced()).is_duplicate);
  directory_->run_group(false);
  ASSERT_EQ(files(".log"), (std::vector<std::string>{"0"}));
  ASSERT_TRUE(log->delete_records(Offset(1), Offset(1)));
  EXPECT_EQ(files(".log"), (std::vector<std::string>{"1"}));
  log.reset();
  log = open_without_checkpoints();
  EXPECT_EQ(log->log_start_offset(), Offset(1));
  EXPECT_EQ(log->log_end_offset(), Offset(1));
}

TEST_F(PartitionLogRetentionTest, AClosedLogIsLeftAlone) {
  auto log = open();
  append_until(*log, 7);
  ASSERT_TRUE(log->close());
  EXPECT_EQ(check(*log, 100), 0u);
}

TEST_F(PartitionLogRetentionTest, IdleProducersAreForgotten) {
  auto log = open();
  append(*log, batch(1, start_ms_, 10,
                     {.producer_id = base::ProducerId(9),
                      .producer_epoch = base::ProducerEpoch(0),
                      .base_sequence = 0}));
  const std::int64_t expiration_ms = config_.producer_id_expiration_ms;
  log->expire_producers(Timestamp(start_ms_ + expiration_ms - 1));
  EXPECT_EQ(log->active_producers().size(), 1u);
  config_.producer_id_expiration_ms = 1000;
  log->set_config(config_);
  log->expire_producers(Timestamp(start_ms_ + 1000));
  EXPECT_TRUE(log->active_producers().empty());
}

}  // namespace
}  // namespace odradek::log
