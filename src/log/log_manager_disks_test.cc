// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "env/sim/sim_world.h"
#include "log/log_manager.h"
#include "record/build.h"

// Directories that are full, or offline.
namespace odradek::log {
namespace {

using env::sim::DiskOperation;
using std::chrono::seconds;
using testing::HasSubstr;

const LogManager::Identity kIdentity{.cluster_id = "MkU3OEVBNTcwNTJENDM2Qk",
                                     .node_id = base::BrokerId(1)};
const base::TopicId kTopic = base::Uuid::from_random(1, 1);

class LogManagerDisksTest : public testing::Test {
 protected:
  base::Result<std::unique_ptr<LogManager>> try_open() {
    LogManagerOptions options;
    options.paths = {"/a", "/b"};
    return LogManager::open(host_.world(), std::move(options));
  }
  std::unique_ptr<LogManager> start() {
    auto manager = try_open();
    EXPECT_TRUE(manager) << manager.error().message;
    EXPECT_TRUE((*manager)->begin(kIdentity));
    EXPECT_TRUE((*manager)->load_logs([](const base::TopicPartition&) {
      return LogDecision{.is_known = true, .topic_id = kTopic, .config = {}};
    }));
    return std::move(*manager);
  }
  static NewLog new_log(std::int32_t partition, bool may_be_elsewhere = false) {
    return {.name = {"t", partition},
            .topic_id = kTopic,
            .config = {},
            .may_be_elsewhere = may_be_elsewhere};
  }
  void break_disk(const std::string& path, DiskOperation operation, int times = 1) {
    host_.disk().inject({.operation = operation, .path_contains = path, .times = times});
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
};

TEST_F(LogManagerDisksTest, AStartWithoutOneOfTwoServesTheOther) {
  {
    auto manager = start();
    for (std::int32_t i = 0; i < 4; ++i) ASSERT_TRUE(manager->get_or_create(new_log(i)));
    EXPECT_EQ(manager->logs_in(*manager->directories()[1]).size(), 2U);
    ASSERT_TRUE(manager->stop(5));
  }
  break_disk("/b", DiskOperation::kList);
  auto manager = start();
  EXPECT_FALSE(manager->directories()[0]->failure());
  ASSERT_TRUE(manager->directories()[1]->failure());
  EXPECT_TRUE(manager->has_offline_directory());
  EXPECT_EQ(manager->all().size(), 2U);
  std::vector<std::int32_t> offline;
  for (std::int32_t i = 0; i < 4; ++i) {
    auto log = manager->get_or_create(new_log(i, true));
    if (!log) offline.push_back(i);
    if (!log) {
      EXPECT_THAT(log.error().message, HasSubstr("offline"));
    }
  }
  EXPECT_EQ(offline.size(), 2U) << "what may lie there is not made anew";
  ASSERT_TRUE(manager->get_or_create(new_log(9)));
  EXPECT_EQ(&manager->get({"t", 9})->directory(), manager->directories()[0].get());
  EXPECT_EQ(manager->last_broker_epoch(), -1);
  (void)manager->stop(6);
  manager.reset();
  EXPECT_EQ(start()->all().size(), 5U) << "and all is there once it is back";
}

TEST_F(LogManagerDisksTest, TheMetadatasDirectoryCannotBeMissed) {
  {
    ASSERT_TRUE(start()->stop(5));
  }
  break_disk("/a", DiskOperation::kList);
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("/a"));
}

TEST_F(LogManagerDisksTest, ALogThatCannotBeMadeInOneIsMadeInTheOther) {
  auto manager = start();
  break_disk("/b/t-", DiskOperation::kMakeDirectories, 100);
  for (std::int32_t i = 0; i < 4; ++i) {
    auto log = manager->get_or_create(new_log(i));
    ASSERT_TRUE(log) << log.error().message;
    EXPECT_EQ(&(*log)->directory(), manager->directories()[0].get());
  }
  EXPECT_TRUE(manager->directories()[1]->failure());
}

TEST_F(LogManagerDisksTest, FullAndOfflineDirectoriesAreToldOf) {
  auto manager = start();
  ASSERT_TRUE(manager->get_or_create(new_log(0)));
  int full = 0;
  int room = 0;
  std::vector<std::string> failed;
  manager->watch_disks(
      {.on_full = [&](directory::LogDirectory&) { ++full; },
       .on_room = [&](directory::LogDirectory&) { ++room; },
       .on_failure = [&](directory::LogDirectory& directory,
                         const base::Error&) { failed.push_back(directory.path()); }});
  const std::uint64_t capacity = host_.disk().options().capacity_bytes;
  // A removal that waits is carried out in a full directory at once.
  ASSERT_TRUE(
      host_.world().disk().make_directories("/a/old-0.0123456789abcdef0123456789abcdef-delete"));
  manager->directories()[0]->remove_later("/a/old-0.0123456789abcdef0123456789abcdef-delete",
                                          std::chrono::hours(1));
  host_.disk().options().capacity_bytes = host_.disk().taken_bytes();
  EXPECT_TRUE(simulation_.run_until([&] { return full == 2; }, seconds(2))) << full;
  EXPECT_TRUE(simulation_.run_until(
      [&] {
        return !host_.world().disk().exists("/a/old-0.0123456789abcdef0123456789abcdef-delete");
      },
      seconds(1)));
  record::BatchBuilder builder;
  builder.append(base::Timestamp(1), std::nullopt, base::as_bytes("value"));
  const auto refused =
      manager->get({"t", 0})->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient);
  EXPECT_FALSE(refused);
  host_.disk().options().capacity_bytes = capacity;
  EXPECT_TRUE(simulation_.run_until([&] { return room == 2; }, seconds(2))) << room;
  EXPECT_TRUE(failed.empty());
  manager->directories()[1]->fail({base::ErrorCode::kKafkaStorageError, "broken", EIO});
  EXPECT_TRUE(simulation_.run_until([&] { return !failed.empty(); }, seconds(1)));
  EXPECT_EQ(failed, std::vector<std::string>{"/b"});
  EXPECT_FALSE(manager->stop(1)) << "it can't be marked as clean";
}

}  // namespace
}  // namespace odradek::log
