// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "env/clock.h"

namespace odradek::env {

class LinuxClock final : public Clock {
 public:
  MonotonicTime monotonic() const override;
  base::Timestamp wall() const override;
};

// The kernel's random numbers, fetched some at a time for each thread.
class LinuxRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace odradek::env
