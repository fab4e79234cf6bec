// SPDX-License-Identifier: Apache-2.0
#include "log/move/rate_limit.h"

#include <algorithm>
#include <chrono>

namespace odradek::log::move {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr env::Duration kWaitMax = std::chrono::seconds(1);
constexpr std::uint64_t kStepBytesMin = 16U << 10U;

}  // namespace

void RateLimit::pay(env::MonotonicTime now) {
  const double seconds = Seconds(now - paid_until_).count();
  owed_bytes_ = std::max(0.0, owed_bytes_ - seconds * static_cast<double>(bytes_per_second_));
  paid_until_ = now;
}

void RateLimit::set_rate(std::int64_t bytes_per_second, env::MonotonicTime now) {
  pay(now);
  bytes_per_second_ = bytes_per_second;
}

void RateLimit::spend(std::uint64_t bytes, env::MonotonicTime now) {
  pay(now);
  owed_bytes_ += static_cast<double>(bytes);
}

env::Duration RateLimit::wait(env::MonotonicTime now) {
  pay(now);
  if (bytes_per_second_ == 0) return kWaitMax;
  const double seconds = owed_bytes_ / static_cast<double>(bytes_per_second_);
  if (seconds >= Seconds(kWaitMax).count()) return kWaitMax;
  return std::chrono::ceil<env::Duration>(Seconds(seconds));
}

std::uint64_t RateLimit::step_bytes(std::uint64_t chunk_bytes) const {
  constexpr std::int64_t kStepsPerSecond = 10;
  const auto share = static_cast<std::uint64_t>(bytes_per_second_ / kStepsPerSecond);
  return std::clamp(share, std::min(kStepBytesMin, chunk_bytes), chunk_bytes);
}

}  // namespace odradek::log::move
