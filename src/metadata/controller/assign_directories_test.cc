// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "metadata/controller/directories.h"
#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;

TEST(AssignDirectories, OnlyWhatDiffersChanges) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2);
  cluster.add_broker(3);
  auto topic = new_topic("t", -1, -1);
  topic.assignments = {{0, {BrokerId(2), BrokerId(1)}}, {1, {BrokerId(2), BrokerId(3)}}};
  ASSERT_EQ(cluster.create(topic).error_code, base::ErrorCode::kNone);
  const TopicImage before = cluster.topic("t");
  const std::vector<DirectoryAssignment> assignments = {{before.id, 0, uuid(5)},
                                                        {before.id, 1, uuid(5)},
                                                        {before.id, 7, uuid(5)},
                                                        {uuid(9), 0, uuid(5)}};
  cluster.apply(assign_directories(cluster.image(), BrokerId(1), assignments));
  const TopicImage after = cluster.topic("t");
  EXPECT_EQ(after.partitions[0].directories,
            (std::vector<base::Uuid>{before.partitions[0].directories[0], uuid(5)}));
  EXPECT_EQ(after.partitions[0].leader_epoch, before.partitions[0].leader_epoch);
  EXPECT_EQ(after.partitions[0].partition_epoch, before.partitions[0].partition_epoch + 1);
  EXPECT_EQ(after.partitions[1], before.partitions[1]);
  EXPECT_TRUE(assign_directories(cluster.image(), BrokerId(1), assignments).empty());
}

AssignReplicasDecision say(TestCluster& cluster, std::int32_t broker, const base::Uuid& directory) {
  wire::AssignReplicasToDirsRequest request;
  request.broker_id = BrokerId(broker);
  request.broker_epoch = cluster.image().find_broker(BrokerId(broker))->epoch;
  request.directories.push_back({directory, {{cluster.topic("t").id, {{0}}}}});
  auto decision = assign_replicas_to_dirs(cluster.view(), request);
  cluster.apply(decision.records);
  return decision;
}

base::ErrorCode code_of(const AssignReplicasDecision& decision) {
  return decision.reply.directories.at(0).topics.at(0).partitions.at(0).error_code;
}

// A damaged replica is counted on by nobody, as long as anybody else has what it had.
TEST(AssignDirectories, ADamagedReplicaNeitherLeadsNorIsInSyncNorEligible) {
  TestCluster cluster;
  for (int id = 1; id <= 3; ++id) cluster.add_broker(id);
  auto topic = new_topic("t", -1, -1, {{"min.insync.replicas", "3"}});
  topic.assignments = {{0, {BrokerId(1), BrokerId(2), BrokerId(3)}}};
  ASSERT_EQ(cluster.create(topic).error_code, base::ErrorCode::kNone);
  const auto partition = [&] { return cluster.topic("t").partitions.at(0); };
  const auto directory = partition().directories.at(0);
  const auto first = say(cluster, 1, base::kDirectoryLost);
  EXPECT_EQ(code_of(first), base::ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, (ReplicaList{BrokerId(2), BrokerId(3)}));
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
  ASSERT_EQ(first.events.size(), 1U);
  EXPECT_NE(describe(first.events[0]).find("broker 1 found its replica damaged"),
            std::string::npos);

  EXPECT_EQ(code_of(say(cluster, 3, base::kDirectoryLost)), base::ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, ReplicaList{BrokerId(2)});

  // The last one keeps what it has, damaged as it is.
  const auto last = say(cluster, 2, base::kDirectoryLost);
  EXPECT_EQ(code_of(last), base::ErrorCode::kEligibleLeadersNotAvailable);
  EXPECT_TRUE(last.records.empty());

  cluster.apply(fence_broker(cluster.view(), BrokerId(2), {Reason::kSessionExpired}).records);
  EXPECT_EQ(partition().leader, base::kNoBroker) << "a damaged replica leads";
  EXPECT_EQ(code_of(say(cluster, 1, directory)), base::ErrorCode::kNone);
  EXPECT_EQ(partition().directories.at(0), directory);
  EXPECT_EQ(partition().leader, base::kNoBroker) << "it has not been in sync since";
  cluster.apply(unfence_broker(cluster.view(), BrokerId(2), {Reason::kBrokerCaughtUp}).records);
  EXPECT_EQ(partition().leader, BrokerId(2));
}

}  // namespace
}  // namespace odradek::metadata::testing
