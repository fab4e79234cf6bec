// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/throttle.h"

#include <algorithm>
#include <chrono>

namespace odradek::log::cleaner {
namespace {

// Whatever the rate, nobody waits longer for one step: the rate may change meanwhile.
constexpr double kSecondsMax = 3600;

}  // namespace

void Throttle::set_rate(double bytes_per_second) {
  const std::lock_guard lock(mutex_);
  bytes_per_second_ = bytes_per_second;
}

env::Duration Throttle::take(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes_per_second_ <= 0) return {};
  const env::MonotonicTime now = clock_.monotonic();
  const double seconds = std::min(static_cast<double>(bytes) / bytes_per_second_, kSecondsMax);
  paid_until_ = std::max(paid_until_, now) +
                std::chrono::duration_cast<env::Duration>(std::chrono::duration<double>(seconds));
  return paid_until_ - now;
}

}  // namespace odradek::log::cleaner
