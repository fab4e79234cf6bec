// SPDX-License-Identifier: Apache-2.0
#include "broker/server_options.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

TEST(ConnectionLimits, NumbersAreReadAsTheyAreChecked) {
  const auto settings =
      config::Settings::parse("f",
                              "listener.name.plaintext.max.connections=+7\n"
                              "max.connections.per.ip.overrides=127.0.0.1: 3, 10.0.0.1:+4\n",
                              {});
  ASSERT_TRUE(settings) << settings.error().message;
  std::vector<ListenerConfig> listeners(2);
  listeners[0].name = "PLAINTEXT";
  listeners[1].name = "OTHER";
  const auto limits = make_connection_limits(*settings, listeners);
  EXPECT_EQ(limits.listeners.at("PLAINTEXT").max_connections, 7);
  EXPECT_EQ(limits.listeners.at("OTHER").max_connections, net::kUnlimited);
  EXPECT_EQ(limits.max_connections_per_ip_overrides.at("127.0.0.1"), 3);
  EXPECT_EQ(limits.max_connections_per_ip_overrides.at("10.0.0.1"), 4);
}

}  // namespace
}  // namespace odradek::broker
