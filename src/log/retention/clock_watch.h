// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/ids.h"
#include "env/clock.h"

namespace odradek::log::retention {

// Tells a wall clock that jumped from time that passed, by the monotonic clock: a clock that is set
// ahead must not make every record old at once. Not thread-safe.
class ClockWatch {
 public:
  // What the two clocks may drift apart between two looks, either way.
  static constexpr env::Duration kTolerance = std::chrono::minutes(5);

  // `now`: both clocks' readings. `pause`: how long the wall clock is not believed after a jump.
  struct Reading {
    base::Timestamp wall;
    env::MonotonicTime monotonic;
  };
  ClockWatch(Reading now, env::Duration pause) : last_(now), pause_(pause) {}

  // How far the wall clock ran away since the last look, where that is more than the tolerance.
  std::optional<env::Duration> look(Reading now);
  // Whether the last jump was seen less than the pause before `now`.
  bool is_paused(env::MonotonicTime now) const { return now < paused_until_; }

 private:
  Reading last_;
  env::Duration pause_;
  env::MonotonicTime paused_until_ = env::MonotonicTime::min();
};

}  // namespace odradek::log::retention
