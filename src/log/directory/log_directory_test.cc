// SPDX-License-Identifier: Apache-2.0
#include "log/directory/log_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "env/sim/sim_world.h"
#include "log/directory/fake_log.h"

namespace odradek::log::directory {
namespace {

using env::sim::DiskOperation;
using env::sim::SimHost;
using env::sim::SimWorld;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// One host, and the directory of its one server.
class LogDirectoryTest : public testing::Test {
 protected:
  static constexpr auto kPath = "/data/kafka";

  env::Disk& disk() { return host.world().disk(); }

  std::unique_ptr<LogDirectory> open(DirectoryOptions options = {}) {
    auto opened = LogDirectory::open(host.world(), kPath, options);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? std::move(*opened) : nullptr;
  }
  std::unique_ptr<LogDirectory> open_formatted(DirectoryOptions options = {}) {
    auto opened = open(options);
    if (opened && !opened->identity()) {
      EXPECT_TRUE(opened->format(identity));
    }
    EXPECT_TRUE(opened->begin());
    return opened;
  }
  std::vector<std::string> names(const std::string& path = kPath) {
    std::vector<std::string> found;
    const auto entries = disk().list(path).value();
    for (const auto& entry : entries) found.push_back(entry.name);
    return found;
  }
  std::string content(const std::string& name) {
    auto text = disk().read_file(std::string(kPath) + '/' + name);
    return text ? *text : "<" + text.error().message + ">";
  }
  void put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(disk().make_directories(kPath));
    ASSERT_TRUE(disk().write_file(std::string(kPath) + '/' + name, text));
  }
  std::unique_ptr<FakeLog> add_fake_log(LogDirectory& directory, const std::string& topic) {
    auto file = disk().open(std::string(kPath) + '/' + topic + ".bytes", env::OpenMode::kCreate);
    EXPECT_TRUE(file);
    auto log = std::make_unique<FakeLog>(directory, *file, topic);
    EXPECT_TRUE(directory.add_log(*log));
    return log;
  }
  bool until(const std::function<bool()>& condition) {
    return simulation.run_until(condition, seconds(10));
  }

  SimWorld simulation{1};
  SimHost& host = simulation.add_host("one");
  const DirectoryIdentity identity{.version = 1,
                                   .cluster_id = "MkU3OEVBNTcwNTJENDM2Qk",
                                   .node_id = base::BrokerId(1),
                                   .directory_id = *base::Uuid::parse("8eziIdKMw8UeA4ZjPTPqtA")};
  const base::TopicPartition orders{"orders", 3};
};

TEST_F(LogDirectoryTest, AMissingDirectoryIsMadeAndFormatted) {
  EXPECT_EQ(LogDirectory::inspect(host.world(), kPath).value(), std::nullopt);
  EXPECT_FALSE(disk().exists(kPath)) << "looking touches nothing";
  auto directory = open();
  EXPECT_FALSE(directory->identity());
  EXPECT_TRUE(directory->format(identity));
  EXPECT_EQ(content("meta.properties"),
            "version=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\nnode.id=1\n"
            "directory.id=8eziIdKMw8UeA4ZjPTPqtA\n");
  directory.reset();
  host.cut_power();
  host.restart();
  EXPECT_EQ(LogDirectory::inspect(host.world(), kPath).value(), identity);
}

TEST_F(LogDirectoryTest, OneThatIsLockedIsRefused) {
  auto first = open();
  auto second = LogDirectory::open(host.world(), kPath);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("/data/kafka: it is locked by another process"));
  first.reset();
  EXPECT_TRUE(LogDirectory::open(host.world(), kPath));
}

TEST_F(LogDirectoryTest, DataWithoutMetaPropertiesIsRefusedUntouched) {
  put("photo.jpg", "x");
  auto opened = LogDirectory::open(host.world(), kPath);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, HasSubstr("it holds 'photo.jpg' but no meta.properties"));
  EXPECT_THAT(names(), ElementsAre("photo.jpg"));
}

TEST_F(LogDirectoryTest, WhatAFileSystemOrAFailedFormatLeftIsNoData) {
  put("lost+found", "");
  put("meta.properties.tmp", "half");
  put(".lock", "");
  EXPECT_TRUE(LogDirectory::open(host.world(), kPath));
}

TEST_F(LogDirectoryTest, ADiskTooFullToFormatSaysSoAndLeavesNothing) {
  auto directory = open();
  host.disk().inject(
      {.operation = DiskOperation::kWrite, .path_contains = "meta", .os_error = ENOSPC});
  auto formatted = directory->format(identity);
  ASSERT_FALSE(formatted);
  EXPECT_EQ(formatted.error().os_error, ENOSPC);
  EXPECT_THAT(formatted.error().message, HasSubstr("/data/kafka: its file system is full"));
  EXPECT_THAT(names(), ElementsAre(".lock"));
}

TEST_F(LogDirectoryTest, AMissingRightSaysSo) {
  host.disk().inject({.operation = DiskOperation::kLock, .path_contains = "", .os_error = EACCES});
  auto opened = LogDirectory::open(host.world(), kPath);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().os_error, EACCES);
  EXPECT_THAT(opened.error().message, HasSubstr("no right to use it"));
}

TEST_F(LogDirectoryTest, ACleanStopIsMarkedAndTheMarkTakenAway) {
  auto directory = open_formatted();
  EXPECT_THAT(names(),
              ElementsAre(".lock", ".reserve", "cleaner-offset-checkpoint",
                          "log-start-offset-checkpoint", "meta.properties",
                          "recovery-point-offset-checkpoint", "replication-offset-checkpoint"));
  EXPECT_TRUE(directory->close_cleanly(28));
  EXPECT_EQ(content(".kafka_cleanshutdown"), R"({"version":0,"brokerEpoch":28})");
  directory.reset();
  host.cut_power();
  host.restart();
  directory = open();
  const auto stop = directory->begin().value();
  EXPECT_TRUE(stop.was_clean);
  EXPECT_EQ(stop.broker_epoch, 28);
  directory.reset();
  host.cut_power();
  host.restart();
  EXPECT_FALSE(open()->begin().value().was_clean) << "the mark's end must survive a power cut";
}

TEST_F(LogDirectoryTest, CheckpointsAreWrittenAWhileAfterAChange) {
  auto directory = open_formatted();
  directory->set_high_watermark(orders, base::Offset(5));
  directory->set_high_watermark(orders, base::Offset(6));
  directory->set_recovery_point(orders, base::Offset(4));
  directory->set_log_start_offset(orders, base::Offset(2));
  EXPECT_EQ(directory->high_watermark(orders).value(), 6);
  simulation.run_for(seconds(4));
  EXPECT_EQ(content("replication-offset-checkpoint"), "");
  simulation.run_for(seconds(2));
  EXPECT_EQ(content("replication-offset-checkpoint"), "0\n1\norders 3 6\n");
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "");
  simulation.run_for(seconds(60));
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n1\norders 3 4\n");
  EXPECT_EQ(content("log-start-offset-checkpoint"), "0\n1\norders 3 2\n");
  directory.reset();
  host.cut_power();
  host.restart();
  directory = open_formatted();
  EXPECT_EQ(directory->high_watermark(orders).value(), 6);
  EXPECT_EQ(directory->recovery_point(orders).value(), 4);
  EXPECT_EQ(directory->log_start_offset(orders).value(), 2);
  EXPECT_EQ(directory->recovery_point({"unknown", 0}).value(), 0);
}

TEST_F(LogDirectoryTest, AnIdleDirectoryDoesNothing) {
  auto directory = open_formatted();
  directory->set_recovery_point(orders, base::Offset(4));
  simulation.run_for(seconds(61));
  const auto operations = host.disk().operations();
  directory->set_recovery_point(orders, base::Offset(4));
  simulation.run_for(hours(1));
  EXPECT_EQ(host.disk().operations(), operations);
}

TEST_F(LogDirectoryTest, AClosedLogsRecoveryPointCountsOnceItIsSynced) {
  auto directory = open_formatted();
  directory->set_recovery_point(orders, base::Offset(4));
  directory->set_recovery_point_at_close(orders, base::Offset(9));
  EXPECT_TRUE(directory->write_checkpoints());
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n1\norders 3 4\n");
  EXPECT_TRUE(directory->close_cleanly(1));
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n1\norders 3 9\n");
}

TEST_F(LogDirectoryTest, AForgottenPartitionLeavesTheCheckpoints) {
  auto directory = open_formatted();
  directory->set_recovery_point(orders, base::Offset(4));
  EXPECT_TRUE(directory->write_checkpoints());
  directory->forget(orders);
  EXPECT_TRUE(directory->write_checkpoints());
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n0\n");
}

TEST_F(LogDirectoryTest, ANameIsGivenAgainOnceTheCheckpointsForgotIt) {
  auto directory = open_formatted();
  directory->set_recovery_point(orders, base::Offset(4));
  EXPECT_TRUE(directory->write_checkpoints());
  directory->forget(orders);
  const base::TopicPartition other{"other", 0};
  EXPECT_TRUE(directory->settle_forgotten(other));
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n1\norders 3 4\n");
  EXPECT_TRUE(directory->settle_forgotten(orders));
  EXPECT_EQ(content("recovery-point-offset-checkpoint"), "0\n0\n");
  host.disk().inject({.operation = DiskOperation::kWrite, .path_contains = "checkpoint"});
  EXPECT_TRUE(directory->settle_forgotten(orders));
}

TEST_F(LogDirectoryTest, AMalformedCheckpointMakesTheStopUnclean) {
  auto directory = open_formatted();
  EXPECT_TRUE(directory->close_cleanly(3));
  directory.reset();
  put("recovery-point-offset-checkpoint", "0\n2\norders 3 4\n");
  EXPECT_FALSE(open()->begin().value().was_clean);
}

TEST_F(LogDirectoryTest, FindsItsPartitionsAndRemovesWhatIsMarked) {
  const std::string unique = ".0123456789abcdef0123456789abcdef";
  auto directory = open_formatted();
  for (const auto& name :
       {std::string("orders-3"), std::string("__cluster_metadata-0"), "gone-1" + unique + "-delete",
        "lost-2" + unique + "-stray", std::string("not a partition")}) {
    ASSERT_TRUE(disk().make_directories(std::string(kPath) + '/' + name));
  }
  ASSERT_TRUE(disk().write_file(std::string(kPath) + "/gone-1" + unique + "-delete/x.log", "x"));
  directory->set_recovery_point({"gone", 1}, base::Offset(4));
  directory->set_recovery_point(orders, base::Offset(7));
  const auto found = directory->find_logs().value();
  EXPECT_THAT(found.partitions, ElementsAre(orders));
  EXPECT_TRUE(found.has_metadata_log);
  EXPECT_THAT(found.left_alone, ElementsAre("lost-2" + unique + "-stray", "not a partition"));
  EXPECT_EQ(directory->recovery_point({"gone", 1}).value(), 0);
  EXPECT_EQ(directory->recovery_point(orders).value(), 7);
  EXPECT_TRUE(
      until([&] { return !disk().exists(std::string(kPath) + "/gone-1" + unique + "-delete"); }));
  EXPECT_TRUE(disk().exists(std::string(kPath) + "/lost-2" + unique + "-stray"));
}

TEST_F(LogDirectoryTest, RemovesLater) {
  auto directory = open_formatted();
  put("00000000000000000000.log.deleted", "x");
  directory->remove_later(std::string(kPath) + "/00000000000000000000.log.deleted", seconds(60));
  simulation.run_for(seconds(59));
  EXPECT_EQ(content("00000000000000000000.log.deleted"), "x");
  simulation.run_for(seconds(2));
  EXPECT_FALSE(disk().exists(std::string(kPath) + "/00000000000000000000.log.deleted"));
}

TEST_F(LogDirectoryTest, ATimerThatOutlivesTheDirectoryDoesNothing) {
  auto directory = open_formatted();
  directory->set_recovery_point(orders, base::Offset(4));
  directory->remove_later(std::string(kPath) + "/meta.properties", seconds(1));
  directory.reset();
  simulation.run_for(seconds(120));
  EXPECT_TRUE(disk().exists(std::string(kPath) + "/meta.properties"));
}

TEST_F(LogDirectoryTest, WhatArrivesDuringAFlushIsFlushedByTheNextGroup) {
  auto directory = open_formatted();
  auto log = add_fake_log(*directory, "a");
  auto other = add_fake_log(*directory, "b");
  log->during_flush = [&] {
    if (log->flushed_singly > 0) return;
    directory->request_flush(*log);
    directory->request_flush(*log);
    directory->request_flush(*other);
  };
  directory->request_flush(*log);
  EXPECT_TRUE(until([&] { return log->flushed_singly == 2 && other->flushed_singly == 1; }));
  simulation.run_for(seconds(1));
  EXPECT_EQ(log->prepared, 2);
  EXPECT_EQ(other->prepared, 1);
  directory->forget_log(*log);
  directory->forget_log(*other);
}

TEST_F(LogDirectoryTest, ManyLogsAreFlushedByOneSync) {
  constexpr std::size_t kLogs = 40;
  auto directory = open_formatted({.max_logs_flushed_singly = 16});
  std::vector<std::unique_ptr<FakeLog>> logs;
  for (std::size_t i = 0; i < kLogs; ++i) {
    logs.push_back(add_fake_log(*directory, "t" + std::to_string(i)));
  }
  int together = 0;
  for (const auto& log : logs) directory->request_flush(*log);
  const auto is_done = [&] {
    together = 0;
    for (const auto& log : logs) together += log->flushed_together;
    return together == kLogs;
  };
  EXPECT_TRUE(until(is_done));
  for (const auto& log : logs) {
    EXPECT_EQ(log->flushed_singly, 0);
    directory->forget_log(*log);
  }
}

TEST_F(LogDirectoryTest, WhatABackgroundFlushMakesReadyKeepsNobodyWaiting) {
  auto directory = open_formatted({.flush_bounds = {.max_ms = 3'600'000}});
  std::vector<std::unique_ptr<FakeLog>> logs;
  for (int i = 0; i < 3; ++i) logs.push_back(add_fake_log(*directory, std::to_string(i)));
  auto other = add_fake_log(*directory, "other");
  // The second one to be made ready asks for others' flushes, and for itself again.
  logs[1]->during_background = [&] {
    directory->request_flush(*other);
    directory->request_background_flush(*logs[1]);
    for (const auto& log : logs) EXPECT_EQ(log->prepared, 0);
    logs[1]->during_background = nullptr;
  };
  for (const auto& log : logs) directory->request_background_flush(*log);
  simulation.run_for(milliseconds(400));
  for (const auto& log : logs) EXPECT_EQ(log->prepared_in_background, 0);
  const auto are_flushed = [&] {
    return std::ranges::all_of(logs, [](const auto& log) { return log->flushed_singly == 1; });
  };
  EXPECT_TRUE(until(are_flushed));
  EXPECT_TRUE(until([&] { return logs[1]->flushed_singly == 2; }));
  EXPECT_TRUE(until([&] { return other->flushed_singly == 1; }));
  EXPECT_EQ(logs[0]->prepared_in_background, 1);
  EXPECT_EQ(logs[1]->prepared_in_background, 2);
  for (const auto& log : logs) directory->forget_log(*log);
  directory->forget_log(*other);
}

TEST_F(LogDirectoryTest, WhatIsAskedForDuringAHoldIsOneGroup) {
  auto directory = open_formatted({.max_logs_flushed_singly = 2});
  std::vector<std::unique_ptr<FakeLog>> logs;
  for (int i = 0; i < 3; ++i) logs.push_back(add_fake_log(*directory, std::to_string(i)));
  {
    FlushHold hold;
    hold.add(*directory);
    hold.add(*directory);
    for (const auto& log : logs) {
      directory->request_flush(*log);
      simulation.run_for(seconds(1));
      EXPECT_EQ(log->prepared, 0);
    }
  }
  EXPECT_TRUE(until([&] { return logs[0]->flushed_together == 1; }));
  EXPECT_EQ(directory->flush_figures().count, 1U) << "all by one sync";
  for (const auto& log : logs) directory->forget_log(*log);
}

TEST_F(LogDirectoryTest, AnotherHoldKeepsNobodyWaiting) {
  auto directory = open_formatted();
  auto log = add_fake_log(*directory, "a");
  FlushHold other;
  other.add(*directory);
  {
    FlushHold hold;
    hold.add(*directory);
    directory->request_flush(*log);
  }
  EXPECT_TRUE(until([&] { return log->flushed_singly == 1; }));
  directory->forget_log(*log);
}

TEST_F(LogDirectoryTest, AForgottenLogIsNotFlushed) {
  auto directory = open_formatted();
  auto log = add_fake_log(*directory, "a");
  auto other = add_fake_log(*directory, "b");
  directory->request_flush(*log);
  directory->request_flush(*other);
  directory->forget_log(*log);
  EXPECT_TRUE(until([&] { return other->flushed_singly == 1; }));
  EXPECT_EQ(log->prepared, 0);
  directory->forget_log(*other);
}

TEST_F(LogDirectoryTest, ForgettingWaitsForTheFlushThatRuns) {
  auto directory = open_formatted();
  auto log = add_fake_log(*directory, "a");
  directory->request_flush(*log);
  EXPECT_TRUE(until([&] { return log->prepared == 1; }));
  EXPECT_EQ(log->flushed_singly, 0) << "the flush takes its time";
  directory->forget_log(*log);
  EXPECT_EQ(log->flushed_singly, 1);
}

TEST_F(LogDirectoryTest, AFailedFlushTakesTheDirectoryOffline) {
  auto directory = open_formatted();
  std::vector<std::string> told;
  directory->set_failure_handler([&](const base::Error& error) { told.push_back(error.message); });
  auto log = add_fake_log(*directory, "a");
  auto other = add_fake_log(*directory, "b");
  host.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "a.bytes"});
  directory->request_flush(*log);
  EXPECT_TRUE(until([&] { return !told.empty(); }));
  ASSERT_TRUE(directory->failure());
  EXPECT_EQ(directory->failure()->code, base::ErrorCode::kKafkaStorageError);
  EXPECT_EQ(log->failures.size(), 1u);
  EXPECT_EQ(other->failures.size(), 1u);
  // The disk is well again: that must not count.
  directory->request_flush(*log);
  directory->request_flush(*other);
  simulation.run_for(seconds(1));
  EXPECT_EQ(log->flushed_singly + other->flushed_singly, 0);
  directory->fail({.code = base::ErrorCode::kKafkaStorageError, .message = "again"});
  simulation.run_for(seconds(1));
  EXPECT_EQ(log->failures.size(), 1u);
  EXPECT_EQ(told.size(), 1u);
  EXPECT_FALSE(directory->write_checkpoints());
  EXPECT_FALSE(directory->close_cleanly(1));
  EXPECT_FALSE(disk().exists(std::string(kPath) + "/.kafka_cleanshutdown"));
  directory->forget_log(*log);
  directory->forget_log(*other);
  EXPECT_FALSE(directory->add_log(*log));
}

TEST_F(LogDirectoryTest, AFailedCommonSyncConfirmsNothing) {
  auto directory = open_formatted({.max_logs_flushed_singly = 1});
  auto log = add_fake_log(*directory, "a");
  auto other = add_fake_log(*directory, "b");
  host.disk().inject({.operation = DiskOperation::kSyncFileSystem, .path_contains = ""});
  directory->request_flush(*log);
  directory->request_flush(*other);
  EXPECT_TRUE(until([&] { return !log->failures.empty() && !other->failures.empty(); }));
  EXPECT_EQ(log->flushed_together + other->flushed_together, 0);
  directory->forget_log(*log);
  directory->forget_log(*other);
}

TEST_F(LogDirectoryTest, AFailedCheckpointTakesTheDirectoryOffline) {
  auto directory = open_formatted();
  host.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "checkpoint"});
  directory->set_high_watermark(orders, base::Offset(5));
  EXPECT_TRUE(until([&] { return directory->failure().has_value(); }));
}

// Whenever the power goes, each checkpoint is the one before or the one after, and the directory is
// taken for clean only when everything had been written.
TEST(LogDirectoryCrashTest, APowerCutAtAnyOperationLeavesAWholeState) {
  const base::TopicPartition orders{"orders", 3};
  for (std::uint64_t cut_after = 0;; ++cut_after) {
    SimWorld simulation(cut_after + 1);
    SimHost& host = simulation.add_host("one");
    {
      auto directory = LogDirectory::open(host.world(), "/data", {}).value();
      DirectoryIdentity identity;
      identity.cluster_id = "c";
      identity.node_id = base::BrokerId(1);
      ASSERT_TRUE(directory->format(identity));
      ASSERT_TRUE(directory->begin());
      directory->set_recovery_point(orders, base::Offset(4));
      ASSERT_TRUE(directory->close_cleanly(1));
    }
    host.disk().before_operation(host.disk().operations() + cut_after, [&] { host.cut_power(); });
    std::optional<bool> was_clean;
    bool is_closed = false;
    {
      auto directory = LogDirectory::open(host.world(), "/data", {});
      if (directory) {
        const auto stop = (*directory)->begin();
        if (stop) was_clean = stop->was_clean;
        (*directory)->set_recovery_point(orders, base::Offset(9));
        is_closed = (*directory)->close_cleanly(2).has_value();
      }
    }
    const bool was_cut = !host.is_running();
    if (was_clean) {
      EXPECT_TRUE(*was_clean) << cut_after;
    }
    if (!was_cut) {
      EXPECT_TRUE(is_closed);
      break;
    }
    host.restart();
    auto directory = LogDirectory::open(host.world(), "/data", {}).value();
    const auto stop = directory->begin();
    ASSERT_TRUE(stop) << cut_after << ": " << stop.error().message;
    const std::int64_t recovery_point = directory->recovery_point(orders).value();
    EXPECT_TRUE(recovery_point == 4 || recovery_point == 9) << cut_after << ": " << recovery_point;
    if (is_closed) {
      EXPECT_TRUE(stop->was_clean) << cut_after;
    }
    if (stop->broker_epoch == 2) {
      EXPECT_EQ(recovery_point, 9) << cut_after;
    }
    if (stop->was_clean && stop->broker_epoch == 1) {
      EXPECT_FALSE(was_clean) << "the mark was gone once begin() returned";
    }
  }
}

}  // namespace
}  // namespace odradek::log::directory
