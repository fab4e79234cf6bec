// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "env/clock.h"

namespace odradek::log::move {

// Holds copies to so many bytes a second, all together. What was copied is paid for afterwards: a
// step of any size is allowed while nothing is owed. Pure; the caller serialises.
class RateLimit {
 public:
  explicit RateLimit(std::int64_t bytes_per_second) : bytes_per_second_(bytes_per_second) {}

  // Counts from now on; what is owed stays owed. 0 holds everything up.
  void set_rate(std::int64_t bytes_per_second, env::MonotonicTime now);
  void spend(std::uint64_t bytes, env::MonotonicTime now);
  // Until nothing is owed: zero when a step may be made now. Never more than a second, so that a
  // change of the rate is heard of soon.
  env::Duration wait(env::MonotonicTime now);
  // How much one step copies at most, `chunk_bytes` or less, so that a low rate gives small steps
  // and not long pauses.
  std::uint64_t step_bytes(std::uint64_t chunk_bytes) const;

 private:
  void pay(env::MonotonicTime now);

  std::int64_t bytes_per_second_;
  double owed_bytes_ = 0;
  env::MonotonicTime paid_until_{};
};

}  // namespace odradek::log::move
