// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/log.h"
#include "log/log_test_directory.h"
#include "log/move/partition_copy.h"
#include "record/build.h"

// What else is done to a log at the end of its move into another directory.
namespace odradek::log::move {
namespace {

using base::Offset;

class Directory final : public testing::TestDirectory {
 public:
  using TestDirectory::TestDirectory;
  // Once, before what is told to the directory.
  std::function<void()> before_forget;
  std::function<void()> before_checkpoints;

  void forget_log(Log& log) override {
    if (before_forget) std::exchange(before_forget, nullptr)();
    TestDirectory::forget_log(log);
  }
  base::Result<> write_checkpoints() override {
    if (before_checkpoints) std::exchange(before_checkpoints, nullptr)();
    return TestDirectory::write_checkpoints();
  }
};

class RelocateTest : public ::testing::Test {
 protected:
  RelocateTest() {
    config_.segment_bytes = 8 << 20U;
    config_.producer_id_expiration_ms = std::numeric_limits<std::int64_t>::max();
    on_worker([this] {
      source_ = std::make_unique<Directory>(host_.world(), "/a");
      target_ = std::make_unique<Directory>(host_.world(), "/b");
      log_ = open(*source_, true);
    });
  }
  ~RelocateTest() override {
    on_worker([this] { log_.reset(); });
  }

  void on_worker(const std::function<void()>& task) {
    ASSERT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }

  std::unique_ptr<Log> open(Directory& directory, bool was_clean) {
    auto log = Log::open(directory, {.name = name_,
                                     .topic_id = base::Uuid::from_random(1, 2),
                                     .config = config_,
                                     .recovery_point = directory.recovery_point(name_),
                                     .log_start_offset = directory.log_start_offset(name_),
                                     .was_clean = was_clean});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }
  void close_and_open(Directory& directory) {
    ASSERT_TRUE(log_->close());
    log_.reset();
    log_ = open(directory, true);
    ASSERT_TRUE(log_);
  }

  // Without writing it.
  void place(std::size_t value_size) {
    record::BatchBuilder builder({.producer_id = base::ProducerId(7),
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = sequence_++});
    const std::string value(value_size, 'v');
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    auto info = log_->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient);
    ASSERT_TRUE(info) << info.error().message;
  }
  void append(std::size_t value_size, int count = 1) {
    for (int i = 0; i < count; ++i) {
      place(value_size);
      log_->write_out();
    }
  }

  // As Mover does it. `at_end`: before the log itself takes part.
  void relocate(const std::function<void()>& at_end = [] {}) {
    PartitionCopy copy(host_.world().disk(), "/b/t-0.copy-future");
    ASSERT_TRUE(copy.create(log_->topic_id()));
    for (;;) {
      auto files = log_->copy_source();
      ASSERT_TRUE(files) << files.error().message;
      if (copy.is_nearly_complete(*files, 0)) break;
      ASSERT_TRUE(copy.advance(*files, 1 << 20U));
    }
    at_end();
    auto done = log_->relocate(*target_, copy);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(&log_->directory(), target_.get());
    EXPECT_FALSE(source_->failure() || target_->failure());
  }

  // Each of the last records, where its offset says.
  void expect_to_be_found() {
    for (int i = std::max(0, sequence_ - 20); i < sequence_; ++i) {
      auto read = log_->read(Offset(i), Offset(sequence_), 1, true);
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(read->first_batch_offset, Offset(i));
    }
  }
  // No batch that has an entry is the segment's first.
  void expect_whole_indexes(const std::string& path) {
    auto files = host_.world().disk().list(path);
    ASSERT_TRUE(files);
    for (const env::DirectoryEntry& file : *files) {
      if (!file.name.ends_with(".index")) continue;
      auto index = host_.world().disk().open(path + '/' + file.name, env::OpenMode::kRead);
      ASSERT_TRUE(index);
      std::vector<std::uint8_t> bytes((*index)->size().value());
      ASSERT_TRUE((*index)->read_at(0, bytes));
      for (std::size_t at = 0; at < bytes.size(); at += 8) {
        EXPECT_NE(base::as_text(base::ByteView(bytes).subspan(at, 8)), std::string(8, 0))
            << file.name << " at " << at;
      }
    }
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  const base::TopicPartition name_{"t", 0};
  LogConfig config_;
  std::unique_ptr<Directory> source_;
  std::unique_ptr<Directory> target_;
  std::unique_ptr<Log> log_;
  int sequence_ = 0;
};

// The group in the old directory does not come back to a log that it is told to forget.
TEST_F(RelocateTest, AFlushThatAGroupBeginsThenHoldsUpNoOther) {
  on_worker([this] {
    append(100);
    source_->before_forget = [this] { EXPECT_TRUE(log_->prepare_flush()); };
    relocate();
  });
  on_worker([this] {
    append(100);
    EXPECT_TRUE(log_->flush());
    EXPECT_EQ(log_->flushed_end_offset(), Offset(2));
  });
}

TEST_F(RelocateTest, ASnapshotOfTheProducersIsNotLeftBehind) {
  on_worker([this] {
    append(200'000, 8);  // more than is flushed between two snapshots
    target_->before_checkpoints = [this] { source_->run_group(false); };
    relocate();
    close_and_open(*target_);
    ASSERT_EQ(log_->active_producers().size(), 1U);
    EXPECT_EQ(log_->active_producers().front().last_sequence, sequence_ - 1);
  });
}

TEST_F(RelocateTest, TheHighWatermarkGoesOn) {
  on_worker([this] {
    append(100, 2);
    source_->set_high_watermark(name_, Offset(1));
    target_->before_checkpoints = [this] { source_->set_high_watermark(name_, Offset(2)); };
    relocate();
    EXPECT_EQ(target_->high_watermark(name_), Offset(2));
  });
}

// Before any of the calls of the disk that the first append after a clean stop makes.
TEST_F(RelocateTest, TheFirstAppendMeetsIt) {
  on_worker([this] { append(100, 30); });
  bool has_met = true;
  int moves = 0;
  for (std::uint64_t n = 0; has_met; ++n) {
    on_worker([&] {
      close_and_open(*source_);
      has_met = false;
      host_.disk().before_operation(host_.disk().operations() + n, [&] {
        has_met = true;
        relocate();
      });
      place(100);
      host_.disk().clear_faults();
      EXPECT_TRUE(log_->flush());
      EXPECT_EQ(log_->log_end_offset(), Offset(sequence_));
      EXPECT_EQ(log_->flushed_end_offset(), Offset(sequence_));
    });
    if (has_met) std::swap(source_, target_);
    ++moves;
  }
  EXPECT_GT(moves, 3);
}

// Before any of the calls of the disk that the end of a move makes, appends come that fill the
// segment, whose indexes are partly written, and the next.
TEST_F(RelocateTest, AppendsThatRollMeetIt) {
  on_worker([this] {
    config_.segment_bytes = 2'000;
    config_.index_interval_bytes = 1;
    log_->set_config(config_);
    append(300, 3);
  });
  bool has_met = true;
  int moves = 0;
  for (std::uint64_t n = 0; has_met; ++n) {
    on_worker([&] {
      has_met = false;
      append(300);
      relocate([&] {
        host_.disk().before_operation(host_.disk().operations() + n, [&] {
          has_met = true;
          for (int i = 0; i < 12; ++i) place(500);
        });
      });
      host_.disk().clear_faults();
      ASSERT_TRUE(log_->flush());
      EXPECT_EQ(log_->flushed_end_offset(), Offset(sequence_));
      expect_to_be_found();
      std::swap(source_, target_);
      close_and_open(*source_);
      expect_whole_indexes(source_->path() + "/t-0");
      EXPECT_EQ(log_->log_end_offset(), Offset(sequence_));
      expect_to_be_found();
    });
    ++moves;
  }
  EXPECT_GT(moves, 10);
}

// A log of one segment that is being written has the same objects in the new place.
TEST_F(RelocateTest, RetentionMeetsIt) {
  config_.retention_ms = 3'600'000;
  on_worker([this] {
    log_->set_config(config_);
    append(100, 2);
    source_->set_high_watermark(name_, Offset(2));
    bool has_met = false;
    host_.disk().before_operation(host_.disk().operations(), [&] {
      has_met = true;
      relocate();
    });
    auto deleted = log_->delete_old_segments(
        {.now = host_.world().clock().wall(), .may_delete_by_time = true});
    ASSERT_TRUE(deleted) << deleted.error().message;
    EXPECT_EQ(*deleted, 0U);
    EXPECT_TRUE(has_met);
    EXPECT_FALSE(target_->failure());
    EXPECT_EQ(log_->log_start_offset(), Offset(0));
  });
}

}  // namespace
}  // namespace odradek::log::move
