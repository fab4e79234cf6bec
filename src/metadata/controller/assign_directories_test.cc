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

}  // namespace
}  // namespace odradek::metadata::testing
