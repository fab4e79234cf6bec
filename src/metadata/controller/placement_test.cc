// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/placement.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;

ReplicaList ids(std::initializer_list<std::int32_t> numbers) {
  ReplicaList list;
  for (const std::int32_t number : numbers) list.emplace_back(number);
  return list;
}

class Placement : public ::testing::Test {
 protected:
  void add(std::int32_t id, std::optional<std::string> rack = std::nullopt, bool fenced = false) {
    wire::RegisterBrokerRecord record;
    record.broker_id = BrokerId(id);
    record.rack = std::move(rack);
    record.fenced = fenced;
    cluster_.apply({record});
  }
  std::vector<ReplicaList> place(std::int32_t partitions, std::int16_t factor) {
    auto placed = ReplicaPlacer(cluster_.image()).place(partitions, factor);
    EXPECT_TRUE(placed) << placed.error().message;
    return placed ? *placed : std::vector<ReplicaList>{};
  }
  base::Error refusal(std::int16_t factor) {
    const auto placed = ReplicaPlacer(cluster_.image()).place(1, factor);
    EXPECT_FALSE(placed);
    return placed ? base::Error{} : placed.error();
  }
  void create(const std::string& name, std::int32_t partitions = 1, std::int16_t factor = 1) {
    EXPECT_EQ(cluster_.create(new_topic(name, partitions, factor)).error_code, ErrorCode::kNone);
  }
  std::map<BrokerId, int> leaderships() {
    std::map<BrokerId, int> counts;
    cluster_.image().topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
      for (const auto& partition : topic->partitions) ++counts[partition.leader];
    });
    return counts;
  }

  TestCluster cluster_;
};

TEST_F(Placement, GoesRoundTheBrokers) {
  for (int id = 0; id < 3; ++id) add(id);
  EXPECT_EQ(place(4, 2), (std::vector{ids({0, 1}), ids({1, 2}), ids({2, 0}), ids({0, 1})}));
  EXPECT_EQ(place(1, 3).at(0), ids({0, 1, 2}));
}

TEST_F(Placement, ManyTopicsOfOnePartitionSpreadEvenly) {
  for (int id = 0; id < 3; ++id) add(id);
  for (int i = 0; i < 30; ++i) create("t" + std::to_string(i), 1, 2);
  for (const auto& [id, count] : leaderships()) EXPECT_EQ(count, 10) << id.value();
}

TEST_F(Placement, TopicsThatComeAndGoStaySpread) {
  for (int id = 0; id < 3; ++id) add(id);
  for (int i = 0; i < 30; ++i) {
    create("t" + std::to_string(i));
    if (i < 6) continue;
    wire::DeleteTopicsRequest request;
    request.topics.push_back({"t" + std::to_string(i - 6), {}});
    EXPECT_EQ(cluster_.remove(request).responses.at(0).error_code, ErrorCode::kNone);
  }
  for (const auto& [id, count] : leaderships()) EXPECT_NEAR(count, 2, 1) << id.value();
}

TEST_F(Placement, TopicsOfOneRequestCountOn) {
  for (int id = 0; id < 3; ++id) add(id);
  wire::CreateTopicsRequest request;
  for (const char* name : {"a", "b", "c"}) request.topics.push_back(new_topic(name));
  cluster_.create(request);
  EXPECT_EQ(leaderships().size(), 3U);
}

TEST_F(Placement, RacksAlternate) {
  add(0, "a");
  add(1, "a");
  add(2, "b");
  add(3, "b");
  for (const ReplicaList& replicas : place(8, 2)) {
    EXPECT_NE(replicas[0].value() / 2, replicas[1].value() / 2);
  }
  for (const ReplicaList& replicas : place(8, 3)) {
    EXPECT_EQ(std::set<BrokerId>(replicas.begin(), replicas.end()).size(), 3U);
  }
}

TEST_F(Placement, RacksOfDifferentSizesAreAllUsed) {
  add(0, "a");
  add(1, "a");
  add(2, "a");
  add(3, "b");
  std::map<BrokerId, int> first;
  for (const ReplicaList& replicas : place(8, 2)) {
    ++first[replicas[0]];
    EXPECT_TRUE((replicas[0] == BrokerId(3)) != (replicas[1] == BrokerId(3)));
  }
  for (const auto& [id, count] : first) EXPECT_EQ(count, 2) << id.value();
}

TEST_F(Placement, FencedBrokersOnlyFillUp) {
  add(0);
  add(1, std::nullopt, true);
  add(2);
  for (const ReplicaList& replicas : place(4, 2)) EXPECT_FALSE(contains(replicas, BrokerId(1)));
  for (const ReplicaList& replicas : place(4, 3)) EXPECT_EQ(replicas[2], BrokerId(1));
}

TEST_F(Placement, WhatCannotBePlacedIsRefusedInKafkasWords) {
  EXPECT_EQ(refusal(1).code, ErrorCode::kInvalidReplicationFactor);
  add(0, std::nullopt, true);
  EXPECT_EQ(refusal(1).message,
            "All brokers are currently fenced, or have all their log directories cordoned "
            "(cordoned.log.dirs).");
  add(1);
  const auto error = refusal(3);
  EXPECT_EQ(error.code, ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(error.message,
            "The target replication factor of 3 cannot be reached because only 2 broker(s) are "
            "registered.");
}

TEST_F(Placement, ABrokerThatShutsDownGetsNothing) {
  add(0);
  add(1);
  wire::BrokerRegistrationChangeRecord change;
  change.broker_id = BrokerId(1);
  change.in_controlled_shutdown = 1;
  cluster_.apply({change});
  EXPECT_EQ(place(2, 1), (std::vector{ids({0}), ids({0})}));
  EXPECT_EQ(refusal(2).code, ErrorCode::kInvalidReplicationFactor);
}

TEST_F(Placement, AnAssignmentByHandIsChecked) {
  add(0);
  add(1, std::nullopt, true);
  const auto message = [&](const ReplicaList& replicas) {
    const auto valid = check_new_assignment(cluster_.image(), 4, replicas);
    if (!valid) {
      EXPECT_EQ(valid.error().code, ErrorCode::kInvalidReplicaAssignment);
    }
    return valid ? std::string() : valid.error().message;
  };
  EXPECT_EQ(message(ids({0, 1})), "");
  EXPECT_EQ(message({}), "The manual partition assignment includes an empty replica list.");
  EXPECT_EQ(message(ids({0, 7})),
            "The manual partition assignment includes broker 7, but no such broker is registered.");
  EXPECT_EQ(message(ids({0, 0})),
            "The manual partition assignment includes the broker 0 more than once.");
  EXPECT_EQ(message(ids({1})),
            "All brokers specified in the manual partition assignment for partition 4 are fenced "
            "or in controlled shutdown.");
}

}  // namespace
}  // namespace odradek::metadata::testing
