// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "env/world.h"

namespace odradek::env {

// Cores that the process may run on, at least 1.
std::size_t core_count();

struct LinuxWorldOptions {
  // Event loops, one thread each; 0: one for each core.
  std::size_t loop_count = 1;
  // At most so many threads for blocking work (`num.io.threads`); a thread starts when work first
  // asks for it.
  std::size_t worker_threads = 8;
};

// The real world on Linux. A loop without work sleeps in the kernel: nothing polls. SIGPIPE is
// ignored in the whole process from construction on.
//
// Tasks may be posted before the loops run. Whatever uses the world is destroyed before it; tasks
// that never ran are destroyed with it. Throws std::system_error where the kernel gives no
// descriptors or threads.
class LinuxWorld final : public World {
 public:
  explicit LinuxWorld(const LinuxWorldOptions& options);
  // Stops the loops and waits for their threads.
  ~LinuxWorld() override;

  // Runs loop 0 on the calling thread and each other loop on one of its own, until stop(). When it
  // returns, no loop runs anything more, and the tasks that never ran are destroyed: what used the
  // world can go.
  void run();
  // The same, and `task` on a thread of its own, for what blocks while the loops run; returns when
  // both are over.
  void run_beside(Task task);
  // Runs every loop on a thread of its own and returns.
  void start();
  // Ends the loops after the task each is in, run() with them. Final. Threads: any.
  void stop();
  // Another `worker_threads` from now on. Threads: any.
  void resize_workers(std::size_t threads);
  // Calls `handler` on loop 0 each time one of the signals arrives, from now on. Call once.
  void on_signal(const std::vector<int>& signals, std::function<void(int)> handler);

  Clock& clock() override;
  Random& random() override;
  Disk& disk() override;
  Network& network() override;
  WorkerPool& workers() override;
  std::size_t loop_count() const override;
  Executor& loop(std::size_t index) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace odradek::env
