// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <gtest/gtest.h>

namespace odradek::config {
namespace {

TEST(SettingsTest, TheCommandLineWinsOverTheFile) {
  const auto settings =
      Settings::parse("server.properties", "num.partitions=2\nnum.partitions=3\nlog.dirs=/a, /b\n",
                      {{"num.partitions", "4", 0}});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->number("num.partitions"), 4);
  EXPECT_EQ(settings->log_directories(), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(settings->number("log.segment.bytes"), 1073741824);
  EXPECT_TRUE(settings->flag("auto.create.topics.enable"));
}

TEST(SettingsTest, WhiteSpaceAroundAValueIsDropped) {
  const auto settings =
      Settings::parse("f", "num.partitions= 7 \t\ndelete.topic.enable=FALSE ", {});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->number("num.partitions"), 7);
  EXPECT_FALSE(settings->flag("delete.topic.enable"));
}

TEST(SettingsTest, ABadValueNamesFileLineAndKey) {
  const auto settings = Settings::parse("my.properties", "\nnum.partitions=two\n", {});
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, base::ErrorCode::kInvalidConfig);
  EXPECT_NE(settings.error().message.find("my.properties line 2"), std::string::npos);
  EXPECT_NE(settings.error().message.find("num.partitions"), std::string::npos);
}

TEST(SettingsTest, NodeIdAndBrokerIdAreOne) {
  EXPECT_EQ(Settings::parse("f", "broker.id=7", {})->node_id(), 7);
  EXPECT_EQ(Settings::parse("f", "node.id=8", {})->node_id(), 8);
  EXPECT_EQ(Settings::parse("f", "broker.id=-1", {})->node_id(), std::nullopt);
  EXPECT_FALSE(Settings::parse("f", "broker.id=7\nnode.id=8", {}));
}

TEST(SettingsTest, UnitsRankAsInKafka) {
  EXPECT_EQ(Settings{}.log_retention_ms(), 168LL * 3600 * 1000);
  EXPECT_EQ(Settings::parse("f", "log.retention.minutes=2\nlog.retention.hours=5", {})
                ->log_retention_ms(),
            120000);
  EXPECT_EQ(Settings::parse("f", "log.retention.ms=-1", {})->log_retention_ms(), -1);
  EXPECT_EQ(Settings::parse("f", "log.roll.hours=1", {})->log_roll_ms(), 3600000);
}

TEST(SettingsTest, WhatKafkaDoesNotKnowIsListed) {
  const auto settings =
      Settings::parse("f", "some.plugin.key=1\ninter.broker.protocol.version=3.0", {});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->unknown_keys(),
            (std::vector<std::string>{"inter.broker.protocol.version", "some.plugin.key"}));
}

}  // namespace
}  // namespace odradek::config
