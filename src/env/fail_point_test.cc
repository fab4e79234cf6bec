// SPDX-License-Identifier: Apache-2.0
#include "env/fail_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::env {
namespace {

using testing::HasSubstr;

TEST(FailPointTest, NothingHappensWhereNothingIsArmed) {
  ASSERT_TRUE(arm_fail_points(""));
  fail_point(FailPoint::kWriteDone);
}

TEST(FailPointTest, WhatIsNotKnownIsRefusedWithWhatIs) {
  const auto unknown = arm_fail_points("write.don");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("'write.don'; there are: append.placed"));
  EXPECT_FALSE(arm_fail_points("write.done:0"));
  EXPECT_FALSE(arm_fail_points("write.done:"));
  EXPECT_FALSE(arm_fail_points("write.done:2x"));
}

TEST(FailPointDeathTest, TheProcessEndsTheTimeThatWasAskedFor) {
  const auto reach = [] {
    if (!arm_fail_points("flush.done:3,start.unmarked")) return;
    for (int i = 0; i < 5; ++i) fail_point(FailPoint::kWriteDone);
    for (int i = 0; i < 2; ++i) fail_point(FailPoint::kFlushDone);
    std::fputs("twice\n", stderr);
    fail_point(FailPoint::kFlushDone);
  };
  EXPECT_EXIT(reach(), testing::KilledBySignal(SIGKILL), "twice\nfail point flush.done ends");
}

}  // namespace
}  // namespace odradek::env
