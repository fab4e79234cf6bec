// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"
#include "replica/partition.h"

// Every call of the disk fails once, in turn, until a run passes untouched: nothing that was
// acknowledged is lost to the power cut that follows, and whatever failed to be flushed took the
// directory offline. Segments are rolled, producers' snapshots written, checkpoints, a truncation
// and a clean stop are among what fails.
namespace odradek::replica {
namespace {

using base::Offset;
using env::sim::DiskOperation;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kPartitions = 3;

struct Failing {
  DiskOperation operation = DiskOperation::kFlush;
  std::string_view path_contains;
  // Such a failure leaves no doubt of what is on the disk: the directory is offline.
  bool is_of_a_flush = false;
};

class FaultRun {
 public:
  FaultRun(const Failing& failing, int skip, std::size_t max_logs_flushed_singly)
      : host_(simulation_.add_host("one")) {
    config_.segment_bytes = 1500;
    config_.index_interval_bytes = 100;
    options_.max_logs_flushed_singly = max_logs_flushed_singly;
    host_.disk().inject({.operation = failing.operation,
                         .path_contains = std::string(failing.path_contains),
                         .skip = skip});
  }

  // Returns whether a call failed.
  bool run() {
    on_worker([this] { work(); });
    const bool has_failed = host_.disk().faults_are_used_up();
    was_offline_ = directory_ && directory_->failure().has_value();
    host_.cut_power();
    simulation_.run_for(milliseconds(50));
    host_.disk().clear_faults();
    partitions_.clear();
    directory_.reset();
    host_.restart();
    on_worker([this] { check(); });
    return has_failed;
  }

  bool is_offline() const { return was_offline_; }

 private:
  void on_worker(const std::function<void()>& task) {
    bool is_done = false;
    auto queue = host_.world().workers().make_queue("test", 1);
    queue->submit([&] {
      task();
      is_done = true;
    });
    EXPECT_TRUE(simulation_.run_until([&] { return is_done; }, seconds(60))) << "stuck";
  }

  void work() {
    if (!open()) return;
    for (int round = 0; round < 12; ++round) {
      for (std::size_t i = 0; i < kPartitions; ++i) produce(i);
      // The background's turn, without its time.
      if (round == 2) prepare_background_flushes();
      if (round == 6) (void)directory_->write_checkpoints();
      if (round % 4 == 3) (void)partitions_[0]->log().flush();
    }
    for (const auto& partition : partitions_) (void)partition->log().flush();
    truncate();
    bool is_closed = true;
    for (const auto& partition : partitions_) {
      is_closed = partition->log().close().has_value() && is_closed;
    }
    if (is_closed) (void)directory_->close_cleanly(1);
  }

  void prepare_background_flushes() {
    for (const auto& partition : partitions_) (void)partition->log().prepare_background_flush();
  }

  bool open() {
    auto directory = log::directory::LogDirectory::open(host_.world(), "/data", options_);
    if (!directory) return false;
    directory_ = std::move(*directory);
    if (!directory_->identity() &&
        !directory_->format({.version = 1,
                             .cluster_id = "c",
                             .node_id = base::BrokerId(1),
                             .directory_id = base::Uuid::from_random(1, 1)})) {
      return false;
    }
    auto stop = directory_->begin();
    if (!stop) return false;
    for (int i = 0; i < kPartitions; ++i) {
      const base::TopicPartition name{"t", i};
      log::Log::OpenOptions options;
      options.name = name;
      options.topic_id = base::Uuid::from_random(2, 3);
      options.config = config_;
      options.recovery_point = directory_->recovery_point(name);
      options.log_start_offset = directory_->log_start_offset(name);
      options.was_clean = stop->was_clean;
      auto log = log::Log::open(*directory_, options);
      if (!log) return false;
      partitions_.push_back(std::make_unique<Partition>(std::move(*log), options.topic_id));
      partitions_.back()->become_leader(base::LeaderEpoch(0));
    }
    return true;
  }

  void produce(std::size_t which) {
    record::BatchBuilder builder({.producer_id = base::ProducerId(7),
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = sequence_[which]});
    const std::string value(200, 'v');
    builder.append(base::Timestamp(4'000'000'000'000), std::nullopt, base::as_bytes(value));
    auto appended = partitions_[which]->append(builder.build(), log::AppendOrigin::kClient);
    if (!appended) return;
    ++sequence_[which];
    const Offset end = appended->last_offset + 1;
    partitions_[which]->when_committed(end, [this, which, end](const base::Result<>& done) {
      if (done) acknowledged_[which] = std::max(acknowledged_[which], end);
    });
  }

  // What follows may take back what the leader had.
  void truncate() {
    const Offset end = acknowledged_[2];
    if (end < Offset(4)) return;
    acknowledged_[2] = end - 3;
    (void)partitions_[2]->log().truncate_to(end - 3);
  }

  void check() {
    if (!open()) {
      // What was never finished is no loss.
      for (const Offset end : acknowledged_) EXPECT_EQ(end, Offset(0));
      return;
    }
    for (std::size_t i = 0; i < kPartitions; ++i) {
      EXPECT_GE(partitions_[i]->log().log_end_offset(), acknowledged_[i]) << "partition " << i;
    }
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_;
  log::LogConfig config_;
  log::directory::DirectoryOptions options_;
  std::unique_ptr<log::directory::LogDirectory> directory_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  std::vector<std::int32_t> sequence_ = std::vector<std::int32_t>(kPartitions, 0);
  std::vector<Offset> acknowledged_ = std::vector<Offset>(kPartitions, Offset(0));
  bool was_offline_ = false;
};

// How many runs failed before one passed.
int fail_each_in_turn(const Failing& failing, std::size_t max_logs_flushed_singly) {
  for (int skip = 0;; ++skip) {
    SCOPED_TRACE("call " + std::to_string(skip));
    FaultRun run(failing, skip, max_logs_flushed_singly);
    const bool has_failed = run.run();
    if (testing::Test::HasFailure() || !has_failed) return skip;
    if (failing.is_of_a_flush) {
      EXPECT_TRUE(run.is_offline());
    }
  }
}

TEST(PartitionFaultTest, AFlushThatFailsIsNeverAcknowledged) {
  for (const std::string_view file :
       {".log", ".index", ".snapshot", "leader-epoch", "checkpoint"}) {
    SCOPED_TRACE(file);
    const Failing failing{DiskOperation::kFlush, file, true};
    EXPECT_GT(fail_each_in_turn(failing, 64), 0) << "nothing was flushed";
  }
}

TEST(PartitionFaultTest, ACommonSyncThatFailsIsNeverAcknowledged) {
  EXPECT_GT(fail_each_in_turn({DiskOperation::kSyncFileSystem, "", false}, 0), 1);
}

TEST(PartitionFaultTest, NoOtherCallThatFailsLosesWhatWasAcknowledged) {
  for (const DiskOperation operation :
       {DiskOperation::kOpen, DiskOperation::kWrite, DiskOperation::kTruncate,
        DiskOperation::kRename, DiskOperation::kSyncDirectory, DiskOperation::kMakeDirectories}) {
    SCOPED_TRACE(static_cast<int>(operation));
    EXPECT_GT(fail_each_in_turn({operation, "", false}, 64), 0);
  }
}

}  // namespace
}  // namespace odradek::replica
