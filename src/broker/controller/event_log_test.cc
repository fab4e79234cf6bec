// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "broker/controller/events_page.h"
#include "env/linux/linux_world.h"

namespace odradek::broker {
namespace {

using base::BrokerId;
using testing::HasSubstr;
using testing::Not;

metadata::Event fence(std::int32_t broker) {
  return metadata::BrokerEvent{BrokerId(broker),
                               broker,
                               metadata::BrokerStep::kFenced,
                               {metadata::Reason::kSessionExpired, BrokerId(broker), 9000}};
}

metadata::Event election(const std::string& topic, std::int32_t partition) {
  metadata::PartitionEvent event;
  event.topic = topic;
  event.partition = partition;
  event.partition_count = 1;
  event.election = metadata::Election::kClean;
  event.leader_before = BrokerId(1);
  event.leader = BrokerId(2);
  event.cause = {metadata::Reason::kControlledShutdown, BrokerId(1)};
  return event;
}

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() { std::filesystem::create_directories(directory_); }
  ~EventLogTest() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<EventLog> open(std::int64_t max_bytes = 65536) {
    return std::make_unique<EventLog>(world_,
                                      EventLog::Options{directory_, max_bytes, BrokerId(1)});
  }
  std::uintmax_t size(std::string_view file) const {
    const auto path = std::filesystem::path(directory_) / file;
    return std::filesystem::exists(path) ? std::filesystem::file_size(path) : 0;
  }

  const std::string directory_ = testing::TempDir() + "/event_log";
  env::LinuxWorld world_{{.loop_count = 1, .worker_threads = 1}};
};

TEST_F(EventLogTest, AnotherRunKnowsWhatTheOneBeforeDecided) {
  {
    auto log = open();
    log->add({fence(3), election("orders", 0)});
    log->flush();
  }
  auto log = open();
  log->add({election("orders", 1)});
  const std::string topic = log->find({.topic = "orders"});
  EXPECT_THAT(topic, HasSubstr("orders-0: leader 2 (was 1)"));
  EXPECT_LT(topic.find("orders-0:"), topic.find("orders-1:"));
  EXPECT_THAT(topic, Not(HasSubstr("fenced")));
  EXPECT_THAT(log->find({.broker = BrokerId(3)}), HasSubstr("broker 3 was silent for 9000 ms"));
  EXPECT_EQ(log->find({.topic = "others"}), "");
}

TEST_F(EventLogTest, TheOldestGoWhereThereIsNoRoom) {
  constexpr std::int64_t kMaxBytes = 4096;
  auto log = open(kMaxBytes);
  for (std::int32_t i = 0; i < 200; ++i) log->add({fence(i)});
  log->flush();
  EXPECT_LE(size(metadata::kEventFile) + size(metadata::kOlderEventFile), kMaxBytes);
  EXPECT_GT(size(metadata::kOlderEventFile), 0U);
  const auto shown = [](const EventLog& of, std::int32_t broker) {
    return !of.find({.broker = BrokerId(broker)}).empty();
  };
  EXPECT_TRUE(shown(*log, 199));
  EXPECT_FALSE(shown(*log, 0));
  log = open(kMaxBytes);
  EXPECT_TRUE(shown(*log, 199));
  EXPECT_FALSE(shown(*log, 0));
}

TEST_F(EventLogTest, ADecisionLargerThanTheBoundKeepsItsLastLines) {
  constexpr std::int64_t kMaxBytes = 4096;
  auto log = open(kMaxBytes);
  std::vector<metadata::Event> events;
  for (std::int32_t i = 0; i < 500; ++i) events.push_back(election("orders", i));
  log->add(events);
  log->flush();
  EXPECT_LE(size(metadata::kEventFile) + size(metadata::kOlderEventFile), kMaxBytes);
  EXPECT_THAT(open(kMaxBytes)->find({}), HasSubstr("orders-499:"));
}

TEST_F(EventLogTest, ALineThatWasCutIsForgotten) {
  {
    auto log = open();
    log->add({fence(3)});
    log->flush();
  }
  std::ofstream(directory_ + "/events.log", std::ios::app) << "1700000000000\t1\tbro";
  {
    auto log = open();
    log->add({fence(4)});
    log->flush();
  }
  const std::string all = open()->find({});
  EXPECT_EQ(std::ranges::count(all, '\n'), 2);
  EXPECT_THAT(all, HasSubstr("broker 4 was silent"));
}

TEST_F(EventLogTest, MemoryKnowsThemWhereTheDiskFails) {
  auto log = open();
  std::filesystem::remove_all(directory_);
  log->add({fence(3)});
  log->flush();
  EXPECT_THAT(log->find({.broker = BrokerId(3)}), HasSubstr("was silent"));
}

TEST_F(EventLogTest, EachIsCountedByItsCause) {
  auto log = open();
  log->add({fence(3), fence(4), election("__consumer_offsets", 0)});
  const auto counts = log->counts();
  EXPECT_EQ(counts.fences[static_cast<std::size_t>(metadata::Reason::kSessionExpired)], 2U);
  EXPECT_EQ(counts.elections[static_cast<std::size_t>(metadata::Election::kClean)], 1U);
  EXPECT_EQ(counts.group_moves, 1U);
}

TEST_F(EventLogTest, ThePageTakesNamesAsTheyAreEncoded) {
  auto log = open();
  log->add({fence(3), election("orders", 0), election("__consumer_offsets", 0)});
  EXPECT_THAT(events_page(*log, "topic=ord%65rs").body, HasSubstr("orders-0"));
  EXPECT_THAT(events_page(*log, "broker=3").body, HasSubstr("fenced"));
  EXPECT_THAT(events_page(*log, "group=a+b%2F").body, HasSubstr("the groups of"));
  EXPECT_EQ(std::ranges::count(events_page(*log, "").body, '\n'), 4);
  for (const char* query : {"broker=x", "broker", "planet=3", "topic=a&x"}) {
    EXPECT_EQ(events_page(*log, query).status, 400U) << query;
  }
}

}  // namespace
}  // namespace odradek::broker
