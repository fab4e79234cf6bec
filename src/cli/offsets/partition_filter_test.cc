// SPDX-License-Identifier: Apache-2.0
#include "cli/offsets/partition_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace odradek::cli {
namespace {

// The partitions 0 to 5 of topics a, ab and b that the rules name.
std::string chosen(const base::Result<PartitionFilter>& filter) {
  if (!filter) return filter.error().message;
  std::string out;
  for (const char* topic : {"a", "ab", "b"}) {
    for (std::int32_t i = 0; i < 6; ++i) {
      const base::TopicPartition partition{topic, i};
      if (filter->matches(partition)) out += partition.to_string() + ' ';
    }
  }
  return out;
}

TEST(PartitionFilter, RulesNameTopicsAndRanges) {
  EXPECT_EQ(chosen(PartitionFilter::parse_rules("a:1,b:4-,ab:-2")), "a-1 ab-0 ab-1 b-4 b-5 ");
  EXPECT_EQ(chosen(PartitionFilter::parse_rules(":2")), "a-2 ab-2 b-2 ");
  EXPECT_EQ(chosen(PartitionFilter::parse_rules("a.*:1-2,")), "a-1 ab-1 ");
  EXPECT_EQ(chosen(PartitionFilter::parse_rules("b:")), "b-0 b-1 b-2 b-3 b-4 b-5 ");
}

TEST(PartitionFilter, RulesThatAreNone) {
  EXPECT_NE(chosen(PartitionFilter::parse_rules("a:b")).find("Invalid rule specification: a:b"),
            std::string::npos);
  EXPECT_NE(chosen(PartitionFilter::parse_rules("a:1-2-3")).find("Invalid rule"),
            std::string::npos);
  EXPECT_EQ(chosen(PartitionFilter::parse_rules("a:99999999999")),
            "For input string: \"99999999999\"");
  EXPECT_EQ(chosen(PartitionFilter::parse_rules("a[:1")), "a[ is an invalid regex.");
}

TEST(PartitionFilter, TopicAndPartitions) {
  EXPECT_EQ(chosen(PartitionFilter::parse_topic("a|b", "0,5")), "a-0 a-5 b-0 b-5 ");
  EXPECT_NE(chosen(PartitionFilter::parse_topic("a", "0,x")).find("but received: 0,x"),
            std::string::npos);
}

}  // namespace
}  // namespace odradek::cli
