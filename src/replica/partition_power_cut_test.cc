// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"
#include "replica/partition.h"

// What was acknowledged survives a power cut at any operation of the disk, and nothing that a
// consumer was shown is taken back: the promise of write.caching=false, for acks=all; and for
// acks=1 where flush.messages is 1. Everything follows from the seed.
namespace odradek::replica {
namespace {

using base::Offset;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kPartitions = 3;

class PowerCutRun {
 public:
  explicit PowerCutRun(std::uint64_t seed)
      : simulation_(seed), host_(simulation_.add_host("one")), awaits_commit_(below(2) == 0) {
    config_.segment_bytes = 3000;
    // acks=1 means flushed where each message is.
    if (!awaits_commit_) config_.flush_messages = 1;
    config_.write_caching = !awaits_commit_ && below(2) == 0;
    options_.max_logs_flushed_singly = below(2) == 0 ? 1 : 64;
  }

  void run(int rounds) {
    for (int round = 0; round < rounds && !testing::Test::HasFailure(); ++round) {
      on_worker([this] { open(); });
      if (partitions_.empty()) return;
      write_until_cut();
      end_process();
    }
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }

  void on_worker(const std::function<void()>& task) {
    EXPECT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }

  void open() {
    auto directory = log::directory::LogDirectory::open(host_.world(), "/data", options_);
    ASSERT_TRUE(directory) << directory.error().message;
    directory_ = std::move(*directory);
    if (!directory_->identity()) {
      ASSERT_TRUE(directory_->format({.version = 1,
                                      .cluster_id = "c",
                                      .node_id = base::BrokerId(1),
                                      .directory_id = base::Uuid::from_random(1, 1)}));
    }
    auto stop = directory_->begin();
    ASSERT_TRUE(stop) << stop.error().message;
    for (int i = 0; i < kPartitions; ++i) open_partition(i, stop->was_clean);
  }

  void open_partition(int index, bool was_clean) {
    const base::TopicPartition name{"t", index};
    log::Log::OpenOptions options;
    options.name = name;
    options.config = config_;
    options.recovery_point = directory_->recovery_point(name);
    options.log_start_offset = directory_->log_start_offset(name);
    options.was_clean = was_clean;
    auto log = log::Log::open(*directory_, options);
    ASSERT_TRUE(log) << log.error().message;
    const auto which = static_cast<std::size_t>(index);
    EXPECT_GE((*log)->log_end_offset(), acknowledged_[which]) << "acknowledged records are lost";
    EXPECT_GE((*log)->log_end_offset(), shown_[which]) << "records that were shown are lost";
    partitions_.push_back(std::make_unique<Partition>(std::move(*log), base::TopicId{}));
    partitions_.back()->become_leader(base::LeaderEpoch(0));
  }

  void write_until_cut() {
    host_.disk().before_operation(host_.disk().operations() + below(200), [this] { cut(); });
    if (below(3) == 0) {
      host_.disk().inject({.operation = env::sim::DiskOperation::kFlush,
                           .path_contains = ".log",
                           .skip = static_cast<int>(below(20))});
    }
    if (below(3) == 0) {
      host_.disk().inject({.operation = env::sim::DiskOperation::kSyncFileSystem,
                           .path_contains = "",
                           .skip = static_cast<int>(below(10))});
    }
    for (int i = 0; i < 100 && host_.is_running(); ++i) {
      on_worker([this] { produce(below(kPartitions)); });
      simulation_.run_for(microseconds(below(3000)));
      look();
    }
    if (host_.is_running()) cut();
  }

  void produce(std::size_t which) {
    record::BatchBuilder builder;
    const std::string value(below(300), 'v');
    builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
    Partition& partition = *partitions_[which];
    auto appended = partition.append(builder.build(), log::AppendOrigin::kClient);
    if (!appended) return;
    const Offset end = appended->last_offset + 1;
    auto answer = [this, which, end, life = life_](const base::Result<>& done) {
      if (!done || life != life_) return;
      acknowledged_[which] = std::max(acknowledged_[which], end);
    };
    if (awaits_commit_) {
      partition.when_committed(appended->end(), answer);
    } else {
      partition.when_written(appended->end(), answer);
    }
  }

  // As a consumer does.
  void look() {
    if (!host_.is_running()) return;
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      shown_[i] = std::max(shown_[i], partitions_[i]->visible_end(Isolation::kReadUncommitted));
    }
  }

  void cut() {
    if (!host_.is_running()) return;
    ++life_;
    host_.cut_power();
  }

  void end_process() {
    simulation_.run_for(milliseconds(50));
    host_.disk().clear_faults();
    partitions_.clear();
    directory_.reset();
    host_.restart();
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  const bool awaits_commit_;
  log::LogConfig config_;
  log::directory::DirectoryOptions options_;
  std::unique_ptr<log::directory::LogDirectory> directory_;
  std::vector<std::unique_ptr<Partition>> partitions_;
  int life_ = 0;
  std::vector<Offset> acknowledged_ = std::vector<Offset>(kPartitions, Offset(0));
  std::vector<Offset> shown_ = std::vector<Offset>(kPartitions, Offset(0));
};

TEST(PartitionPowerCut, NothingAcknowledgedOrShownIsLost) {
  for (const std::uint64_t seed : env::sim::seeds(60)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PowerCutRun(seed).run(4);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace odradek::replica
