// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/record_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::cli {
namespace {

using namespace std::string_view_literals;

ConsumedRecord example() {
  ConsumedRecord record;
  record.partition = 2;
  record.offset = 5;
  record.timestamp_type = ConsumedRecord::TimestampType::kCreateTime;
  record.timestamp = 1000;
  record.key = "k";
  record.value = "v";
  record.headers = {{"a", "1"}, {"b", std::nullopt}};
  return record;
}

std::string text(const ClientConfig& properties, const ConsumedRecord& record) {
  std::string out;
  const auto done = RecordFormat::make(properties).value().append(record, out);
  EXPECT_TRUE(done.has_value()) << done.error().message;
  return out;
}

TEST(RecordFormat, AValueALine) { EXPECT_EQ(text({}, example()), "v\n"); }

TEST(RecordFormat, EveryPartInKafkasOrder) {
  const ClientConfig properties = {{"print.timestamp", "true"}, {"print.partition", "true"},
                                   {"print.offset", "true"},    {"print.delivery", "true"},
                                   {"print.epoch", "true"},     {"print.headers", "true"},
                                   {"print.key", "true"}};
  EXPECT_EQ(text(properties, example()),
            "CreateTime:1000\tPartition:2\tOffset:5\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\t"
            "a:1,b:null\tk\tv\n");
}

TEST(RecordFormat, SeparatorsAndNull) {
  ConsumedRecord record = example();
  record.value.reset();
  record.headers.clear();
  EXPECT_EQ(text({{"print.headers", "true"},
                  {"print.key", "true"},
                  {"key.separator", "|"},
                  {"line.separator", ";"},
                  {"null.literal", "(none)"}},
                 record),
            "NO_HEADERS|k|(none);");
  EXPECT_EQ(text({{"print.key", "true"}, {"print.value", "false"}}, record), "k\n");
}

TEST(RecordFormat, Deserializers) {
  ConsumedRecord record;
  record.key = "\0\0\0\0\0\0\0\x2a"sv;
  record.value = "\xff\xff\xff\xfe"sv;
  EXPECT_EQ(
      text({{"print.key", "true"},
            {"key.deserializer", "org.apache.kafka.common.serialization.LongDeserializer"},
            {"value.deserializer", "org.apache.kafka.common.serialization.IntegerDeserializer"}},
           record),
      "42\t-2\n");
  record.value = "\x40\x04\0\0\0\0\0\0"sv;
  EXPECT_EQ(
      text({{"value.deserializer", "org.apache.kafka.common.serialization.DoubleDeserializer"}},
           record),
      "2.5\n");
}

TEST(RecordFormat, WhatADeserializerCannotReadIsAnError) {
  const auto format = RecordFormat::make(
      {{"value.deserializer", "org.apache.kafka.common.serialization.LongDeserializer"}});
  std::string out;
  EXPECT_FALSE(format.value().append(example(), out).has_value());
  EXPECT_FALSE(RecordFormat::make({{"value.deserializer", "com.example.Mine"}}).has_value());
}

}  // namespace
}  // namespace odradek::cli
