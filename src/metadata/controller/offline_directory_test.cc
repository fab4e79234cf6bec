// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/offline_directory.h"

#include <gtest/gtest.h>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;

const base::Uuid kLost = base::Uuid::from_random(7, 7);
const std::vector<base::Uuid> kLeft = {base::Uuid::from_random(8, 8)};

class OfflineDirectory : public ::testing::Test {
 protected:
  OfflineDirectory() { cluster_.add_broker(1); }

  void create(std::vector<BrokerId> replicas) {
    auto topic = new_topic("t", -1, -1);
    topic.assignments = {{0, std::move(replicas)}};
    EXPECT_EQ(cluster_.create(topic).error_code, base::ErrorCode::kNone);
  }
  std::vector<MetadataRecord> decide() {
    return take_offline(cluster_.image(), BrokerId(1), kLeft, {{cluster_.topic("t").id, 0, kLost}});
  }
  const PartitionImage& partition() { return cluster_.topic("t").partitions.at(0); }

  TestCluster cluster_;
};

TEST_F(OfflineDirectory, ASoleReplicasPartitionHasNoLeaderAndKeepsItsInSyncSet) {
  create({BrokerId(1)});
  EXPECT_TRUE(is_online(cluster_.image(), partition(), 0));
  cluster_.apply(decide());
  EXPECT_EQ(partition().leader, base::kNoBroker);
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(1)});
  EXPECT_EQ(partition().directories.at(0), kLost);
  EXPECT_FALSE(is_online(cluster_.image(), partition(), 0));
  EXPECT_EQ(cluster_.image().find_broker(BrokerId(1))->log_directories, kLeft);
  EXPECT_TRUE(decide().empty()) << "nothing is decided twice";
}

TEST_F(OfflineDirectory, AnotherReplicaLeads) {
  cluster_.add_broker(2);
  create({BrokerId(1), BrokerId(2)});
  cluster_.apply(decide());
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(2)});
  EXPECT_TRUE(is_online(cluster_.image(), partition(), 1));
}

TEST_F(OfflineDirectory, WhatIsGoneOrNotTheBrokersIsLeftAlone) {
  cluster_.add_broker(2);
  create({BrokerId(2)});
  const auto before = partition();
  cluster_.apply(take_offline(
      cluster_.image(), BrokerId(1), kLeft,
      {{cluster_.topic("t").id, 0, kLost}, {base::Uuid::from_random(9, 9), 0, kLost}}));
  EXPECT_EQ(partition(), before);
}

}  // namespace
}  // namespace odradek::metadata::testing
