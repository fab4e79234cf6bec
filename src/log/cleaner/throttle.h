// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>

#include "env/clock.h"

namespace odradek::log::cleaner {

// Holds work back to so many bytes a second on average (log.cleaner.io.max.bytes.per.second).
// Threads: any.
class Throttle {
 public:
  explicit Throttle(env::Clock& clock) : clock_(clock) {}

  void set_rate(double bytes_per_second);
  // `bytes` were read or written: how long whoever did it waits before it goes on.
  env::Duration take(std::uint64_t bytes);

 private:
  env::Clock& clock_;
  std::mutex mutex_;
  double bytes_per_second_ = 0;
  // Up to here the bytes so far are paid for.
  env::MonotonicTime paid_until_{};
};

}  // namespace odradek::log::cleaner
