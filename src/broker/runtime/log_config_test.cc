// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/log_config.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

TEST(LogConfig, ATopicsValuesAreReadAsTheyAreChecked) {
  const metadata::ConfigMap overrides = {{"preallocate", " True "},
                                         {"segment.bytes", " +1048577"},
                                         {"message.timestamp.type", "LogAppendTime "},
                                         {"min.cleanable.dirty.ratio", "0.25d"}};
  const auto config = make_log_config(config::Settings(), &overrides);
  EXPECT_TRUE(config.preallocate);
  EXPECT_EQ(config.segment_bytes, 1048577);
  EXPECT_TRUE(config.timestamp_is_log_append_time);
  EXPECT_EQ(config.min_cleanable_dirty_ratio, 0.25);
}

TEST(LogConfig, WhatIsNoNumberGivesWayToTheBrokersValue) {
  const metadata::ConfigMap overrides = {{"segment.bytes", "many"}};
  const config::Settings settings(config::SettingValues{{"log.segment.bytes", "2097152"}});
  EXPECT_EQ(make_log_config(settings, &overrides).segment_bytes, 2097152);
}

}  // namespace
}  // namespace odradek::broker
