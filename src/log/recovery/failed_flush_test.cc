// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "env/sim/sim_world.h"
#include "log/directory/cache_mark.h"
#include "log/directory/log_directory.h"
#include "log/log.h"
#include "record/build.h"

// A server that is started again on a machine that went on: where a flush failed the system takes
// the bytes for written, and recovery does not; where none did it believes the page cache.
namespace odradek::log {
namespace {

using base::Offset;
using env::sim::DiskOperation;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kMark = "/data/" + std::string(directory::kCacheMarkFile);

class FailedFlushTest : public ::testing::Test {
 protected:
  FailedFlushTest() : simulation_(1), host_(simulation_.add_host("one")) {
    host_.disk().options().power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    on_worker([this] {
      open_directory();
      EXPECT_TRUE(directory_->format({.version = 1,
                                      .cluster_id = "c",
                                      .node_id = base::BrokerId(1),
                                      .directory_id = base::Uuid::from_random(1, 1)}));
      open_log();
    });
  }

  void on_worker(const std::function<void()>& task) {
    bool is_done = false;
    auto queue = host_.world().workers().make_queue("test", 1);
    queue->submit([&] {
      task();
      is_done = true;
    });
    EXPECT_TRUE(simulation_.run_until([&] { return is_done; }, seconds(60)));
    simulation_.run_for(milliseconds(10));
  }
  void open_directory() {
    auto opened = directory::LogDirectory::open(host_.world(), "/data");
    ASSERT_TRUE(opened) << opened.error().message;
    directory_ = std::move(*opened);
  }
  void open_log() {
    auto stop = directory_->begin();
    ASSERT_TRUE(stop) << stop.error().message;
    if (directory_->failure()) return;
    auto log = Log::open(*directory_, {.name = name_,
                                       .topic_id = base::Uuid::from_random(2, 3),
                                       .config = {},
                                       .recovery_point = directory_->recovery_point(name_),
                                       .was_clean = stop->was_clean});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
    directory::CacheMark(host_.world().disk(), "/data").set();
  }
  void append_and_flush() {
    on_worker([this] {
      record::BatchBuilder builder(record::BatchOptions{});
      const std::string value(6000, 'v');
      builder.append(base::Timestamp(1), std::nullopt, base::as_bytes(value));
      ASSERT_TRUE(log_->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient));
      log_->write_out();
    });
  }
  enum End { kKilled, kPowerCut };
  void restart(End end) {
    if (end == kPowerCut) {
      host_.cut_power();
    } else {
      host_.kill();
    }
    simulation_.run_for(milliseconds(50));
    log_.reset();
    directory_.reset();
    host_.restart();
    on_worker([this] {
      open_directory();
      open_log();
    });
  }

  env::sim::SimWorld simulation_;
  env::sim::SimHost& host_;
  const base::TopicPartition name_{"t", 0};
  std::unique_ptr<directory::LogDirectory> directory_;
  std::unique_ptr<Log> log_;
};

TEST_F(FailedFlushTest, ANewStartSeesWhatIsOnTheDisk) {
  append_and_flush();
  ASSERT_EQ(log_->flushed_end_offset(), Offset(1));
  host_.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "t-0"});
  append_and_flush();
  ASSERT_TRUE(directory_->failure());
  EXPECT_EQ(log_->flushed_end_offset(), Offset(1));

  restart(kKilled);
  EXPECT_EQ(log_->log_end_offset(), Offset(1));
  append_and_flush();
  append_and_flush();
  EXPECT_EQ(log_->flushed_end_offset(), Offset(3));

  restart(kPowerCut);
  EXPECT_EQ(log_->log_end_offset(), Offset(3));
}

TEST_F(FailedFlushTest, WhatAKilledProcessWroteIsBelieved) {
  append_and_flush();
  EXPECT_TRUE(host_.world().disk().exists(kMark));
  // Nothing is synced for it.
  host_.disk().inject({.operation = DiskOperation::kSyncFileSystem, .path_contains = "/data"});
  restart(kKilled);
  EXPECT_FALSE(directory_->failure());
  EXPECT_EQ(log_->log_end_offset(), Offset(1));
  EXPECT_FALSE(host_.disk().faults_are_used_up());
}

TEST_F(FailedFlushTest, AfterAFailureTheCacheIsBelievedAgainOnceItWasReadFromTheDisk) {
  append_and_flush();
  host_.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "t-0"});
  append_and_flush();
  ASSERT_TRUE(directory_->failure());
  EXPECT_FALSE(host_.world().disk().exists(kMark));
  restart(kKilled);
  EXPECT_EQ(log_->log_end_offset(), Offset(1));
  EXPECT_TRUE(host_.world().disk().exists(kMark));
}

TEST_F(FailedFlushTest, ACleanStopTakesTheMarkAway) {
  append_and_flush();
  on_worker([this] {
    ASSERT_TRUE(log_->close());
    ASSERT_TRUE(directory_->close_cleanly(1));
  });
  EXPECT_FALSE(host_.world().disk().exists(kMark));
}

TEST_F(FailedFlushTest, ADirectoryThatCannotBeSyncedIsOffline) {
  append_and_flush();
  on_worker([this] { ASSERT_TRUE(host_.world().disk().remove_file(kMark)); });
  host_.disk().inject({.operation = DiskOperation::kSyncFileSystem, .path_contains = "/data"});
  restart(kKilled);
  ASSERT_TRUE(directory_->failure());
  EXPECT_EQ(directory_->failure()->code, base::ErrorCode::kKafkaStorageError);
  EXPECT_EQ(log_, nullptr);
}

}  // namespace
}  // namespace odradek::log
