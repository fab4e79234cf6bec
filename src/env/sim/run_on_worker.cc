// SPDX-License-Identifier: Apache-2.0
#include "env/sim/run_on_worker.h"

#include "env/sim/sim_world.h"

namespace odradek::env::sim {

bool run_on_worker(SimWorld& simulation, SimHost& host, const std::function<void()>& task,
                   Duration longest) {
  bool is_done = false;
  auto queue = host.world().workers().make_queue("test", 1);
  queue->submit([&] {
    task();
    is_done = true;
  });
  const auto is_over = [&] { return is_done || !host.is_running(); };
  simulation.run_until(is_over, longest);
  const bool was_over = is_over();
  simulation.run_for(std::chrono::milliseconds(10));
  return was_over;
}

}  // namespace odradek::env::sim
