// SPDX-License-Identifier: Apache-2.0
#include "config/topic_config.h"

#include <gtest/gtest.h>

namespace odradek::config {
namespace {

std::string flush_ms(const std::string& file) {
  return topic_value(*Settings::parse("f", file, {}), nullptr, "flush.ms");
}

TEST(TopicConfigTest, OfSeveralBrokersKeysTheFirstThatHasAValueCounts) {
  EXPECT_EQ(flush_ms(""), "9223372036854775807");
  EXPECT_EQ(flush_ms("log.flush.scheduler.interval.ms=30"), "30");
  EXPECT_EQ(flush_ms("log.flush.scheduler.interval.ms=30\nlog.flush.interval.ms=20"), "20");
}

TEST(TopicConfigTest, TheTopicsOwnValueWins) {
  const auto broker = Settings::parse("f", "log.flush.interval.ms=20", {});
  const TopicOverrides overrides = {{"flush.ms", "10"}};
  EXPECT_EQ(topic_value(*broker, &overrides, "flush.ms"), "10");
}

}  // namespace
}  // namespace odradek::config
