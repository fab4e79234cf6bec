// SPDX-License-Identifier: Apache-2.0
#include "broker/listeners.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "env/linux/linux_world.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

base::Result<std::vector<ListenerConfig>> parse(
    const std::map<std::string, std::string>& properties) {
  std::vector<config::Property> overrides;
  for (const auto& [key, value] : properties) overrides.push_back({key, value, 0});
  auto settings = config::Settings::parse("test", "", overrides);
  if (!settings) return base::fail(std::move(settings));
  return parse_listeners(*settings);
}

ListenerConfig only(const std::map<std::string, std::string>& properties) {
  auto listeners = parse(properties);
  EXPECT_TRUE(listeners) << listeners.error().message;
  EXPECT_TRUE(!listeners || listeners->size() == 1);
  return listeners && !listeners->empty() ? listeners->front() : ListenerConfig{};
}

TEST(Listeners, WithoutAnySettingItIsLoopback) {
  const ListenerConfig listener = only({});
  EXPECT_EQ(listener.name, "PLAINTEXT");
  EXPECT_EQ(listener.bind.to_string(), "127.0.0.1:9092");
  EXPECT_FALSE(listener.advertised);
}

TEST(Listeners, AnEmptyHostIsEveryAddress) {
  const ListenerConfig listener = only({{"listeners", "PLAINTEXT://:9093"}});
  EXPECT_EQ(listener.bind.host, "");
  EXPECT_EQ(listener.bind.port, 9093);
}

TEST(Listeners, AnIPv6AddressStandsInBrackets) {
  const ListenerConfig listener = only({{"listeners", "PLAINTEXT://[::1]:9092"}});
  EXPECT_EQ(listener.bind.host, "::1");
  EXPECT_EQ(listener.bind.port, 9092);
}

TEST(Listeners, SeveralWithNamesOfTheirOwn) {
  const auto listeners =
      parse({{"listeners", "INSIDE://127.0.0.1:1, outside://127.0.0.1:2"},
             {"advertised.listeners", "OUTSIDE://example.org:443"},
             {"listener.security.protocol.map", "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT"}});
  ASSERT_TRUE(listeners) << listeners.error().message;
  ASSERT_EQ(listeners->size(), 2U);
  EXPECT_EQ(listeners->at(0).name, "INSIDE");
  EXPECT_FALSE(listeners->at(0).advertised);
  EXPECT_EQ(listeners->at(1).name, "OUTSIDE");
  ASSERT_TRUE(listeners->at(1).advertised);
  EXPECT_EQ(listeners->at(1).advertised->to_string(), "example.org:443");
}

TEST(Listeners, ControllersAreLeftOut) {
  const ListenerConfig listener =
      only({{"listeners", "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2"},
            {"advertised.listeners", "PLAINTEXT://127.0.0.1:1"},
            {"controller.listener.names", "CONTROLLER"}});
  EXPECT_EQ(listener.name, "PLAINTEXT");
}

TEST(Listeners, WhatIsWrongIsNamed) {
  struct Wrong {
    std::map<std::string, std::string> properties;
    std::string names;
  };
  const Wrong wrong[] = {
      {{{"listeners", "127.0.0.1:9092"}}, "127.0.0.1:9092"},
      {{{"listeners", "PLAINTEXT://127.0.0.1"}}, "PLAINTEXT://127.0.0.1"},
      {{{"listeners", "PLAINTEXT://127.0.0.1:x"}}, "port"},
      {{{"listeners", "PLAINTEXT://127.0.0.1:65536"}}, "65535"},
      {{{"listeners", "PLAINTEXT://:1,PLAINTEXT://:2"}}, "twice"},
      {{{"listeners", "STRANGE://:1"}}, "STRANGE"},
      {{{"listeners", "SSL://:1"}}, "SSL"},
      {{{"listeners", "SASL_PLAINTEXT://:1"}}, "SASL_PLAINTEXT"},
      {{{"advertised.listeners", "OTHER://example.org:1"}}, "OTHER"},
      {{{"advertised.listeners", "PLAINTEXT://0.0.0.0:1"}}, "0.0.0.0"},
      {{{"advertised.listeners", "PLAINTEXT://:1"}}, "address"},
      {{{"listeners", "CONTROLLER://:1"}, {"controller.listener.names", "CONTROLLER"}},
       "at least one"},
  };
  for (const auto& [properties, names] : wrong) {
    const auto refused = parse(properties);
    ASSERT_FALSE(refused) << properties.begin()->second;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidConfig);
    EXPECT_NE(refused.error().message.find(names), std::string::npos) << refused.error().message;
  }
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
