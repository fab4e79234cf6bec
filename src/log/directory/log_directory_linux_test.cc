// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "env/linux/linux_world.h"
#include "log/directory/fake_log.h"
#include "log/directory/log_directory.h"

// The same on real files and threads, where races can be found (the preset tsan).
namespace odradek::log::directory {
namespace {

class LogDirectoryLinuxTest : public testing::Test {
 protected:
  LogDirectoryLinuxTest() {
    std::string pattern = std::filesystem::temp_directory_path() / "log_directory_test.XXXXXX";
    path_ = mkdtemp(pattern.data());
    world_.start();
  }
  ~LogDirectoryLinuxTest() override {
    world_.stop();
    std::filesystem::remove_all(path_);
  }
  std::unique_ptr<LogDirectory> open(DirectoryOptions options = {}) {
    auto opened = LogDirectory::open(world_, path_ + "/data", options);
    EXPECT_TRUE(opened) << opened.error().message;
    if (!(*opened)->identity()) {
      DirectoryIdentity identity;
      identity.cluster_id = "test";
      identity.node_id = base::BrokerId(1);
      EXPECT_TRUE((*opened)->format(identity));
    }
    EXPECT_TRUE((*opened)->begin());
    return std::move(*opened);
  }

  std::string path_;
  env::LinuxWorld world_{env::LinuxWorldOptions{.loop_count = 2}};
};

// Each thread is the only one to ask for its log's flushes, adds and forgets it, over and over.
TEST_F(LogDirectoryLinuxTest, LogsComeAndGoWhileGroupsRun) {
  constexpr int kThreads = 6;
  constexpr int kRounds = 15;
  constexpr int kRequests = 8;
  auto directory = open({.max_logs_flushed_singly = 2});
  std::atomic<int> flushes = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const std::string name = std::to_string(thread);
      auto file = world_.disk().open(path_ + "/data/" + name, env::OpenMode::kCreate);
      ASSERT_TRUE(file);
      for (int round = 0; round < kRounds; ++round) {
        FakeLog log(*directory, *file, name);
        std::atomic<int> seen = 0;
        log.after_flush = [&] {
          ++seen;
          seen.notify_all();
          directory->set_recovery_point(log.name(), base::Offset(++flushes));
        };
        ASSERT_TRUE(directory->add_log(log));
        for (int request = 0; request < kRequests; ++request) {
          const int before = seen;
          directory->request_flush(log);
          if (request % 2 == 0) seen.wait(before);
        }
        directory->forget_log(log);
        EXPECT_GE(seen, kRequests / 2);
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(directory->close_cleanly(1));
  EXPECT_TRUE(std::filesystem::exists(path_ + "/data/.kafka_cleanshutdown"));
}

TEST_F(LogDirectoryLinuxTest, CheckpointsAreWrittenWhileTheyChange) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 200;
  auto directory = open({.recovery_point_interval_ms = 1, .high_watermark_interval_ms = 1});
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int change = 1; change <= kChanges; ++change) {
          directory->set_high_watermark({"orders", thread}, base::Offset(change));
          directory->set_recovery_point({"orders", thread}, base::Offset(change));
          if (change % 50 == 0) {
            EXPECT_TRUE(directory->write_checkpoints());
          }
        }
      });
    }
  }
  EXPECT_TRUE(directory->close_cleanly(1));
  directory.reset();
  directory = open();
  for (int thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(directory->high_watermark({"orders", thread}).value(), kChanges);
    EXPECT_EQ(directory->recovery_point({"orders", thread}).value(), kChanges);
  }
}

TEST_F(LogDirectoryLinuxTest, AFailureReachesEveryLogWhileTheyFlush) {
  constexpr int kLogs = 8;
  auto directory = open();
  std::vector<std::unique_ptr<FakeLog>> logs;
  std::latch is_told(1);
  directory->set_failure_handler([&](const base::Error&) { is_told.count_down(); });
  for (int i = 0; i < kLogs; ++i) {
    auto file = world_.disk().open(path_ + "/data/" + std::to_string(i), env::OpenMode::kCreate);
    ASSERT_TRUE(file);
    logs.push_back(std::make_unique<FakeLog>(*directory, *file, std::to_string(i)));
    ASSERT_TRUE(directory->add_log(*logs.back()));
    directory->request_flush(*logs.back());
  }
  directory->fail({.code = base::ErrorCode::kKafkaStorageError, .message = "unplugged"});
  is_told.wait();
  for (const auto& log : logs) {
    directory->request_flush(*log);
    directory->forget_log(*log);
    EXPECT_EQ(log->failures.size(), 1u);
  }
}

TEST_F(LogDirectoryLinuxTest, ALockedOneIsRefused) {
  auto directory = open();
  auto second = LogDirectory::open(world_, path_ + "/data");
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("locked by another process"), std::string::npos);
}

TEST_F(LogDirectoryLinuxTest, AFileIsNoDirectory) {
  ASSERT_TRUE(world_.disk().write_file(path_ + "/data", "x"));
  auto opened = LogDirectory::open(world_, path_ + "/data");
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("it is not a directory"), std::string::npos)
      << opened.error().message;
}

}  // namespace
}  // namespace odradek::log::directory
