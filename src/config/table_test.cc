// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/value.h"

namespace odradek::config {
namespace {

constexpr auto kTables = {broker_settings,         topic_settings, group_settings,
                          client_metrics_settings, quota_settings, dynamic_only_settings,
                          dropped_settings};

TEST(TableTest, EveryDefaultIsAllowedAndAsksForNothing) {
  for (const auto table : kTables) {
    EXPECT_TRUE(std::ranges::is_sorted(table(), {}, &Setting::name));
    for (const Setting& setting : table()) {
      if (!setting.default_value) continue;
      EXPECT_TRUE(check_value(setting, *setting.default_value)) << setting.name;
      EXPECT_TRUE(check_available(setting, *setting.default_value)) << setting.name;
    }
  }
}

TEST(TableTest, WhateverDiffersIsSaidInWords) {
  for (const auto table : kTables) {
    for (const Setting& setting : table()) {
      EXPECT_FALSE(setting.description.empty()) << setting.name;
      EXPECT_EQ(setting.status == Status::kHonoured, setting.note.empty()) << setting.name;
      EXPECT_EQ(setting.harmless.empty(), setting.reason.empty()) << setting.name;
    }
  }
}

TEST(TableTest, WhatApacheKafkaSaysOfAKeyIsThere) {
  EXPECT_EQ(find_broker_setting("num.io.threads")->live, Live::kClusterWide);
  EXPECT_EQ(find_broker_setting("ssl.keystore.location")->live, Live::kPerBroker);
  EXPECT_EQ(find_broker_setting("log.dirs")->live, Live::kReadOnly);
  EXPECT_TRUE(find_topic_setting("internal.segment.bytes")->is_internal);
  EXPECT_TRUE(find_broker_setting("ssl.key.password")->is_sensitive());
  EXPECT_EQ(find_broker_setting("zookeeper.connect"), nullptr);
  EXPECT_EQ(find_dropped_setting("zookeeper.connect")->until, "3.9");
  EXPECT_EQ(find_setting(Scope::kQuota, "request_percentage")->entities.size(), 2U);
  EXPECT_EQ(synonyms_of("log.retention.ms").size(), 3U);
  const auto alone = synonyms_of(std::string("num.partitions"));
  EXPECT_EQ(alone.front(), "num.partitions") << "it outlives its argument";
  EXPECT_TRUE(synonyms_of("listener.name.x.max.connections").empty());
}

TEST(TableTest, APatternStandsForWhatBeginsWithIt) {
  EXPECT_EQ(find_pattern_setting("rsm.config.bucket")->name, "rsm.config.*");
  EXPECT_EQ(find_pattern_setting("super.users")->name, "super.users");
  EXPECT_EQ(find_pattern_setting("super.users.more"), nullptr);
}

}  // namespace
}  // namespace odradek::config
