// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.h"

#include <gtest/gtest.h>

namespace odradek::config {
namespace {

TEST(NearestTest, ASlipIsRecognised) {
  EXPECT_EQ(nearest_broker_key("num.partition"), "num.partitions");
  EXPECT_EQ(nearest_broker_key("log.dris"), "log.dirs");
  EXPECT_EQ(nearest_broker_key("advertised.listener"), "advertised.listeners");
  EXPECT_EQ(nearest_broker_key("auto.create.topic.enabled"), "auto.create.topics.enable");
  EXPECT_EQ(nearest_broker_key("zookeper.connect"), "zookeeper.connect");
  EXPECT_EQ(nearest_broker_key("borker.id"), "broker.id");
  EXPECT_EQ(nearest_broker_key("super.user"), "super.users");
  EXPECT_EQ(nearest_broker_key("allow.everyone.if.no.acls.found"),
            "allow.everyone.if.no.acl.found");
}

TEST(NearestTest, WordsInAnotherOrderOrWithOtherSeparators) {
  EXPECT_EQ(nearest_broker_key("num.threads.io"), "num.io.threads");
  EXPECT_EQ(nearest_broker_key("log_retention_hours"), "log.retention.hours");
  EXPECT_EQ(nearest_broker_key("Num.Partitions"), "num.partitions");
}

TEST(NearestTest, AMissingUnit) {
  EXPECT_EQ(nearest_broker_key("socket.request.max"), "socket.request.max.bytes");
  EXPECT_EQ(nearest_broker_key("replica.lag.time.max"), "replica.lag.time.max.ms");
}

TEST(NearestTest, WhatIsFarIsNobodysSlip) {
  for (const std::string_view key :
       {"confluent.support.metrics.enable", "my.key", "bootstrap.servers", "key", "x",
        "kafka.csv.metrics.dir", "s3.bucket", "opts"}) {
    EXPECT_EQ(nearest_broker_key(key), "") << key;
  }
  EXPECT_EQ(nearest_broker_key(std::string(10'000, 'x')), "");
}

}  // namespace
}  // namespace odradek::config
