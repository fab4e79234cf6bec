// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>

#include <string>

namespace odradek::config {
namespace {

bool allows(const Setting* setting, std::string_view value) {
  return check_value(*setting, value).has_value();
}

TEST(ValueTest, NumbersAreReadAsJavaReadsThem) {
  const Setting* threads = find_broker_setting("num.io.threads");
  for (const std::string_view number : {"8", " 8\t", "+8", "008", "2147483647"}) {
    EXPECT_TRUE(allows(threads, number)) << number;
  }
  for (const std::string_view none : {"", "ten", "10_000", "1e3", "8k", "8.0", "+-8", "0x8", "1 0",
                                      "2147483648", "99999999999999999999"}) {
    EXPECT_FALSE(allows(threads, none)) << none;
  }
  EXPECT_EQ(normalized(*threads, " +08 "), "8");
}

TEST(ValueTest, RatiosAreReadAsJavaReadsThem) {
  const Setting* ratio = find_topic_setting("min.cleanable.dirty.ratio");
  for (const std::string_view number : {"0.5", ".5", "1", "5e-1", " 0.5 ", "0.5f", "1d"}) {
    EXPECT_TRUE(allows(ratio, number)) << number;
  }
  for (const std::string_view none : {"", "half", "50%", "1.5", "-0.1", "NaN", "0,5"}) {
    EXPECT_FALSE(allows(ratio, none)) << none;
  }
}

TEST(ValueTest, RangesAreHeldToTheirEnds) {
  const Setting* segment = find_topic_setting("segment.bytes");
  EXPECT_TRUE(allows(segment, "1048576"));
  const auto small = check_value(*segment, "1048575");
  ASSERT_FALSE(small);
  EXPECT_EQ(small.error().message,
            "Invalid value 1048575 for configuration segment.bytes: allowed is at least 1048576");
  const Setting* level = find_topic_setting("compression.gzip.level");
  EXPECT_TRUE(allows(level, "-1"));
  EXPECT_TRUE(allows(level, "9"));
  EXPECT_FALSE(allows(level, "0"));
  EXPECT_EQ(allowed_words(*level), "1 to 9, or -1");
  EXPECT_TRUE(allows(find_topic_setting("flush.ms"), "9223372036854775807"));
}

TEST(ValueTest, ChoicesAndLists) {
  const Setting* policy = find_topic_setting("cleanup.policy");
  EXPECT_TRUE(allows(policy, "compact, delete"));
  EXPECT_FALSE(allows(policy, "compact,shred"));
  EXPECT_TRUE(allows(policy, "delete,delete"));
  EXPECT_FALSE(allows(policy, "delete,,compact"));
  EXPECT_EQ(allowed_words(*policy), "a list of compact, delete");
  EXPECT_EQ(normalized(*policy, " compact , delete, compact "), "compact,delete");
  EXPECT_FALSE(allows(find_broker_setting("log.dirs"), ""));
  EXPECT_TRUE(allows(find_broker_setting("group.consumer.migration.policy"), "Upgrade"));
  const Setting* throttled = find_topic_setting("leader.replication.throttled.replicas");
  EXPECT_TRUE(allows(throttled, "0:1,1:2"));
  EXPECT_TRUE(allows(throttled, "*"));
  EXPECT_FALSE(allows(throttled, "0"));
  const Setting* reset = find_setting(Scope::kGroup, "share.auto.offset.reset");
  EXPECT_TRUE(allows(reset, "by_duration:PT1H"));
  EXPECT_FALSE(allows(reset, "first"));
}

TEST(ValueTest, ARatioIsDescribedAsJavaWritesIt) {
  const Setting& ratio = *find_topic_setting("min.cleanable.dirty.ratio");
  EXPECT_EQ(normalized(ratio, " .4 "), "0.4");
  EXPECT_EQ(normalized(ratio, "1"), "1.0");
  EXPECT_EQ(normalized(ratio, "0.0005"), "5.0E-4");
}

TEST(ValueTest, ABooleanIsTrueOrFalse) {
  const Setting* preallocate = find_topic_setting("preallocate");
  EXPECT_TRUE(allows(preallocate, " TRUE "));
  EXPECT_FALSE(allows(preallocate, "yes"));
  EXPECT_EQ(normalized(*preallocate, " TRUE "), "true");
}

TEST(ValueTest, WhatIsMissingIsRefusedAndWhatAsksForNothingIsNot) {
  const Setting& codec = *find_broker_setting("offsets.topic.compression.codec");
  EXPECT_TRUE(check_available(codec, "0"));
  EXPECT_FALSE(check_available(codec, "1"));
  const Setting& tiered = *find_topic_setting("remote.storage.enable");
  EXPECT_TRUE(check_available(tiered, "False"));
  EXPECT_FALSE(check_available(tiered, "TRUE"));
  const Setting& assignors = *find_broker_setting("group.consumer.assignors");
  EXPECT_TRUE(check_available(assignors, "range, uniform"));
  EXPECT_FALSE(check_available(assignors, "range,com.example.Assignor"));
}

TEST(ValueTest, NoSecretIsShown) {
  const Setting& secret = *find_broker_setting("delegation.token.secret.key");
  const auto refused = check_available(secret, "hush");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("hush"), std::string::npos);
}

}  // namespace
}  // namespace odradek::config
