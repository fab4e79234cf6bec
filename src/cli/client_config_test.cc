// SPDX-License-Identifier: Apache-2.0
#include "cli/client_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/name_pattern.h"

namespace odradek::cli {
namespace {

using testing::ElementsAre;

TEST(ParseServers, EveryFormOfAServer) {
  EXPECT_THAT(parse_servers("a:1").value(), ElementsAre(env::Address{"a", 1}));
  EXPECT_THAT(parse_servers("a:1,b:2, c:3 ,").value(),
              ElementsAre(env::Address{"a", 1}, env::Address{"b", 2}, env::Address{"c", 3}));
  EXPECT_THAT(parse_servers("PLAINTEXT://[::1]:9092").value(),
              ElementsAre(env::Address{"::1", 9092}));
}

TEST(ParseServers, WhatIsNoServerIsNamed) {
  for (const char* text : {"", "a", "a:", "a:x", "a:0", "a:70000", "a:1,b"}) {
    EXPECT_FALSE(parse_servers(text).has_value()) << text;
  }
  EXPECT_THAT(parse_servers("a:1,nonsense").error().message, testing::HasSubstr("'nonsense'"));
}

TEST(AddProperties, TheLastWinsAndAValueMayHoldAnEqualsSign) {
  ClientConfig config = {{"a", "0"}};
  add_properties(config, {"a=1", "b=x=y", "c", "d="});
  EXPECT_EQ(config, (ClientConfig{{"a", "1"}, {"b", "x=y"}, {"c", ""}, {"d", ""}}));
}

TEST(NamePattern, WholeNamesAndAlternatives) {
  const auto pattern = NamePattern::parse(" 'orders.*, t1' ").value();
  EXPECT_TRUE(pattern.matches("orders-2"));
  EXPECT_TRUE(pattern.matches("t1"));
  EXPECT_FALSE(pattern.matches("t11"));
  EXPECT_FALSE(pattern.matches("my-orders"));
}

TEST(NamePattern, WhatIsNoExpressionIsRefused) {
  EXPECT_EQ(NamePattern::parse("a(").error().message, "a( is an invalid regex.");
}

}  // namespace
}  // namespace odradek::cli
