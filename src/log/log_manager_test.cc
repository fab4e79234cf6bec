// SPDX-License-Identifier: Apache-2.0
#include "log/log_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "env/sim/sim_world.h"
#include "log/partition_metadata.h"
#include "record/build.h"

namespace odradek::log {
namespace {

using base::ErrorCode;
using env::sim::DiskOperation;
using env::sim::SimHost;
using env::sim::SimWorld;
using testing::HasSubstr;

const LogManager::Identity kIdentity{.cluster_id = "MkU3OEVBNTcwNTJENDM2Qk",
                                     .node_id = base::BrokerId(1)};

base::TopicId topic_id(std::uint8_t number) {
  base::TopicId id;
  id.bytes[15] = number;
  id.bytes[0] = 1;
  return id;
}

NewLog new_log(const std::string& topic, std::int32_t partition, std::uint8_t id = 1) {
  return {.name = {topic, partition}, .topic_id = topic_id(id), .config = {}};
}

LogDecision known(std::uint8_t id = 1) {
  return {.is_known = true, .topic_id = topic_id(id), .config = {}};
}

class LogManagerTest : public testing::Test {
 protected:
  env::Disk& disk() { return host_.world().disk(); }

  base::Result<std::unique_ptr<LogManager>> try_open(std::vector<std::string> paths = {"/a"}) {
    LogManagerOptions options;
    options.paths = std::move(paths);
    return LogManager::open(host_.world(), std::move(options));
  }
  std::unique_ptr<LogManager> start(std::vector<std::string> paths = {"/a"}) {
    auto manager = try_open(std::move(paths));
    EXPECT_TRUE(manager) << manager.error().message;
    if (!manager) return nullptr;
    auto begun = (*manager)->begin(kIdentity);
    EXPECT_TRUE(begun) << begun.error().message;
    return std::move(*manager);
  }
  LoadSummary load(LogManager& manager, std::uint8_t id = 1) {
    auto summary = manager.load_logs([id](const base::TopicPartition&) { return known(id); });
    EXPECT_TRUE(summary) << summary.error().message;
    return summary.value_or(LoadSummary{});
  }
  std::size_t count(const std::string& path, const std::string& part) {
    const auto entries = disk().list(path).value();
    return static_cast<std::size_t>(std::ranges::count_if(
        entries, [&](const auto& entry) { return entry.name.contains(part); }));
  }
  void lose_power() {
    host_.cut_power();
    host_.restart();
  }

  SimWorld simulation_{1};
  SimHost& host_ = simulation_.add_host("one");
};

TEST_F(LogManagerTest, FormatsEmptyDirectoriesWithIdsOfTheirOwn) {
  auto manager = start({"/a", "/b/"});
  ASSERT_EQ(manager->directories().size(), 2u);
  const auto& first = *manager->directories()[0]->identity();
  const auto& second = *manager->directories()[1]->identity();
  EXPECT_EQ(first.cluster_id, kIdentity.cluster_id);
  EXPECT_EQ(second.node_id, kIdentity.node_id);
  EXPECT_FALSE(first.directory_id.is_zero());
  EXPECT_NE(first.directory_id, second.directory_id);
  EXPECT_EQ(manager->directories()[1]->path(), "/b");
  manager.reset();
  lose_power();
  auto again = try_open({"/a", "/b"});
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->identity()->cluster_id, kIdentity.cluster_id);
}

TEST_F(LogManagerTest, RefusesDirectoriesThatDisagreeAndTouchesNone) {
  start({"/a"});
  auto other = try_open({"/b"});
  ASSERT_TRUE((*other)->begin({.cluster_id = "other", .node_id = base::BrokerId(1)}));
  other = try_open({"/c"});
  ASSERT_TRUE((*other)->begin({.cluster_id = kIdentity.cluster_id, .node_id = base::BrokerId(2)}));
  other->reset();
  EXPECT_THAT(try_open({"/a", "/b"}).error().message,
              HasSubstr("log directory /b belongs to cluster other, but /a to cluster MkU3"));
  EXPECT_THAT(try_open({"/new", "/a", "/c"}).error().message,
              HasSubstr("log directory /c belongs to node 2, but /a to node 1"));
  EXPECT_FALSE(disk().exists("/new"));
  EXPECT_THAT(try_open({"/a", "/a/"}).error().message, HasSubstr("names /a twice"));
  EXPECT_THAT(try_open({}).error().message, HasSubstr("names no directory"));
}

TEST_F(LogManagerTest, TheMetadataLogMayLieInADirectoryOfItsOwn) {
  LogManagerOptions options;
  options.paths = {"/a"};
  options.metadata_path = "/m/";
  auto manager = LogManager::open(host_.world(), options).value();
  ASSERT_TRUE(manager->begin(kIdentity));
  EXPECT_EQ(manager->metadata_directory().path(), "/m");
  EXPECT_EQ(manager->metadata_directory().identity()->cluster_id, kIdentity.cluster_id);
  ASSERT_EQ(manager->directories().size(), 1u) << "it holds no partitions";
  ASSERT_TRUE(manager->stop(1));
  manager.reset();
  manager = LogManager::open(host_.world(), options).value();
  ASSERT_TRUE(manager->begin(kIdentity));
  EXPECT_TRUE(manager->was_clean(manager->metadata_directory()));
  options.paths = {"/a", "/m"};
  EXPECT_FALSE(LogManager::open(host_.world(), options)) << "it is locked";
}

TEST_F(LogManagerTest, AMetadataDirectoryAmongTheOthersIsThatOne) {
  LogManagerOptions options;
  options.paths = {"/a", "/b"};
  options.metadata_path = "/b";
  const auto manager = LogManager::open(host_.world(), options).value();
  EXPECT_EQ(&manager->metadata_directory(), manager->directories()[1].get());
}

TEST_F(LogManagerTest, RefusesACopyOfADirectory) {
  start({"/a"});
  const std::string meta = disk().read_file("/a/meta.properties").value();
  ASSERT_TRUE(disk().make_directories("/b"));
  ASSERT_TRUE(disk().write_file("/b/meta.properties", meta));
  EXPECT_THAT(try_open({"/a", "/b"}).error().message, HasSubstr("one is a copy of the other"));
}

TEST_F(LogManagerTest, RefusesAForeignCluster) {
  start({"/a"});
  auto manager = try_open({"/a"});
  ASSERT_TRUE(manager);
  auto begun = (*manager)->begin({.cluster_id = "mine", .node_id = base::BrokerId(1)});
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, ErrorCode::kInvalidConfig);
  EXPECT_THAT(begun.error().message, HasSubstr("log directory /a belongs to cluster MkU3"));
}

TEST_F(LogManagerTest, GivesAnIdToADirectoryWithoutOne) {
  ASSERT_TRUE(disk().make_directories("/a"));
  ASSERT_TRUE(disk().write_file("/a/meta.properties",
                                "version=1\nnode.id=1\ncluster.id=MkU3OEVBNTcwNTJENDM2Qk\n"));
  auto manager = start({"/a"});
  EXPECT_FALSE(manager->directories()[0]->identity()->directory_id.is_zero());
  EXPECT_THAT(disk().read_file("/a/meta.properties").value(), HasSubstr("directory.id="));
}

TEST_F(LogManagerTest, CreatesALogOnce) {
  auto manager = start();
  EXPECT_EQ(manager->get({"orders", 0}), nullptr);
  auto log = manager->get_or_create(new_log("orders", 0));
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(manager->get({"orders", 0}), *log);
  EXPECT_EQ(manager->get_or_create(new_log("orders", 0)).value(), *log);
  EXPECT_EQ(manager->get_or_create(new_log("orders", 0, 9)).error().code,
            ErrorCode::kInconsistentTopicId);
  EXPECT_EQ(read_partition_metadata(disk(), "/a/orders-0").value(), topic_id(1));
}

TEST_F(LogManagerTest, ACreatedLogSurvivesAPowerCut) {
  for (const std::int32_t partitions : {1, 40}) {
    const std::string topic = "t" + std::to_string(partitions);
    auto manager = start();
    load(*manager);
    std::vector<NewLog> logs;
    for (std::int32_t i = 0; i < partitions; ++i) logs.push_back(new_log(topic, i));
    for (const auto& created : manager->create_many(logs)) EXPECT_TRUE(created);
    host_.cut_power();
    manager.reset();
    host_.restart();
    manager = start();
    load(*manager);
    for (const NewLog& log : logs) {
      ASSERT_NE(manager->get(log.name), nullptr) << log.name.to_string();
      const auto id = read_partition_metadata(disk(), "/a/" + log.name.to_string());
      ASSERT_TRUE(id) << id.error().message;
      EXPECT_EQ(*id, log.topic_id) << log.name.to_string();
    }
  }
}

TEST_F(LogManagerTest, ManyCostOneSync) {
  auto manager = start();
  std::vector<NewLog> logs;
  for (std::int32_t i = 0; i < 100; ++i) logs.push_back(new_log("orders", i));
  host_.disk().inject(
      {.operation = DiskOperation::kSyncFileSystem, .path_contains = "", .skip = 1});
  host_.disk().inject(
      {.operation = DiskOperation::kSyncDirectory, .path_contains = "", .times = 1000});
  host_.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "", .times = 1000});
  for (const auto& created : manager->create_many(logs)) {
    EXPECT_TRUE(created) << created.error().message;
  }
  host_.disk().clear_faults();
}

TEST_F(LogManagerTest, AFailedCommonSyncCreatesNothing) {
  auto manager = start();
  host_.disk().inject({.operation = DiskOperation::kSyncFileSystem, .path_contains = ""});
  const std::vector<NewLog> logs = {new_log("orders", 0), new_log("orders", 1)};
  for (const auto& created : manager->create_many(logs)) {
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, ErrorCode::kKafkaStorageError);
  }
  EXPECT_EQ(manager->get({"orders", 0}), nullptr);
  EXPECT_TRUE(manager->directories()[0]->failure());
  EXPECT_FALSE(manager->get_or_create(new_log("orders", 2)));
}

TEST_F(LogManagerTest, SpreadsLogsOverTheDirectories) {
  auto manager = start({"/a", "/b", "/c"});
  for (std::int32_t i = 0; i < 7; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  std::multiset<std::size_t> counts;
  for (const auto* path : {"/a", "/b", "/c"}) counts.insert(count(path, "orders-"));
  EXPECT_EQ(counts, (std::multiset<std::size_t>{2, 2, 3}));
  manager->directories()[0]->fail({.code = ErrorCode::kKafkaStorageError, .message = "gone"});
  const std::size_t before = count("/a", "orders-");
  for (std::int32_t i = 7; i < 20; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  EXPECT_EQ(count("/a", "orders-"), before);
}

TEST_F(LogManagerTest, LoadsWhatItStopped) {
  auto manager = start({"/a", "/b"});
  load(*manager);
  for (std::int32_t i = 0; i < 10; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  EXPECT_TRUE(manager->stop(42));
  manager.reset();
  lose_power();
  manager = start({"/a", "/b"});
  EXPECT_EQ(manager->last_broker_epoch(), 42);
  EXPECT_TRUE(manager->was_clean(*manager->directories()[1]));
  const LoadSummary summary = load(*manager);
  EXPECT_EQ(summary.logs, 10u);
  EXPECT_EQ(summary.recovered, 0u);
  EXPECT_EQ(manager->all().size(), 10u);
  manager.reset();
  manager = start({"/a", "/b"});
  EXPECT_EQ(manager->last_broker_epoch(), -1);
  EXPECT_EQ(load(*manager).recovered, 10u);
}

TEST_F(LogManagerTest, SetsStraysAside) {
  auto manager = start();
  for (std::int32_t i = 0; i < 3; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  ASSERT_TRUE(manager->stop(1));
  manager.reset();
  manager = start();
  const auto summary = manager->load_logs([](const base::TopicPartition& name) {
    if (name.partition == 1) return LogDecision{};  // deleted
    return known(name.partition == 2 ? 7 : 1);      // 2: made anew under the same name
  });
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->logs, 1u);
  EXPECT_EQ(summary->strays, 2u);
  EXPECT_NE(manager->get({"orders", 0}), nullptr);
  EXPECT_EQ(manager->get({"orders", 2}), nullptr);
  EXPECT_EQ(count("/a", "-stray"), 2u);
  EXPECT_TRUE(manager->get_or_create(new_log("orders", 2, 7)));
}

TEST_F(LogManagerTest, TakesUpACreationThatFailedHalfWay) {
  auto manager = start();
  host_.disk().inject({.operation = DiskOperation::kWrite, .path_contains = "partition.metadata"});
  ASSERT_FALSE(manager->get_or_create(new_log("orders", 0)));
  EXPECT_TRUE(manager->directories()[0]->failure());
  manager.reset();
  manager = start();
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 0)));
  EXPECT_EQ(read_partition_metadata(disk(), "/a/orders-0").value(), topic_id(1));
}

TEST_F(LogManagerTest, GivesItsIdToAPartitionWithoutOne) {
  auto manager = start();
  ASSERT_TRUE(disk().make_directories("/a/old-0"));
  EXPECT_EQ(load(*manager, 5).logs, 1u);
  EXPECT_EQ(read_partition_metadata(disk(), "/a/old-0").value(), topic_id(5));
}

TEST_F(LogManagerTest, ADirectoryWithABadLogGoesOfflineAlone) {
  auto manager = start({"/a", "/b"});
  for (std::int32_t i = 0; i < 4; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  ASSERT_TRUE(manager->stop(1));
  manager.reset();
  manager = start({"/a", "/b"});
  host_.disk().inject({.operation = DiskOperation::kRead, .path_contains = "/b/orders"});
  EXPECT_EQ(load(*manager).logs, 2u);
  EXPECT_FALSE(manager->directories()[0]->failure());
  EXPECT_TRUE(manager->directories()[1]->failure());
  EXPECT_FALSE(manager->stop(2)) << "not every directory was closed cleanly";
  EXPECT_TRUE(disk().exists("/a/.kafka_cleanshutdown"));
  EXPECT_FALSE(disk().exists("/b/.kafka_cleanshutdown"));
}

TEST_F(LogManagerTest, OfAPartitionInTwoDirectoriesTheOneThatGoesOnIsKept) {
  auto manager = start({"/a", "/b"});
  for (const auto& [path, size] : {std::pair("/a/orders-0", 61), std::pair("/b/orders-0", 70)}) {
    ASSERT_TRUE(disk().make_directories(path));
    ASSERT_TRUE(disk().write_file(std::string(path) + "/00000000000000000000.log",
                                  std::string(static_cast<std::size_t>(size), 'x')));
  }
  // Of different topics neither is chosen by its size.
  ASSERT_TRUE(write_partition_metadata(disk(), "/a/orders-0", topic_id(1)));
  ASSERT_TRUE(write_partition_metadata(disk(), "/b/orders-0", topic_id(2)));
  EXPECT_EQ(load(*manager).logs, 1u);
  EXPECT_EQ(&manager->get({"orders", 0})->directory(), manager->directories()[0].get());
  EXPECT_EQ(count("/b", "-stray"), 1u);
  manager.reset();
  // What holds less is removed; what holds something of its own is set aside.
  for (const bool is_covered : {true, false}) {
    ASSERT_TRUE(disk().make_directories("/b/orders-0"));
    ASSERT_TRUE(write_partition_metadata(disk(), "/b/orders-0", topic_id(1)));
    ASSERT_TRUE(disk().write_file("/a/orders-0/00000000000000000005.log", "xx"));
    const std::string file = is_covered ? "00000000000000000005.log" : "00000000000000000003.log";
    ASSERT_TRUE(disk().write_file("/b/orders-0/" + file, "x"));
    manager = start({"/a", "/b"});
    EXPECT_EQ(load(*manager).logs, 1u);
    EXPECT_EQ(&manager->get({"orders", 0})->directory(), manager->directories()[0].get());
    EXPECT_EQ(count("/b", "-stray"), is_covered ? 1u : 2u);
    EXPECT_FALSE(disk().exists("/b/orders-0"));
    manager.reset();
  }
}

TEST_F(LogManagerTest, AMoveThatACrashInterruptedGoesOn) {
  auto manager = start({"/a", "/b"});
  manager->mover().set_rate(0);
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 0)));
  ASSERT_TRUE(manager->begin_move({"orders", 0}, *manager->directories()[1]));
  EXPECT_EQ(count("/b", "-future"), 1u);
  manager.reset();
  host_.kill();
  host_.restart();
  ASSERT_TRUE(disk().make_directories("/a/gone-3.0123456789abcdef0123456789abcdef-future"));
  manager = start({"/a", "/b"});
  EXPECT_EQ(manager
                ->load_logs([](const base::TopicPartition& name) {
                  return name.topic == "orders" ? known() : LogDecision();
                })
                .value()
                .logs,
            1u);
  EXPECT_TRUE(simulation_.run_until([&] { return disk().exists("/b/orders-0"); },
                                    std::chrono::seconds(10)));
  simulation_.run_for(std::chrono::minutes(2));
  EXPECT_EQ(&manager->get({"orders", 0})->directory(), manager->directories()[1].get());
  for (const std::string path : {"/a", "/b"}) {
    EXPECT_EQ(count(path, "-future"), 0u);
    EXPECT_EQ(count(path, "-delete"), 0u);
  }
}

TEST_F(LogManagerTest, NewLogsKeepOutOfCordonedDirectoriesAndGoWhereTheyAreWanted) {
  auto manager = start({"/a", "/b", "/c"});
  manager->set_cordoned({"/a"});
  EXPECT_TRUE(manager->is_cordoned(*manager->directories()[0]));
  manager->prefer({"orders", 7}, *manager->directories()[2]);
  for (std::int32_t i = 0; i < 9; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  EXPECT_EQ(count("/a", "orders"), 0u);
  EXPECT_TRUE(disk().exists("/c/orders-7"));
  manager->set_cordoned({"*"});
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 9)));
  manager->set_cordoned({});
  EXPECT_FALSE(manager->is_cordoned(*manager->directories()[0]));
  for (std::int32_t i = 10; i < 13; ++i) ASSERT_TRUE(manager->get_or_create(new_log("orders", i)));
  EXPECT_GT(count("/a", "orders"), 2u);
}

TEST_F(LogManagerTest, RemovesALog) {
  auto manager = start();
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 0)));
  EXPECT_TRUE(manager->remove({"orders", 0}));
  EXPECT_TRUE(manager->remove({"orders", 0})) << "there is none";
  EXPECT_EQ(manager->get({"orders", 0}), nullptr);
  EXPECT_EQ(count("/a", "-delete"), 1u);
  EXPECT_TRUE(
      simulation_.run_until([&] { return count("/a", "-delete") == 0; }, std::chrono::minutes(2)));
  EXPECT_TRUE(manager->get_or_create(new_log("orders", 0, 2)));
}

TEST_F(LogManagerTest, ATaskComesRoundInEachDirectoryThatHasNotFailed) {
  auto manager = start({"/a", "/b"});
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 0)));
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 1)));
  std::map<std::string, std::vector<std::size_t>> seen;
  manager->add_task(
      {.name = "look", .interval = std::chrono::seconds(1), .first_delay = std::chrono::seconds(1)},
      [&](directory::LogDirectory& directory, const housekeeping::Round&) {
        seen[directory.path()].push_back(manager->logs_in(directory).size());
      });
  ASSERT_TRUE(simulation_.run_until([&] { return seen.size() == 2; }, std::chrono::seconds(2)));
  EXPECT_THAT(seen["/a"], testing::ElementsAre(1));
  manager->directories()[1]->fail({.code = ErrorCode::kKafkaStorageError, .message = "gone"});
  seen.clear();
  manager->housekeeper().run_now("look");
  EXPECT_THAT(seen, testing::ElementsAre(testing::Key("/a")));
  ASSERT_FALSE(manager->stop(-1)) << "of the one that failed";
  seen.clear();
  simulation_.run_for(std::chrono::seconds(5));
  EXPECT_TRUE(seen.empty());
}

// Records of now that retention.ms=1 h keeps, in a log that stands at them.
class LogManagerRetentionTest : public LogManagerTest {
 protected:
  LogManagerRetentionTest() {
    NewLog wanted = new_log("orders", 0);
    wanted.config.retention_ms = 3600000;
    log_ = manager_->get_or_create(wanted).value();
    record::BatchBuilder builder;
    builder.append(host_.world().clock().wall(), std::nullopt, base::as_bytes("value"));
    EXPECT_TRUE(log_->append(builder.build(), base::LeaderEpoch(0), AppendOrigin::kClient));
    log_->write_out();
    EXPECT_TRUE(simulation_.run_until([&] { return log_->flushed_end_offset().value() == 1; },
                                      std::chrono::seconds(1)));
    log_->directory().set_high_watermark(log_->name(), base::Offset(1));
    manager_->begin_housekeeping({.initial_delay_ms = 1000, .retention_check_interval_ms = 60000});
  }
  ~LogManagerRetentionTest() override { EXPECT_TRUE(manager_->stop(-1)); }
  bool is_deleted() const { return log_->log_start_offset().value() == 1; }

  std::unique_ptr<LogManager> manager_ = start();
  std::shared_ptr<Log> log_;
};

TEST_F(LogManagerRetentionTest, RecordsGoWithinAnIntervalOfTheirTime) {
  simulation_.run_for(std::chrono::minutes(60));
  EXPECT_FALSE(is_deleted());
  simulation_.run_for(std::chrono::seconds(65));
  EXPECT_TRUE(is_deleted());
}

TEST_F(LogManagerRetentionTest, AWallClockThatJumpsDeletesNothingForAnInterval) {
  simulation_.run_for(std::chrono::minutes(3));
  host_.jump_wall_clock(std::chrono::hours(24));
  simulation_.run_for(std::chrono::seconds(30));
  EXPECT_FALSE(is_deleted());
  manager_->housekeeper().run_now(kRetentionTask);
  EXPECT_FALSE(is_deleted()) << "nor when it is asked for meanwhile";
  host_.jump_wall_clock(std::chrono::hours(-24));
  simulation_.run_for(std::chrono::minutes(5));
  EXPECT_FALSE(is_deleted()) << "the clock was put right";
  host_.jump_wall_clock(std::chrono::hours(24));
  simulation_.run_for(std::chrono::seconds(125));
  EXPECT_TRUE(is_deleted()) << "it stayed so";
}

TEST_F(LogManagerTest, GivesAConfigurationToATopicsLogs) {
  auto manager = start();
  ASSERT_TRUE(manager->get_or_create(new_log("orders", 0)));
  ASSERT_TRUE(manager->get_or_create(new_log("orders-2", 0)));
  LogConfig config;
  config.segment_bytes = 4096;
  manager->set_config("orders", config);
  EXPECT_EQ(manager->get({"orders", 0})->config().segment_bytes, 4096);
  EXPECT_EQ(manager->get({"orders-2", 0})->config().segment_bytes, LogConfig{}.segment_bytes);
}

}  // namespace
}  // namespace odradek::log
