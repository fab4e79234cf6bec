// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "env/clock.h"
#include "env/disk.h"
#include "env/executor.h"
#include "env/network.h"

// The one door to the outside world. `linux/` opens it to the real one, `sim/` to a simulated one
// whose every event follows from a seed.
namespace odradek::env {

// Everything a server needs of the world. It outlives whatever uses it. Threads: any.
class World {
 public:
  virtual ~World() = default;
  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual Disk& disk() = 0;
  virtual Network& network() = 0;
  virtual WorkerPool& workers() = 0;
  // The event loops, [0, loop_count). Loop 0 carries the server's own timers and the controller.
  virtual std::size_t loop_count() const = 0;
  virtual Executor& loop(std::size_t index) = 0;
};

}  // namespace odradek::env
