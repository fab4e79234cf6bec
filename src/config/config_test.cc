// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "config/properties.h"
#include "config/settings.h"
#include "config/table.h"

namespace odradek::config {
namespace {

TEST(PropertiesTest, ReadsJavasFormat) {
  const auto properties = parse_properties(
      "# comment\n"
      "! another\n"
      "plain=value\r\n"
      "  colon : with blanks inside \n"
      "white space\n"
      "long = one,\\\n    two\n"
      "escaped\\=key = tab\\there \\u00e9\n"
      "empty=\n");
  ASSERT_TRUE(properties);
  ASSERT_EQ(properties->size(), 6U);
  EXPECT_EQ((*properties)[0].value, "value");
  EXPECT_EQ((*properties)[0].line, 3);
  EXPECT_EQ((*properties)[1].key, "colon");
  EXPECT_EQ((*properties)[1].value, "with blanks inside ");
  EXPECT_EQ((*properties)[2].value, "space");
  EXPECT_EQ((*properties)[3].value, "one,two");
  EXPECT_EQ((*properties)[4].key, "escaped=key");
  EXPECT_EQ((*properties)[4].value, "tab\there \xc3\xa9");
  EXPECT_EQ((*properties)[5].value, "");
}

TEST(PropertiesTest, NamesTheLineOfABadEscape) {
  const auto properties = parse_properties("a=1\nb=\\u12");
  ASSERT_FALSE(properties);
  EXPECT_NE(properties.error().message.find("line 2"), std::string::npos);
}

TEST(TableTest, EveryDefaultIsAllowed) {
  for (const auto settings :
       {broker_settings(), topic_settings(), group_settings(), client_metrics_settings(),
        quota_settings(), dynamic_only_settings(), dropped_settings()}) {
    EXPECT_TRUE(std::ranges::is_sorted(settings, {}, &Setting::name));
    for (const Setting& setting : settings) {
      if (!setting.default_value) continue;
      EXPECT_TRUE(check_value(setting, *setting.default_value)) << setting.name;
    }
  }
  EXPECT_EQ(broker_settings().size(), 380U);
  EXPECT_EQ(topic_settings().size(), 39U);
  EXPECT_EQ(group_settings().size(), 27U);
  EXPECT_EQ(client_metrics_settings().size(), 3U);
  EXPECT_EQ(quota_settings().size(), 5U);
}

TEST(TableTest, WhatApacheKafkaSaysOfAKeyIsThere) {
  EXPECT_EQ(find_broker_setting("num.io.threads")->live, Live::kClusterWide);
  EXPECT_EQ(find_broker_setting("ssl.keystore.location")->live, Live::kPerBroker);
  EXPECT_EQ(find_broker_setting("log.dirs")->live, Live::kReadOnly);
  EXPECT_TRUE(find_topic_setting("internal.segment.bytes")->is_internal);
  EXPECT_TRUE(find_broker_setting("ssl.key.password")->is_sensitive());
  EXPECT_EQ(find_broker_setting("zookeeper.connect"), nullptr);
  EXPECT_EQ(find_dropped_setting("zookeeper.connect")->until, "3.9");
  EXPECT_EQ(synonyms_of("log.retention.ms").size(), 3U);
  EXPECT_EQ(synonyms_of("num.partitions").front(), "num.partitions");
}

TEST(TableTest, WhatIsMissingIsRefusedAndItsDefaultIsNot) {
  const Setting& compression = *find_broker_setting("compression.type");
  EXPECT_TRUE(check_available(compression, "producer"));
  EXPECT_FALSE(check_available(compression, "zstd"));
  const Setting& tiered = *find_topic_setting("remote.storage.enable");
  EXPECT_TRUE(check_available(tiered, "False"));
  EXPECT_FALSE(check_available(tiered, "TRUE"));
}

TEST(TableTest, RangesAreHeld) {
  const Setting& segment = *find_topic_setting("segment.bytes");
  EXPECT_TRUE(check_value(segment, "1048576"));
  const auto small = check_value(segment, "10");
  ASSERT_FALSE(small);
  EXPECT_NE(small.error().message.find("segment.bytes"), std::string::npos);
  EXPECT_FALSE(check_value(segment, "ten"));
  EXPECT_FALSE(check_value(segment, "99999999999"));
  EXPECT_FALSE(check_value(*find_topic_setting("cleanup.policy"), "compact,shred"));
  EXPECT_TRUE(check_value(*find_topic_setting("cleanup.policy"), "compact,delete"));
  EXPECT_TRUE(check_value(*find_topic_setting("cleanup.policy"), "delete,delete"));
  EXPECT_FALSE(check_value(*find_topic_setting("cleanup.policy"), "delete,,compact"));
  EXPECT_FALSE(check_value(*find_broker_setting("log.dirs"), ""));
  const Setting& throttled = *find_topic_setting("leader.replication.throttled.replicas");
  EXPECT_TRUE(check_value(throttled, "0:1,1:2"));
  EXPECT_TRUE(check_value(throttled, "*"));
  EXPECT_FALSE(check_value(throttled, "0"));
  EXPECT_FALSE(check_value(*find_topic_setting("preallocate"), "yes"));
  EXPECT_TRUE(check_value(*find_topic_setting("compression.gzip.level"), "-1"));
  EXPECT_FALSE(check_value(*find_topic_setting("compression.gzip.level"), "0"));
}

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

TEST(SettingsTest, ABadValueNamesFileLineAndKey) {
  const auto settings = Settings::parse("my.properties", "\nnum.partitions=two\n", {});
  ASSERT_FALSE(settings);
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

}  // namespace
}  // namespace odradek::config
