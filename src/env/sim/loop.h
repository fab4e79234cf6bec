// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <set>

#include "env/executor.h"
#include "env/sim/life.h"

namespace odradek::env::sim {

// An event loop of a simulated process: one task an event, each taking a little simulated time.
class SimLoop final : public Executor {
 public:
  SimLoop(std::shared_ptr<Life> life, std::uint64_t index);
  ~SimLoop() override;

  void post(Task task) override;
  TimerId run_after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  bool is_current() const override;

  // Destroys what has not run. Not while one of the loop's tasks runs.
  void drop_tasks();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace odradek::env::sim
