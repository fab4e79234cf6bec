// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/event_line.h"

#include <gtest/gtest.h>

namespace odradek::metadata {
namespace {

using base::BrokerId;

PartitionEvent election(std::string topic, std::int32_t partition) {
  PartitionEvent event;
  event.topic = std::move(topic);
  event.partition = partition;
  event.partition_count = 50;
  event.election = Election::kClean;
  event.leader_before = BrokerId(1);
  event.leader = BrokerId(2);
  event.in_sync_before = {BrokerId(1), BrokerId(2), BrokerId(3)};
  event.in_sync = {BrokerId(2), BrokerId(3)};
  event.cause = {Reason::kSessionExpired, BrokerId(1), 9001};
  return event;
}

std::optional<EventLine> read_back(const EventLine& line) {
  std::string text = to_text(line);
  EXPECT_EQ(text.back(), '\n');
  text.pop_back();
  return parse_event_line(text);
}

TEST(EventLineTest, IsReadAsItWasWritten) {
  const auto partition = lines_of(election("orders-eu", 3), 1'700'000'000'123, BrokerId(2));
  ASSERT_EQ(partition.size(), 1U);
  EXPECT_EQ(read_back(partition[0]), partition[0]);
  EXPECT_EQ(partition[0].topic, "orders-eu");
  EXPECT_EQ(partition[0].reason, "session_expired");
  EXPECT_NE(partition[0].text.find("was silent for 9001 ms"), std::string::npos);

  const BrokerEvent fence{
      BrokerId(3), 7, BrokerStep::kFenced, {Reason::kConnectionRefused, BrokerId(3)}};
  const auto broker = lines_of(fence, 5, BrokerId(1));
  ASSERT_EQ(broker.size(), 1U);
  EXPECT_EQ(read_back(broker[0]), broker[0]);
}

TEST(EventLineTest, GroupsMoveWithTheLeaderOfTheirPartition) {
  const auto lines = lines_of(election("__consumer_offsets", 36), 5, BrokerId(2));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(read_back(lines[1]), lines[1]);
  EXPECT_EQ(lines[1].text,
            "the groups of __consumer_offsets-36 moved from broker 1 to broker 2, because broker 1 "
            "was silent for 9001 ms");
  auto same = election("__consumer_offsets", 36);
  same.leader_before = same.leader;
  EXPECT_EQ(lines_of(same, 5, BrokerId(2)).size(), 1U);
}

TEST(EventLineTest, ANewOrderOfTheReplicasIsSaid) {
  PartitionEvent event;
  event.topic = "orders";
  event.partition = 3;
  event.replicas = {BrokerId(2), BrokerId(1)};
  event.cause = {Reason::kAskedByAdmin};
  EXPECT_EQ(describe(event), "orders-3: replicas [2, 1]; because a client asked for it");
}

TEST(EventLineTest, AQueryFindsItsOwn) {
  const auto topic = lines_of(election("orders", 3), 5, BrokerId(2))[0];
  EXPECT_TRUE(EventQuery{}.matches(topic));
  EXPECT_TRUE(EventQuery{.topic = "orders"}.matches(topic));
  EXPECT_FALSE(EventQuery{.topic = "order"}.matches(topic));
  EXPECT_TRUE(EventQuery{.broker = BrokerId(1)}.matches(topic));
  EXPECT_FALSE(EventQuery{.broker = BrokerId(3)}.matches(topic));  // in sync before and after
  EXPECT_FALSE(EventQuery{.group = "orders"}.matches(topic));
  const auto groups = lines_of(election("__consumer_offsets", 36), 5, BrokerId(2))[1];
  int found = 0;
  for (int i = 0; i < 500; ++i) {
    if (EventQuery{.group = "group-" + std::to_string(i)}.matches(groups)) ++found;
  }
  EXPECT_GT(found, 0);
  EXPECT_LT(found, 50);
}

TEST(EventLineTest, WhatIsNoLineIsNone) {
  for (const char* text :
       {"", "5", "5\t1\tbroker\t1\t1\tnew", "x\t1\tbroker\t1\t1\tnew\ttext",
        "5\t1\tplanet\t1\t1\tnew\ttext", "5\t1\tpartition\torders\t1\tnew\ttext",
        "5\t1\tgroups\torders-1\t1\tnew\ttext", "5\t1\tgroups\torders-1/0\t1\tnew\ttext",
        "5\t1\tbroker\t1\t1,x\tnew\ttext"}) {
    EXPECT_FALSE(parse_event_line(text)) << text;
  }
}

}  // namespace
}  // namespace odradek::metadata
