// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/client.h"

#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

TEST(Translated, KeysLandWhereTheJavaProducerPutsThem) {
  EXPECT_EQ(translated(RD_KAFKA_PRODUCER, {}).at("partitioner"), "murmur2_random");
  EXPECT_EQ(translated(RD_KAFKA_PRODUCER, {{"partitioner", "random"}}).at("partitioner"), "random");
}

// KIP-679.
TEST(Translated, ProducersAreIdempotentUnlessTheSettingsConflict) {
  const auto idempotence = [](const ClientConfig& config) {
    return translated(RD_KAFKA_PRODUCER, config).at("enable.idempotence");
  };
  EXPECT_EQ(idempotence({}), "true");
  EXPECT_EQ(idempotence({{"acks", "-1"}, {"retries", "3"}}), "true");
  EXPECT_EQ(idempotence({{"max.in.flight.requests.per.connection", "5"}}), "true");
  EXPECT_EQ(idempotence({{"acks", "1"}}), "false");
  EXPECT_EQ(idempotence({{"retries", "0"}}), "false");
  EXPECT_EQ(idempotence({{"max.in.flight.requests.per.connection", "6"}}), "false");
  EXPECT_EQ(idempotence({{"enable.idempotence", "false"}}), "false");
}

TEST(Translated, NamesOfTheJavaClients) {
  const auto config = translated(RD_KAFKA_CONSUMER,
                                 {{"fetch.max.wait.ms", "5"},
                                  {"partition.assignment.strategy",
                                   "org.apache.kafka.clients.consumer.RangeAssignor,"
                                   "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"},
                                  {"key.deserializer", "x"},
                                  {"client.id", "me"}});
  EXPECT_EQ(config.at("fetch.wait.max.ms"), "5");
  EXPECT_EQ(config.at("partition.assignment.strategy"), "cooperative-sticky");
  EXPECT_EQ(config.at("client.id"), "me");
  EXPECT_FALSE(config.contains("key.deserializer"));
}

TEST(MakeClient, WhatNeitherKnowsIsRefused) {
  ClientEvents events;
  const auto client = make_client(RD_KAFKA_PRODUCER, {{"no.such.key", "1"}}, events);
  ASSERT_FALSE(client.has_value());
  EXPECT_NE(client.error().message.find("no.such.key"), std::string::npos);
}

TEST(MakeClient, WhatTheCommandsSetIsKnown) {
  ClientEvents events;
  EXPECT_TRUE(make_client(RD_KAFKA_PRODUCER,
                          {{"acks", "all"},
                           {"linger.ms", "1000"},
                           {"retries", "3"},
                           {"request.timeout.ms", "1500"},
                           {"retry.backoff.ms", "100"},
                           {"send.buffer.bytes", "102400"},
                           {"buffer.memory", "33554432"},
                           {"batch.size", "16384"},
                           {"metadata.max.age.ms", "300000"},
                           {"max.block.ms", "60000"},
                           {"delivery.timeout.ms", "120000"},
                           {"compression.type", "zstd"}},
                          events)
                  .has_value());
}

}  // namespace
}  // namespace odradek::cli
