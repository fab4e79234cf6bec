// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/partitions.h"

#include <gtest/gtest.h>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;
using Brokers = std::vector<BrokerId>;

Brokers brokers(std::initializer_list<std::int32_t> ids) {
  Brokers list;
  for (const std::int32_t id : ids) list.emplace_back(id);
  return list;
}

// Brokers 1 and 2 live, 3 registered and fenced; a topic on 1 and 2, led by 1.
class Partitions : public ::testing::Test {
 protected:
  Partitions() {
    cluster_.add_broker(1);
    cluster_.add_broker(2);
    cluster_.add_broker(3, true);
    auto topic = new_topic("t", -1, -1);
    topic.assignments = {{0, brokers({1, 2})}};
    EXPECT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
  }

  const PartitionImage& partition() { return cluster_.topic("t").partitions.at(0); }
  void change(const std::function<void(wire::PartitionChangeRecord&)>& set) {
    wire::PartitionChangeRecord record;
    record.topic_id = cluster_.topic("t").id;
    record.partition_id = 0;
    set(record);
    cluster_.apply({record});
  }
  ErrorCode elect(std::int8_t type, std::int32_t index = 0, const std::string& topic = "t") {
    wire::ElectLeadersRequest request;
    request.election_type = type;
    request.topic_partitions->push_back({topic, {index}});
    auto decision = elect_leaders(cluster_.view(), request);
    cluster_.apply(decision.records);
    EXPECT_EQ(decision.reply.error_code, ErrorCode::kNone);
    return decision.reply.replica_election_results.at(0).partition_result.at(0).error_code;
  }
  ErrorCode reassign(std::optional<Brokers> replicas, bool may_change_factor = true) {
    wire::AlterPartitionReassignmentsRequest request;
    request.allow_replication_factor_change = may_change_factor;
    request.topics.push_back({"t", {{0, std::move(replicas)}}});
    auto decision = alter_partition_reassignments(cluster_.view(), request);
    cluster_.apply(decision.records);
    return decision.reply.responses.at(0).partitions.at(0).error_code;
  }
  std::size_t reassigning() {
    wire::ListPartitionReassignmentsRequest request;
    return list_partition_reassignments(cluster_.image(), request).topics.size();
  }

  TestCluster cluster_;
};

TEST_F(Partitions, ThePreferredLeaderIsElectedOnce) {
  EXPECT_EQ(elect(0), ErrorCode::kElectionNotNeeded);
  change([](auto& record) { record.leader = BrokerId(2); });
  const auto epoch = partition().leader_epoch;
  EXPECT_EQ(elect(0), ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_GT(partition().leader_epoch, epoch);
}

TEST_F(Partitions, APreferredLeaderThatIsNotInSyncIsNotElected) {
  change([](auto& record) {
    record.leader = BrokerId(2);
    record.isr = brokers({2});
  });
  EXPECT_EQ(elect(0), ErrorCode::kPreferredLeaderNotAvailable);
  EXPECT_EQ(partition().leader, BrokerId(2));
}

TEST_F(Partitions, AnUncleanElectionIsForPartitionsWithoutALeader) {
  EXPECT_EQ(elect(1), ErrorCode::kElectionNotNeeded);
  change([](auto& record) {
    record.leader = base::kNoBroker;
    record.isr = brokers({3});
  });
  EXPECT_EQ(elect(1), ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_EQ(partition().in_sync_replicas, brokers({1}));
}

TEST_F(Partitions, NobodyAliveCanBeElected) {
  change([](auto& record) {
    record.leader = base::kNoBroker;
    record.replicas = brokers({3});
    record.isr = brokers({3});
  });
  EXPECT_EQ(elect(1), ErrorCode::kEligibleLeadersNotAvailable);
}

TEST_F(Partitions, AnElectionOfWhatIsNotThereIsRefused) {
  EXPECT_EQ(elect(0, 1), ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(elect(0, 0, "no"), ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(Partitions, AnElectionOfAllAnswersOnlyWhatWasNeeded) {
  wire::ElectLeadersRequest request;
  request.topic_partitions.reset();
  const auto none = elect_leaders(cluster_.view(), request).reply.replica_election_results;
  EXPECT_TRUE(none.at(0).partition_result.empty());
  change([](auto& record) { record.leader = BrokerId(2); });
  const auto one = elect_leaders(cluster_.view(), request).reply.replica_election_results;
  EXPECT_EQ(one.at(0).partition_result.size(), 1U);
}

TEST_F(Partitions, AnElectionTypeThatDoesNotExistIsRefused) {
  wire::ElectLeadersRequest request;
  request.election_type = 2;
  request.topic_partitions->push_back({"t", {0}});
  const auto decision = elect_leaders(cluster_.view(), request);
  EXPECT_EQ(decision.reply.error_code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(decision.records.empty());
}

TEST_F(Partitions, ReassigningToTheSameReplicasChangesNothing) {
  const auto before = partition();
  EXPECT_EQ(reassign(brokers({1, 2})), ErrorCode::kNone);
  EXPECT_EQ(partition(), before);
}

TEST_F(Partitions, AReassignmentToReplicasInSyncIsReachedAtOnce) {
  EXPECT_EQ(reassign(brokers({2})), ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, brokers({2}));
  EXPECT_EQ(partition().in_sync_replicas, brokers({2}));
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().directories.size(), 1U);
  EXPECT_EQ(reassigning(), 0U);
}

TEST_F(Partitions, ANewOrderOfTheReplicasKeepsTheirDirectories) {
  const auto directories = partition().directories;
  EXPECT_EQ(reassign(brokers({2, 1})), ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, brokers({2, 1}));
  EXPECT_EQ(partition().directories, (std::vector{directories[1], directories[0]}));
  EXPECT_EQ(partition().leader, BrokerId(1));
}

TEST_F(Partitions, AReassignmentToAReplicaThatIsNotInSyncGoesOnUntilItIsTakenBack) {
  const auto before = partition();
  EXPECT_EQ(reassign(std::nullopt), ErrorCode::kNoReassignmentInProgress);
  EXPECT_EQ(reassign(brokers({1, 3})), ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, brokers({1, 3, 2}));
  EXPECT_EQ(partition().adding_replicas, brokers({3}));
  EXPECT_EQ(partition().removing_replicas, brokers({2}));
  EXPECT_EQ(reassigning(), 1U);
  EXPECT_EQ(reassign(std::nullopt), ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, brokers({1, 2}));
  EXPECT_EQ(partition().directories, before.directories);
  EXPECT_EQ(partition().leader, before.leader);
  EXPECT_EQ(reassigning(), 0U);
}

TEST_F(Partitions, AReassignmentToNonsenseIsRefused) {
  EXPECT_EQ(reassign(Brokers{}), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(reassign(brokers({1, 1})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(reassign(brokers({9})), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(reassign(brokers({1}), false), ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(reassign(brokers({2, 1}), false), ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::metadata::testing
