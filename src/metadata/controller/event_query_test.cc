// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "metadata/controller/event_line.h"

namespace odradek::metadata {
namespace {

TEST(EventQueryTest, ComesBackAsItWent) {
  EventQuery query;
  EXPECT_EQ(to_text(query), "");
  query.topic = "orders & more=näh %";
  query.broker = base::BrokerId(17);
  query.group = "";
  const auto parsed = parse_event_query(to_text(query));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->topic, query.topic);
  EXPECT_EQ(parsed->broker, query.broker);
  EXPECT_EQ(parsed->group, query.group);
}

TEST(EventQueryTest, NothingSetAsksForEverything) {
  const auto parsed = parse_event_query("");
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->topic || parsed->broker || parsed->group);
}

TEST(EventQueryTest, WhatIsNoQueryIsNone) {
  for (const char* text : {"topic", "colour=red", "broker=one", "broker=1x", "=", "topic=a&b"}) {
    EXPECT_FALSE(parse_event_query(text)) << text;
  }
}

}  // namespace
}  // namespace odradek::metadata
