// SPDX-License-Identifier: Apache-2.0
#include "config/dynamic.h"

#include <gtest/gtest.h>

namespace odradek::config {
namespace {

Settings file(const std::string& text) {
  auto parsed = Settings::parse("test", text, {});
  EXPECT_TRUE(parsed) << parsed.error().message;
  return std::move(*parsed);
}

bool is_allowed(const SettingValues& wanted, DynamicScope scope = DynamicScope::kBroker) {
  const LiveSettings settings{Settings()};
  const auto done = check_dynamic(*settings.layers(), wanted, scope);
  EXPECT_TRUE(done || done.error().code == base::ErrorCode::kInvalidRequest);
  return done.has_value();
}

TEST(LiveSettings, LayersLieOverEachOther) {
  LiveSettings settings(file("log.segment.bytes=1048577\nmax.connections=5\n"));
  settings.set_dynamic({{"log.segment.bytes", "1048578"}, {"max.connections", "6"}},
                       {{"log.segment.bytes", "1048579"}});
  EXPECT_EQ(settings.number("log.segment.bytes"), 1048579);
  EXPECT_EQ(settings.number("max.connections"), 6);
  settings.set_dynamic({}, {});
  EXPECT_EQ(settings.number("log.segment.bytes"), 1048577);
  EXPECT_EQ(settings.number("max.connections"), 5);
}

TEST(LiveSettings, ASnapshotStaysAsItIs) {
  LiveSettings settings{Settings()};
  const auto before = settings.current();
  settings.set_dynamic({{"max.connections", "6"}}, {});
  EXPECT_EQ(before->number("max.connections"), 2147483647);
  EXPECT_EQ(settings.current()->number("max.connections"), 6);
}

TEST(LiveSettings, ASynonymGivenLaterWins) {
  LiveSettings settings(file("log.retention.hours=3\n"));
  settings.set_dynamic({{"log.retention.ms", "5000"}}, {});
  EXPECT_EQ(settings.current()->log_retention_ms(), 5000);
}

TEST(LiveSettings, WhiteSpaceAroundAValueDoesNotCount) {
  LiveSettings settings{Settings()};
  settings.set_dynamic({{"max.connections", " 6 "}}, {});
  EXPECT_EQ(settings.number("max.connections"), 6);
}

TEST(Dynamic, KeysAndValuesAreChecked) {
  EXPECT_TRUE(is_allowed({{"max.connections", "5"}}));
  EXPECT_TRUE(is_allowed({{"nobody.knows.this", "5"}}));
  EXPECT_TRUE(is_allowed({{"max.connections", " +5 "}}));
  EXPECT_FALSE(is_allowed({{"max.connections", "five"}}));
  EXPECT_TRUE(is_allowed({{"max.connections.per.ip.overrides", "a:0,b:+5"}}));
  EXPECT_FALSE(is_allowed({{"max.connections.per.ip.overrides", "a:-1"}}));
  EXPECT_FALSE(is_allowed({{"max.connections", "0"}}));
  EXPECT_FALSE(is_allowed({{"node.id", "5"}}));
  EXPECT_FALSE(is_allowed({{"ssl.keystore.location", "/x"}}));
  EXPECT_FALSE(is_allowed({{"log.retention.ms", "0"}}));
  EXPECT_FALSE(is_allowed({{"metric.reporters", "org.example.Reporter"}}));
  EXPECT_FALSE(is_allowed({{"cordoned.log.dirs", "/nowhere"}}));
  EXPECT_FALSE(is_allowed({{"cordoned.log.dirs", "/tmp/kafka-logs,/nowhere"}}));
  EXPECT_FALSE(is_allowed({{"cordoned.log.dirs", "/tmp/kafka-logs,*"}}));
  EXPECT_TRUE(is_allowed({{"cordoned.log.dirs", "/tmp/kafka-logs"}}));
  EXPECT_TRUE(is_allowed({{"cordoned.log.dirs", "*"}}));
  EXPECT_TRUE(is_allowed({{"cordoned.log.dirs", ""}}));
}

TEST(Dynamic, WhatStopsTheServerIsNotTakenWhileItRuns) {
  EXPECT_FALSE(is_allowed({{"log.roll.ms", "0"}}, DynamicScope::kClusterDefault));
  EXPECT_FALSE(is_allowed({{"log.roll.jitter.ms", "-1"}}));
  EXPECT_TRUE(is_allowed({{"log.roll.ms", "1"}}));
}

TEST(Dynamic, AListenersKeyIsCheckedAsTheKeyBehindIt) {
  EXPECT_EQ(without_listener("listener.name.a.max.connections"), "max.connections");
  EXPECT_EQ(without_listener("listener.name"), "listener.name");
  EXPECT_TRUE(is_allowed({{"listener.name.a.max.connections", "5"}}));
  EXPECT_FALSE(is_allowed({{"listener.name.a.max.connections", "x"}}));
}

TEST(Dynamic, GroupsAreAssignedWithinTheirBounds) {
  EXPECT_TRUE(is_allowed({{"group.consumer.assignment.interval.ms", "15000"}}));
  EXPECT_FALSE(is_allowed({{"group.consumer.assignment.interval.ms", "15001"}}));
}

TEST(Dynamic, WhatIsKeptHereIsLessThanWhatIsKept) {
  EXPECT_FALSE(is_allowed({{"log.local.retention.ms", "-1"}}));
  EXPECT_FALSE(is_allowed({{"log.local.retention.ms", "2000"}, {"log.retention.ms", "1000"}}));
  EXPECT_TRUE(is_allowed({{"log.local.retention.ms", "1000"}, {"log.retention.ms", "2000"}}));
}

TEST(Dynamic, WhatCannotBeUsedIsLeftOut) {
  std::vector<std::string> ignored;
  const auto usable = usable_dynamic({{"max.connections", "5"},
                                      {"max.connections.per.ip", "x"},
                                      {"log.dirs", "/x"},
                                      {"cordoned.log.dirs", ""}},
                                     DynamicScope::kClusterDefault, ignored);
  EXPECT_EQ(usable, (SettingValues{{"max.connections", "5"}}));
  EXPECT_EQ(ignored,
            (std::vector<std::string>{"cordoned.log.dirs", "log.dirs", "max.connections.per.ip"}));
}

}  // namespace
}  // namespace odradek::config
