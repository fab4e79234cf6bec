// SPDX-License-Identifier: Apache-2.0
#include "broker/listeners.h"

#include <gtest/gtest.h>

#include <vector>

#include "env/linux/linux_world.h"

namespace odradek::broker {
namespace {

TEST(Listeners, AreThoseOfTheSettings) {
  const auto settings =
      config::Settings::parse("test",
                              "listeners=INSIDE://[::1]:1,OUTSIDE://:2\n"
                              "advertised.listeners=OUTSIDE://example.org:443\n"
                              "listener.security.protocol.map=INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT\n",
                              {});
  ASSERT_TRUE(settings) << settings.error().message;
  const auto listeners = listeners_of(*settings);
  ASSERT_EQ(listeners.size(), 2U);
  EXPECT_EQ(listeners[0].name, "INSIDE");
  EXPECT_EQ(listeners[0].bind.to_string(), "[::1]:1");
  EXPECT_FALSE(listeners[0].advertised);
  EXPECT_EQ(listeners[1].bind.host, "");
  EXPECT_EQ(listeners[1].advertised->to_string(), "example.org:443");
}

class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest() {
    broker_.id = base::BrokerId(1);
    broker_.endpoints.push_back({"PLAINTEXT", "registered", 1, 0});
    connection_.listener = "PLAINTEXT";
    connection_.local = {"10.0.0.7", 9092};
  }

  metadata::BrokerImage broker_;
  env::LinuxWorld world_{{}};
  net::ConnectionInfo connection_{1, "", "PLAINTEXT", {}, {}, world_.loop(0)};
};

TEST_F(EndpointTest, WithoutAnAdvertisedAddressItIsTheOneThatTheClientCameInBy) {
  const std::vector<ListenerConfig> listeners = {{"PLAINTEXT", "PLAINTEXT", {"", 9092}, {}}};
  EXPECT_EQ(endpoint_for(broker_, true, listeners, connection_)->to_string(), "10.0.0.7:9092");
  EXPECT_EQ(endpoint_for(broker_, false, listeners, connection_)->to_string(), "registered:1");
}

TEST_F(EndpointTest, AnAdvertisedAddressIsTheRegisteredOne) {
  const std::vector<ListenerConfig> listeners = {
      {"PLAINTEXT", "PLAINTEXT", {"", 9092}, env::Address{"registered", 1}}};
  EXPECT_EQ(endpoint_for(broker_, true, listeners, connection_)->to_string(), "registered:1");
}

TEST_F(EndpointTest, ABrokerWithoutTheListenerIsNotThereForTheClient) {
  connection_.listener = "OTHER";
  EXPECT_FALSE(endpoint_for(broker_, false, {}, connection_));
}

}  // namespace
}  // namespace odradek::broker
