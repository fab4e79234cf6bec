// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/throttled_replicas.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

using base::BrokerId;

constexpr const char* kLeader = "leader.replication.throttled.replicas";
constexpr const char* kFollower = "follower.replication.throttled.replicas";

TEST(ThrottledReplicasTest, ATopicWithoutListsHasNone) {
  const metadata::ConfigMap empty;
  for (const metadata::ConfigMap* configs :
       {static_cast<const metadata::ConfigMap*>(nullptr), &empty}) {
    const ThrottledReplicas none(configs, BrokerId(1));
    EXPECT_FALSE(none.of(0).as_leader);
    EXPECT_FALSE(none.of(0).as_follower);
  }
}

TEST(ThrottledReplicasTest, NamesThoseOfThisBroker) {
  const metadata::ConfigMap configs{{kLeader, "0:1,1:2, 7:1"}, {kFollower, "1:1"}};
  const ThrottledReplicas replicas(&configs, BrokerId(1));
  EXPECT_TRUE(replicas.of(0).as_leader);
  EXPECT_FALSE(replicas.of(1).as_leader) << "broker 2's";
  EXPECT_TRUE(replicas.of(7).as_leader);
  EXPECT_FALSE(replicas.of(0).as_follower);
  EXPECT_TRUE(replicas.of(1).as_follower);
}

TEST(ThrottledReplicasTest, AnAsteriskNamesAll) {
  const metadata::ConfigMap configs{{kLeader, "*"}, {kFollower, " * "}};
  const ThrottledReplicas replicas(&configs, BrokerId(5));
  EXPECT_TRUE(replicas.of(0).as_leader);
  EXPECT_TRUE(replicas.of(1000).as_follower);
}

TEST(ThrottledReplicasTest, WhatIsNoPairNamesNothing) {
  const metadata::ConfigMap configs{{kLeader, "0,:1,1:,x:1,2:1"}};
  const ThrottledReplicas replicas(&configs, BrokerId(1));
  EXPECT_FALSE(replicas.of(0).as_leader);
  EXPECT_FALSE(replicas.of(1).as_leader);
  EXPECT_TRUE(replicas.of(2).as_leader);
}

}  // namespace
}  // namespace odradek::broker
