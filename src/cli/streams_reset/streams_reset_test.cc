// SPDX-License-Identifier: Apache-2.0
#include "cli/streams_reset/streams_reset.h"

#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

TEST(StreamsReset, NamesOfInternalTopics) {
  for (const char* name :
       {"app-store-changelog", "app-key-repartition", "app-x-subscription-response-topic",
        "app-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-0000000004-topic",
        "app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-12-topic"}) {
    EXPECT_TRUE(is_internal_streams_topic(name)) << name;
  }
  for (const char* name :
       {"app-orders", "changelog", "app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE--topic",
        "app-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-1x-topic",
        "-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-1-topic"}) {
    EXPECT_FALSE(is_internal_streams_topic(name)) << name;
  }
}

TEST(StreamsReset, ListsAreSeparatedByCommas) {
  Flags flags;
  flags.set("input-topics", "a,b");
  flags.set("input-topics", "c");
  EXPECT_EQ(name_list(flags, "input-topics"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(name_list(flags, "other").empty());
}

}  // namespace
}  // namespace odradek::cli
