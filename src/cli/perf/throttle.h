// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "env/clock.h"

namespace odradek::cli {

// Keeps a sender to so many records a second: below zero as fast as it can, zero not at all.
class Throttle {
 public:
  Throttle(double records_per_second, env::MonotonicTime start)
      : records_per_second_(records_per_second), start_(start) {}

  // How long to wait after the `sent`th record, now; short waits are saved up. Nothing: for ever.
  std::optional<env::Duration> wait(std::int64_t sent, env::MonotonicTime now) const;

 private:
  const double records_per_second_;
  const env::MonotonicTime start_;
};

}  // namespace odradek::cli
