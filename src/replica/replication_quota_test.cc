// SPDX-License-Identifier: Apache-2.0
#include "replica/replication_quota.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace odradek::replica {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr env::MonotonicTime kBegin{std::chrono::hours(1)};

class ReplicationQuotaTest : public ::testing::Test {
 protected:
  // Sends whatever may be sent, in steps of at most `step` bytes, for that long.
  std::uint64_t bytes_sent_in(env::Duration time, std::uint64_t step) {
    std::uint64_t sent = 0;
    for (const env::MonotonicTime end = now_ + time; now_ < end;) {
      const std::uint64_t bytes = std::min(quota_.allowed_bytes(now_), step);
      if (bytes == 0) {
        now_ += quota_.wait(now_);
        continue;
      }
      quota_.record(bytes, now_);
      sent += bytes;
    }
    return sent;
  }

  ReplicationQuota quota_{{}};
  env::MonotonicTime now_ = kBegin;
};

TEST_F(ReplicationQuotaTest, WithoutARateEverythingMayBeSent) {
  EXPECT_FALSE(quota_.is_limited());
  quota_.record(1'000'000'000, now_);
  EXPECT_EQ(quota_.allowed_bytes(now_), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(quota_.wait(now_), env::Duration::zero());
  EXPECT_EQ(quota_.bytes_per_second(now_), 1e9);
  EXPECT_EQ(quota_.bytes_per_second(now_ + seconds(10)), 1e8);
  EXPECT_EQ(quota_.bytes_per_second(now_ + seconds(11)), 0);
}

TEST_F(ReplicationQuotaTest, AllowsOneWindowAtFirst) {
  quota_.set_rate(1000);
  EXPECT_TRUE(quota_.is_limited());
  EXPECT_EQ(quota_.allowed_bytes(now_), 1000U);
  quota_.record(1000, now_);
  EXPECT_EQ(quota_.allowed_bytes(now_), 0U);
  EXPECT_EQ(quota_.wait(now_), seconds(1));
  now_ += milliseconds(1001);
  EXPECT_EQ(quota_.allowed_bytes(now_), 100U) << "no smaller steps than a tenth of a window's";
}

TEST_F(ReplicationQuotaTest, KeepsToItsRateOnAverage) {
  for (const std::uint64_t step : {100U, 5000U, 100'000U}) {
    quota_.set_rate(100'000);
    now_ += std::chrono::hours(1);
    const std::uint64_t sent = bytes_sent_in(seconds(60), step);
    EXPECT_LE(sent, 6'200'000U) << step;
    EXPECT_GE(sent, 5'800'000U) << step;
  }
}

// A step may be larger than what is left: what follows waits for it.
TEST_F(ReplicationQuotaTest, PaysForALargeStepAfterwards) {
  quota_.set_rate(1000);
  quota_.record(5000, now_);
  now_ += milliseconds(4900);
  EXPECT_EQ(quota_.allowed_bytes(now_), 0U);
  EXPECT_EQ(quota_.wait(now_), milliseconds(100));
  now_ += milliseconds(101);
  EXPECT_GT(quota_.allowed_bytes(now_), 0U);
}

TEST_F(ReplicationQuotaTest, ForgetsWhatIsOlderThanItsSamples) {
  quota_.set_rate(1);
  quota_.record(1'000'000, now_);
  now_ += milliseconds(10'500);
  EXPECT_EQ(quota_.wait(now_), milliseconds(500));
  now_ += milliseconds(500);
  EXPECT_EQ(quota_.allowed_bytes(now_), 1U);
}

TEST_F(ReplicationQuotaTest, FewerSamplesForgetSooner) {
  ReplicationQuota quota({.samples = 2, .length = seconds(2)});
  quota.set_rate(1000);
  EXPECT_EQ(quota.allowed_bytes(now_), 2000U);
  quota.record(1'000'000, now_);
  EXPECT_EQ(quota.allowed_bytes(now_ + milliseconds(3999)), 0U);
  EXPECT_EQ(quota.allowed_bytes(now_ + seconds(4)), 2000U);
}

TEST_F(ReplicationQuotaTest, ARateOfNothingHoldsEverythingUp) {
  quota_.set_rate(0);
  EXPECT_EQ(quota_.allowed_bytes(now_), 0U);
  EXPECT_EQ(quota_.wait(now_), seconds(1));
  EXPECT_EQ(bytes_sent_in(seconds(60), 1), 0U);
}

TEST_F(ReplicationQuotaTest, AnotherRateHoldsAtOnce) {
  quota_.set_rate(1000);
  quota_.record(10'000, now_);
  EXPECT_EQ(quota_.wait(now_), seconds(1)) << "a change of the rate is heard of soon";
  quota_.set_rate(100'000);
  EXPECT_EQ(quota_.wait(now_), env::Duration::zero());
  EXPECT_EQ(quota_.allowed_bytes(now_), 90'000U);
  quota_.set_rate(ReplicationQuota::kUnlimited);
  EXPECT_FALSE(quota_.is_limited());
}

}  // namespace
}  // namespace odradek::replica
