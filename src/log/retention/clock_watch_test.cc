// SPDX-License-Identifier: Apache-2.0
#include "log/retention/clock_watch.h"

#include <gtest/gtest.h>

#include <chrono>

namespace odradek::log::retention {
namespace {

using namespace std::chrono_literals;

// Both clocks, moved by hand.
class ClockWatchTest : public testing::Test {
 protected:
  ClockWatch::Reading now() const {
    return {.wall = base::Timestamp(1767225600000 + wall_.count()),
            .monotonic = env::MonotonicTime(1h + monotonic_)};
  }
  void pass(std::chrono::milliseconds time) {
    wall_ += time;
    monotonic_ += time;
  }

  std::chrono::milliseconds wall_{};
  std::chrono::milliseconds monotonic_{};
  ClockWatch watch_{now(), 4min};
};

TEST_F(ClockWatchTest, TimeThatPassesIsNoJump) {
  pass(1000h);
  EXPECT_FALSE(watch_.look(now()));
  EXPECT_FALSE(watch_.is_paused(now().monotonic));
}

TEST_F(ClockWatchTest, AJumpEitherWayPausesForAWhile) {
  for (const auto jump : {24h, -24h}) {
    pass(5min);
    wall_ += jump;
    ASSERT_TRUE(watch_.look(now()).has_value());
    EXPECT_TRUE(watch_.is_paused(now().monotonic));
    pass(1min);
    EXPECT_FALSE(watch_.look(now())) << "it is told once";
    EXPECT_TRUE(watch_.is_paused(now().monotonic));
    pass(4min);
    EXPECT_FALSE(watch_.look(now()));
    EXPECT_FALSE(watch_.is_paused(now().monotonic));
  }
}

TEST_F(ClockWatchTest, FiveMinutesAreTolerated) {
  pass(5min);
  wall_ += 5min;
  EXPECT_FALSE(watch_.look(now()));
  pass(5min);
  wall_ += 5min + 1ms;
  EXPECT_EQ(watch_.look(now()), env::Duration(5min + 1ms));
  wall_ -= 5min + 1ms;
  EXPECT_EQ(watch_.look(now()), -env::Duration(5min + 1ms));
}

}  // namespace
}  // namespace odradek::log::retention
