// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/sim_world.h"
#include "log/cleaner/compaction_model.h"
#include "log/log_manager.h"
#include "record/build.h"

// A log that moves while it is cleaned: whichever is first, the other one finds whole segments
// under the names that it knows, and the records that cleaning keeps are there afterwards.
namespace odradek::log::move {
namespace {

using base::Offset;
using env::sim::DiskOperation;
using std::chrono::milliseconds;
using std::chrono::seconds;

class MoveAndCleaning : public ::testing::Test {
 protected:
  MoveAndCleaning() {
    config_.cleanup_compact = true;
    config_.cleanup_delete = false;
    config_.segment_bytes = 800;
    config_.min_cleanable_dirty_ratio = 0;
    config_.file_delete_delay_ms = 100;
    on_worker([this] { open(); });
  }
  ~MoveAndCleaning() override { end_process(); }

  void on_worker(const std::function<void()>& task) {
    ASSERT_TRUE(env::sim::run_on_worker(simulation_, host_, task)) << "stuck";
  }

  void open() {
    LogManagerOptions options;
    options.paths = {"/a", "/b"};
    auto manager = LogManager::open(host_.world(), std::move(options));
    ASSERT_TRUE(manager) << manager.error().message;
    manager_ = std::move(*manager);
    ASSERT_TRUE(manager_->begin({.cluster_id = "c", .node_id = base::BrokerId(1)}));
    auto loaded = manager_->load_logs([this](const base::TopicPartition& name) {
      return LogDecision{.is_known = name == name_, .topic_id = topic_id_, .config = config_};
    });
    ASSERT_TRUE(loaded) << loaded.error().message;
    auto log = manager_->get_or_create({.name = name_, .topic_id = topic_id_, .config = config_});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    log_->directory().set_high_watermark(name_, log_->flushed_end_offset());
    manager_->cleaner().configure({});
    requests_ = host_.world().workers().make_queue("requests", 1);
  }
  void end_process() {
    host_.kill();
    simulation_.run_for(seconds(1));
    requests_.reset();
    log_.reset();
    manager_.reset();
    host_.restart();
  }

  void append_some() {
    for (int i = 0; i < 60; ++i) {
      cleaner::testing::WrittenRecord record{.key = "key-" + std::to_string(i % 7),
                                             .value = std::string(static_cast<std::size_t>(i), 'v'),
                                             .timestamp = base::Timestamp(4'000'000'000'000 + i),
                                             .producer_id = base::kNoProducerId,
                                             .appended_at = host_.world().clock().wall()};
      record::BatchBuilder builder;
      builder.append(record.timestamp, base::as_bytes(record.key), base::as_bytes(*record.value));
      auto info = log_->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient);
      ASSERT_TRUE(info) << info.error().message;
      model_.append(info->first_offset, std::move(record));
      log_->write_out();
    }
    ASSERT_TRUE(log_->flush());
    log_->directory().set_high_watermark(name_, log_->flushed_end_offset());
  }

  void clean() {
    for (int i = 0; i < 3; ++i) {
      manager_->cleaner().wake();
      simulation_.run_for(seconds(5));
    }
  }
  directory::LogDirectory& other_directory() {
    const auto& directories = manager_->directories();
    return *directories[&log_->directory() == directories[0].get() ? 1 : 0];
  }
  // From any thread.
  void ask_for_a_move() {
    auto& target = other_directory();
    requests_->submit([this, &target] { EXPECT_TRUE(manager_->begin_move(name_, target)); });
  }
  void wait_for_the_move() {
    simulation_.run_for(milliseconds(10));
    EXPECT_TRUE(
        simulation_.run_until([this] { return manager_->mover().futures().empty(); }, seconds(60)));
    simulation_.run_for(milliseconds(10));
  }

  void check() {
    const cleaner::testing::Content content =
        cleaner::testing::ContentReader(*log_, simulation_.random()).read_all();
    model_.check_what_is_there(content);
    model_.check_what_is_missing(content, host_.world().clock().wall(),
                                 config_.delete_retention_ms);
    EXPECT_EQ(manager_->cleaner().why_uncleanable(name_), std::nullopt);
    for (const auto& directory : manager_->directories()) {
      EXPECT_FALSE(directory->failure()) << directory->failure()->message;
    }
  }
  void check_now_and_after_a_restart() {
    on_worker([this] { check(); });
    end_process();
    on_worker([this] { open(); });
    on_worker([this] { check(); });
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  const base::TopicPartition name_{"t", 0};
  const base::TopicId topic_id_ = base::Uuid::from_random(2, 3);
  LogConfig config_;
  std::unique_ptr<LogManager> manager_;
  std::shared_ptr<Log> log_;
  std::unique_ptr<env::WorkQueue> requests_;
  cleaner::testing::CompactionModel model_{true};
};

TEST_F(MoveAndCleaning, AtAnyMoment) {
  bool has_begun = true;
  for (std::uint64_t n = 0; has_begun && !HasFailure(); n += 3) {
    SCOPED_TRACE("operation " + std::to_string(n));
    on_worker([this] { append_some(); });
    const directory::LogDirectory* const before = &log_->directory();
    has_begun = false;
    host_.disk().before_operation(host_.disk().operations() + n, [&] {
      has_begun = true;
      ask_for_a_move();
    });
    clean();
    host_.disk().clear_faults();
    wait_for_the_move();
    EXPECT_EQ(&log_->directory() != before, has_begun);
    check_now_and_after_a_restart();
    clean();
    on_worker([this] { check(); });
  }
}

// A cleaned segment waits for room to take its original's name: the move waits for that.
TEST_F(MoveAndCleaning, ASwapWithoutRoom) {
  for (int skip = 0; skip < 24 && !HasFailure(); ++skip) {
    SCOPED_TRACE("skip " + std::to_string(skip));
    on_worker([this] { append_some(); });
    const directory::LogDirectory* const before = &log_->directory();
    host_.disk().inject({.operation = DiskOperation::kRename,
                         .path_contains = before->path() + "/t-0/",
                         .skip = skip,
                         .times = 100,
                         .os_error = ENOSPC});
    clean();
    ask_for_a_move();
    simulation_.run_for(seconds(5));
    host_.disk().clear_faults();
    wait_for_the_move();
    EXPECT_NE(&log_->directory(), before);
    check_now_and_after_a_restart();
  }
}

}  // namespace
}  // namespace odradek::log::move
