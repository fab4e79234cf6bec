// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "env/clock.h"

namespace odradek::env::sim {

class SimHost;
class SimWorld;

// For tests: runs the task as a thread of the host's pool does, and the simulation until it is done
// or the process ended, which cuts it short; then a moment more, in which a task that waited for
// the disk sees its end. False where neither came within `longest`: the task is stuck.
[[nodiscard]] bool run_on_worker(SimWorld& simulation, SimHost& host,
                                 const std::function<void()>& task,
                                 Duration longest = std::chrono::seconds(60));

}  // namespace odradek::env::sim
