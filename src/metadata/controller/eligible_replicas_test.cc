// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/eligible_replicas.h"

#include <gtest/gtest.h>

#include "metadata/controller/broker_change.h"
#include "metadata/controller/topic_rules.h"
#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;

config::Settings file_with(const std::string& least) {
  auto parsed = config::Settings::parse("test", "", {{"min.insync.replicas", least, 0}});
  EXPECT_TRUE(parsed);
  return *std::move(parsed);
}

// Brokers 1, 2 and 3 serve; a topic on 1 and 2, led by 1.
class EligibleReplicas : public ::testing::Test {
 protected:
  EligibleReplicas() {
    for (int id = 1; id <= 3; ++id) cluster_.add_broker(id);
    auto topic = new_topic("t", -1, -1);
    topic.assignments = {{0, {BrokerId(1), BrokerId(2)}}};
    EXPECT_EQ(cluster_.create(topic).error_code, base::ErrorCode::kNone);
  }
  void settle(const std::string& least) {
    cluster_.apply(settle_min_in_sync(cluster_.image(), file_with(least)));
  }
  void set(const std::string& broker, const std::string& least) {
    wire::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(ConfigResourceType::kBroker);
    record.resource_name = broker;
    record.name = kMinInSyncReplicas;
    record.value = least;
    cluster_.apply({record});
  }
  std::size_t minimum_by(const std::string& file) {
    return rules_of(cluster_.image(), file_with(file), cluster_.topic("t")).min_in_sync_replicas;
  }
  const PartitionImage& partition() { return cluster_.topic("t").partitions.at(0); }

  TestCluster cluster_;
};

TEST_F(EligibleReplicas, TheFirstControllersMinimumIsTheClusters) {
  ASSERT_EQ(cluster_min_in_sync(cluster_.image()), nullptr);
  settle("2");
  EXPECT_EQ(*cluster_min_in_sync(cluster_.image()), "2");
  EXPECT_TRUE(settle_min_in_sync(cluster_.image(), file_with("1")).empty());
  EXPECT_EQ(minimum_by("1"), 2U) << "by a controller whose file says another one";
}

// Broker 1 acknowledges alone, for it has heard that one replica is enough: a controller whose file
// says 2 must not take broker 2, which had left before, for one that has all.
TEST_F(EligibleReplicas, WhoLeftBeforeRecordsOfOneReplicaIsNotEligible) {
  settle("1");
  cluster_.set("min.insync.replicas", "2");
  const Cause gone{Reason::kSessionExpired, BrokerId(2), 1};
  cluster_.apply(fence_broker(cluster_.view(), BrokerId(2), gone).records);
  EXPECT_EQ(partition().in_sync_replicas, ReplicaList{BrokerId(1)});
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
}

// Both replicas left under a minimum of 2, and 1 is enough when broker 2 comes back: what it
// acknowledges alone broker 1 does not have.
TEST_F(EligibleReplicas, WhoIsElectedUnderALowerMinimumLeavesNobodyEligible) {
  settle("2");
  const Cause gone{Reason::kSessionExpired, BrokerId(1), 1};
  for (const int id : {2, 1}) {
    cluster_.apply(fence_broker(cluster_.view(), BrokerId(id), gone).records);
  }
  set("", "1");
  std::vector<MetadataRecord> cleared;
  clear_eligible_replicas(cluster_.image(), "", cleared);
  cluster_.apply(cleared);
  ASSERT_EQ(partition().eligible_leader_replicas.size(), 2U) << "it waits for them";
  cluster_.apply(unfence_broker(cluster_.view(), BrokerId(2), gone).records);
  ASSERT_EQ(partition().leader, BrokerId(2));
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
  cluster_.apply(fence_broker(cluster_.view(), BrokerId(2), gone).records);
  cluster_.apply(unfence_broker(cluster_.view(), BrokerId(1), gone).records);
  EXPECT_EQ(partition().leader, base::kNoBroker);
}

TEST_F(EligibleReplicas, BrokersOwnMinimaGo) {
  set("", "2");
  set("1", "1");
  wire::PartitionChangeRecord change;
  change.topic_id = cluster_.topic("t").id;
  change.partition_id = 0;
  change.isr = {BrokerId(1)};
  change.eligible_leader_replicas = {BrokerId(2)};
  cluster_.apply({change});
  settle("3");
  EXPECT_EQ(*cluster_min_in_sync(cluster_.image()), "2");
  const ConfigMap* own = cluster_.image().find_config(ConfigResourceType::kBroker, "1");
  EXPECT_TRUE(own == nullptr || !own->contains(kMinInSyncReplicas));
  EXPECT_TRUE(partition().eligible_leader_replicas.empty()) << "of who knows which minimum";
}

TEST_F(EligibleReplicas, WithoutThemFilesHold) {
  wire::FeatureLevelRecord off;
  off.name = "eligible.leader.replicas.version";
  off.feature_level = 0;
  cluster_.apply({off});
  EXPECT_TRUE(settle_min_in_sync(cluster_.image(), file_with("2")).empty());
  EXPECT_EQ(minimum_by("2"), 2U);
}

}  // namespace
}  // namespace odradek::metadata::testing
