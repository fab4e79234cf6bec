// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/cluster.h"

#include <gtest/gtest.h>

#include <memory>
#include <variant>
#include <vector>

#include "metadata/image_builder.h"
#include "metadata/record.h"

namespace odradek::metadata {
namespace {

constexpr base::BrokerId kBroker(1);
constexpr base::BrokerId kOther(2);
const base::TopicId kTopic = base::Uuid::from_random(1, 2);

wire::PartitionRecord leaderless() {
  wire::PartitionRecord record;
  record.partition_id = 0;
  record.topic_id = kTopic;
  record.replicas = {kBroker};
  record.leader = base::kNoBroker;
  return record;
}

std::shared_ptr<const ClusterImage> image_with(const wire::PartitionRecord& partition) {
  wire::TopicRecord topic;
  topic.name = "orders";
  topic.topic_id = kTopic;
  ImageBuilder builder(std::make_shared<ClusterImage>());
  EXPECT_TRUE(builder.replay(topic).has_value());
  EXPECT_TRUE(builder.replay(partition).has_value());
  return builder.build(base::Offset(2), base::LeaderEpoch(1));
}

// The partition once the records for the start have been replayed.
PartitionImage after_start(const wire::PartitionRecord& partition) {
  const auto image = image_with(partition);
  ImageBuilder builder(image);
  for (const auto& record : lead_on_start(*image, kBroker)) {
    EXPECT_TRUE(builder.replay(record).has_value());
  }
  return builder.build(base::Offset(3), base::LeaderEpoch(1))->find_topic(kTopic)->partitions[0];
}

TEST(LeadOnStartTest, InSyncReplicaLeads) {
  auto partition = leaderless();
  partition.isr = {kBroker};
  const PartitionImage after = after_start(partition);
  EXPECT_EQ(after.leader, kBroker);
  EXPECT_EQ(after.leader_epoch, base::LeaderEpoch(partition.leader_epoch.value() + 1));
}

TEST(LeadOnStartTest, EligibleReplicaLeadsAndIsInSync) {
  auto partition = leaderless();
  partition.eligible_leader_replicas = {kBroker};
  partition.last_known_elr = {kBroker};
  const PartitionImage after = after_start(partition);
  EXPECT_EQ(after.leader, kBroker);
  EXPECT_EQ(after.in_sync_replicas, std::vector{kBroker});
  EXPECT_TRUE(after.eligible_leader_replicas.empty());
  EXPECT_TRUE(after.last_known_eligible_leader_replicas.empty());
}

TEST(LeadOnStartTest, LastKnownReplicaLeadsWhenNoneIsEligible) {
  auto partition = leaderless();
  partition.last_known_elr = {kBroker};
  EXPECT_EQ(after_start(partition).leader, kBroker);
}

TEST(LeadOnStartTest, ReplicaThatMayHaveLessDoesNotLead) {
  auto partition = leaderless();
  partition.replicas = {kBroker, kOther};
  partition.isr = {kOther};
  partition.last_known_elr = {kBroker};
  EXPECT_EQ(after_start(partition).leader, base::kNoBroker);
}

TEST(LeadOnStartTest, LeaderStays) {
  auto partition = leaderless();
  partition.leader = kBroker;
  partition.isr = {kBroker};
  EXPECT_TRUE(lead_on_start(*image_with(partition), kBroker).empty());
}

}  // namespace
}  // namespace odradek::metadata
