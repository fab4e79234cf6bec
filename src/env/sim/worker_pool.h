// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "env/executor.h"
#include "env/sim/life.h"

namespace odradek::env::sim {

// The pool for blocking work of a simulated process: each task runs on a fiber, so that the
// simulation goes on while it waits for the disk.
class SimWorkerPool final : public WorkerPool {
 public:
  SimWorkerPool(std::shared_ptr<Life> life, int threads);
  ~SimWorkerPool() override;
  std::unique_ptr<Condition> make_condition() override;
  std::unique_ptr<WorkQueue> make_queue(std::string name, int max_parallel) override;

  // Destroys what has not started, in every queue.
  void drop_tasks();

 private:
  struct State;
  class Queue;
  std::shared_ptr<State> state_;
};

}  // namespace odradek::env::sim
