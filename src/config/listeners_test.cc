// SPDX-License-Identifier: Apache-2.0
#include "config/listeners.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/settings.h"

namespace odradek::config {
namespace {

using Properties = std::map<std::string, std::string, std::less<>>;

std::expected<std::vector<Listener>, Objection> read(Properties properties) {
  return read_listeners(Settings(std::move(properties)));
}

Listener only(Properties properties) {
  auto listeners = read(std::move(properties));
  EXPECT_TRUE(listeners) << listeners.error().words;
  EXPECT_TRUE(!listeners || listeners->size() == 1);
  return listeners && !listeners->empty() ? listeners->front() : Listener{};
}

TEST(ListenersTest, WithoutAnySettingItIsLoopback) {
  const Listener listener = only({});
  EXPECT_EQ(listener.name, "PLAINTEXT");
  EXPECT_EQ(listener.bind, (HostAndPort{"127.0.0.1", 9092}));
  EXPECT_FALSE(listener.advertised);
}

TEST(ListenersTest, InAClusterItIsEveryAddress) {
  const Listener listener = only({{"zookeeper.connect", "127.0.0.1:2181"}});
  EXPECT_EQ(listener.name, "PLAINTEXT");
  EXPECT_EQ(listener.bind, (HostAndPort{"", 9092}));
  EXPECT_FALSE(listener.advertised);
}

TEST(ListenersTest, AnEmptyHostIsEveryAddress) {
  EXPECT_EQ(only({{"listeners", "PLAINTEXT://:9093"}}).bind, (HostAndPort{"", 9093}));
}

TEST(ListenersTest, AnIPv6AddressStandsInBrackets) {
  EXPECT_EQ(only({{"listeners", "PLAINTEXT://[::1]:9092"}}).bind, (HostAndPort{"::1", 9092}));
}

TEST(ListenersTest, SeveralWithNamesOfTheirOwn) {
  const auto listeners =
      read({{"listeners", "INSIDE://127.0.0.1:1, outside://127.0.0.1:2"},
            {"advertised.listeners", "OUTSIDE://example.org:443"},
            {"listener.security.protocol.map", "INSIDE:PLAINTEXT,outside:PLAINTEXT"}});
  ASSERT_TRUE(listeners) << listeners.error().words;
  ASSERT_EQ(listeners->size(), 2U);
  EXPECT_EQ(listeners->at(0).name, "INSIDE");
  EXPECT_FALSE(listeners->at(0).advertised);
  EXPECT_EQ(listeners->at(1).name, "OUTSIDE");
  EXPECT_EQ(listeners->at(1).advertised, (HostAndPort{"example.org", 443}));
}

TEST(ListenersTest, ControllersAreLeftOut) {
  const Listener listener =
      only({{"listeners", "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2"},
            {"advertised.listeners", "PLAINTEXT://127.0.0.1:1,CONTROLLER://localhost:2"},
            {"controller.listener.names", "CONTROLLER"}});
  EXPECT_EQ(listener.name, "PLAINTEXT");
}

TEST(ListenersTest, OlderNamesCountWithoutTheNewerOne) {
  const Listener listener =
      only({{"host.name", "10.0.0.1"}, {"port", "9999"}, {"advertised.host.name", "example.org"}});
  EXPECT_EQ(listener.bind, (HostAndPort{"10.0.0.1", 9999}));
  EXPECT_EQ(listener.advertised, (HostAndPort{"example.org", 9999}));
  EXPECT_EQ(only({{"port", "9999"}}).bind, (HostAndPort{"", 9999}));
  EXPECT_EQ(only({{"port", "9999"}, {"listeners", "PLAINTEXT://:1"}}).bind, (HostAndPort{"", 1}));
}

TEST(ListenersTest, EveryAddressNeedsAnotherToTellTheClusterOf) {
  EXPECT_EQ(only({{"listeners", "PLAINTEXT://0.0.0.0:1"}}).bind, (HostAndPort{"0.0.0.0", 1}));
  const Listener listener = only({{"listeners", "PLAINTEXT://0.0.0.0:1"},
                                  {"advertised.listeners", "PLAINTEXT://here:2"},
                                  {"zookeeper.connect", "zoo:2181"}});
  EXPECT_EQ(listener.advertised, (HostAndPort{"here", 2}));
}

TEST(ListenersTest, WhatIsWrongIsNamed) {
  struct Wrong {
    Properties properties;
    std::string key;
    std::string names;
  };
  const Wrong wrong[] = {
      {{{"listeners", "127.0.0.1:9092"}}, "listeners", "127.0.0.1:9092"},
      {{{"listeners", "PLAINTEXT://127.0.0.1"}}, "listeners", "PLAINTEXT://127.0.0.1"},
      {{{"listeners", "PLAINTEXT://127.0.0.1:x"}}, "listeners", "port"},
      {{{"listeners", "PLAINTEXT://127.0.0.1:65536"}}, "listeners", "65535"},
      {{{"listeners", "PLAINTEXT://:1,PLAINTEXT://:2"}}, "listeners", "twice"},
      {{{"listeners", "PLAINTEXT://:1,OTHER://127.0.0.1:1"},
        {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OTHER:PLAINTEXT"}},
       "listeners",
       "PLAINTEXT has that port"},
      {{{"listeners", "STRANGE://:1"}}, "listeners", "STRANGE"},
      {{{"listeners", "SSL://:1"}}, "listeners", "SSL"},
      {{{"listeners", "SASL_PLAINTEXT://:1"}}, "listeners", "SASL_PLAINTEXT"},
      {{{"listeners", "A://:1"}, {"listener.security.protocol.map", "A:SASL_SSL"}},
       "listener.security.protocol.map",
       "A:SASL_SSL"},
      {{{"listeners", "A://:1"}, {"listener.security.protocol.map", "A:TLS"}},
       "listener.security.protocol.map",
       "SASL_PLAINTEXT"},
      {{{"advertised.listeners", "OTHER://example.org:1"}}, "advertised.listeners", "OTHER"},
      {{{"advertised.listeners", "PLAINTEXT://0.0.0.0:1"}}, "advertised.listeners", "0.0.0.0"},
      {{{"advertised.listeners", "PLAINTEXT://:1"}}, "advertised.listeners", "address"},
      {{{"listeners", "PLAINTEXT://0.0.0.0:1"}, {"zookeeper.connect", "zoo:2181"}},
       "listeners",
       "nonroutable meta-address 0.0.0.0"},
      {{{"listeners", "PLAINTEXT://[::]:1"}, {"zookeeper.connect", "zoo:2181"}},
       "listeners",
       "nonroutable meta-address ::"},
      {{{"listeners", "CONTROLLER://:1"},
        {"listener.security.protocol.map", "CONTROLLER:PLAINTEXT"},
        {"controller.listener.names", "CONTROLLER"}},
       "listeners",
       "at least one"},
  };
  for (const auto& [properties, key, names] : wrong) {
    const auto refused = read(properties);
    ASSERT_FALSE(refused) << properties.begin()->second;
    EXPECT_EQ(refused.error().key, key);
    EXPECT_NE(refused.error().words.find(names), std::string::npos) << refused.error().words;
  }
}

}  // namespace
}  // namespace odradek::config
