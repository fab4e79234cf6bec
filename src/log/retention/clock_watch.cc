// SPDX-License-Identifier: Apache-2.0
#include "log/retention/clock_watch.h"

#include <utility>

namespace odradek::log::retention {

std::optional<env::Duration> ClockWatch::look(Reading now) {
  const Reading before = std::exchange(last_, now);
  const env::Duration by_wall = std::chrono::milliseconds(now.wall.value() - before.wall.value());
  const env::Duration drift = by_wall - (now.monotonic - before.monotonic);
  if (drift <= kTolerance && drift >= -kTolerance) return std::nullopt;
  paused_until_ = now.monotonic + pause_;
  return drift;
}

}  // namespace odradek::log::retention
