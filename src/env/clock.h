// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "base/ids.h"

namespace odradek::env {

using Duration = std::chrono::nanoseconds;
// A point on the clock that never jumps. Only its type is taken from the standard library: `Clock`
// tells the time.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// The two clocks. Threads: any.
class Clock {
 public:
  virtual ~Clock() = default;
  // For intervals and deadlines: does not jump, and stands still between simulated events.
  virtual MonotonicTime monotonic() const = 0;
  // The time of day, for timestamps that people and records see; it may jump either way.
  virtual base::Timestamp wall() const = 0;
};

// Random bits, good enough for ids and nonces. Threads: any.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

}  // namespace odradek::env
