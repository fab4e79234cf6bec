// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "metadata/controller/cluster.h"
#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;

TEST(UnregisterBroker, ABrokerThatIsNotThereIsRefused) {
  TestCluster cluster;
  const auto decision = unregister_broker(cluster.view(), BrokerId(7), BrokerId(1));
  EXPECT_EQ(decision.reply.error_code, ErrorCode::kBrokerIdNotRegistered);
  EXPECT_TRUE(decision.records.empty());
}

TEST(UnregisterBroker, AnotherBrokerLeavesItsPartitions) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2);
  auto shared = new_topic("shared", -1, -1);
  shared.assignments = {{0, {BrokerId(2), BrokerId(1)}}};
  auto alone = new_topic("alone", -1, -1);
  alone.assignments = {{0, {BrokerId(2)}}};
  cluster.create(shared);
  cluster.create(alone);
  cluster.apply(unregister_broker(cluster.view(), BrokerId(2), BrokerId(1)).records);
  EXPECT_EQ(cluster.image().find_broker(BrokerId(2)), nullptr);
  EXPECT_EQ(cluster.topic("shared").partitions[0].leader, BrokerId(1));
  EXPECT_EQ(cluster.topic("shared").partitions[0].in_sync_replicas, std::vector{BrokerId(1)});
  const PartitionImage& orphan = cluster.topic("alone").partitions[0];
  EXPECT_EQ(orphan.leader, base::kNoBroker);
  EXPECT_TRUE(orphan.in_sync_replicas.empty());
  EXPECT_EQ(orphan.last_known_eligible_leader_replicas, std::vector{BrokerId(2)});
}

TEST(UnregisterBroker, TheBrokerThatRunsServesOnUnderANewEpoch) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.create(new_topic("kept"));
  const std::int64_t epoch = cluster.image().find_broker(BrokerId(1))->epoch;
  const auto end = cluster.image().end_offset;
  cluster.apply(unregister_broker(cluster.view(), BrokerId(1), BrokerId(1)).records);
  const BrokerImage* again = cluster.image().find_broker(BrokerId(1));
  ASSERT_NE(again, nullptr);
  EXPECT_FALSE(again->fenced);
  EXPECT_GT(again->epoch, epoch);
  EXPECT_EQ(again->epoch, end.value() + 1);
  EXPECT_EQ(cluster.topic("kept").partitions[0].leader, BrokerId(1));
}

}  // namespace
}  // namespace odradek::metadata::testing
