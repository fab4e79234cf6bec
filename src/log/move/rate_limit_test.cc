// SPDX-License-Identifier: Apache-2.0
#include "log/move/rate_limit.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>

namespace odradek::log::move {
namespace {

using std::chrono::milliseconds;

const env::MonotonicTime kStart{std::chrono::hours(3)};

// Bytes copied in `duration` of steps as large and as often as the limit lets them.
std::uint64_t copied_in(RateLimit& limit, env::Duration duration) {
  std::uint64_t copied = 0;
  env::MonotonicTime now = kStart;
  while (now < kStart + duration) {
    const env::Duration wait = limit.wait(now);
    if (wait > env::Duration::zero()) {
      now += wait;
      continue;
    }
    const std::uint64_t step = limit.step_bytes(1U << 20U);
    limit.spend(step, now);
    copied += step;
  }
  return copied;
}

TEST(RateLimit, KeepsToTheRate) {
  for (const std::int64_t rate : {50'000, 1'000'000, 100'000'000}) {
    RateLimit limit(rate);
    const auto copied = static_cast<double>(copied_in(limit, std::chrono::seconds(20)));
    EXPECT_NEAR(copied, 20.0 * static_cast<double>(rate), 0.02 * 20.0 * static_cast<double>(rate));
  }
}

TEST(RateLimit, WithoutALimitNothingWaits) {
  RateLimit limit(std::numeric_limits<std::int64_t>::max());
  limit.spend(1U << 30U, kStart);
  EXPECT_EQ(limit.wait(kStart + milliseconds(1)), env::Duration::zero());
  EXPECT_EQ(limit.step_bytes(1U << 20U), 1U << 20U);
}

TEST(RateLimit, ZeroHoldsUntilItIsRaised) {
  RateLimit limit(0);
  EXPECT_EQ(limit.wait(kStart), std::chrono::seconds(1));
  EXPECT_EQ(limit.wait(kStart + std::chrono::hours(5)), std::chrono::seconds(1));
  limit.set_rate(1000, kStart);
  EXPECT_EQ(limit.wait(kStart), env::Duration::zero());
}

TEST(RateLimit, ALowRateIsAskedAgainWithinASecond) {
  RateLimit limit(10);
  limit.spend(16384, kStart);
  EXPECT_EQ(limit.wait(kStart), std::chrono::seconds(1));
  limit.set_rate(1'000'000, kStart);
  EXPECT_LT(limit.wait(kStart), milliseconds(20));
}

}  // namespace
}  // namespace odradek::log::move
