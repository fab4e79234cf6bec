// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/scheduler.h"

namespace odradek::env::sim {

// One run of a process on a simulated host, shared by everything that belongs to it. Once it is
// over every door to the world is shut: the loops run nothing more, the disk fails with EIO,
// nothing is sent. Blocking work still comes to its end, so that objects can be destroyed that wait
// for it, until the process is gone.
struct Life {
  Scheduler& scheduler;
  std::string host;
  std::uint64_t number = 0;
  bool is_over = false;
  bool is_gone = false;
  // Draws that belong to this process.
  SeededRandom random;
  // Loops in the middle of a task.
  int running_loops = 0;
  // How often a loop waited for the disk, which only workers may.
  std::uint64_t disk_waits_on_loops = 0;
  // Stopped (SIGSTOP): its loops and workers begin and go on with nothing until it is resumed.
  bool is_paused = false;
  std::vector<Task> when_resumed = {};

  void resume() {
    is_paused = false;
    for (Task& task : std::exchange(when_resumed, {})) {
      scheduler.after(Duration::zero(), std::move(task));
    }
  }
};

}  // namespace odradek::env::sim
