// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "env/executor.h"

namespace odradek::env {

// A pool whose threads start when work first asks for them. Queues with work take turns, task by
// task. Its queues are destroyed before it.
class LinuxWorkerPool final : public WorkerPool {
 public:
  explicit LinuxWorkerPool(std::size_t max_threads);
  ~LinuxWorkerPool() override;

  std::unique_ptr<WorkQueue> make_queue(std::string name, int max_parallel) override;
  // How many threads there may be from now on; those too many end when they have nothing to do.
  // Threads: any.
  void resize(std::size_t max_threads);

 private:
  class Queue;

  void submit(Queue& queue, Task task);
  void close(Queue& queue);
  void work();
  void start_thread_if_short();
  // Their last act was to give up the lock, which the caller has: they are waited for at most for
  // the moment that the kernel takes.
  void join_ended();
  bool is_one_too_many() const { return live_threads_ > max_threads_; }

  std::mutex mutex_;
  // Guarded by mutex_.
  std::size_t max_threads_;
  std::size_t live_threads_ = 0;
  std::size_t named_threads_ = 0;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::deque<Queue*> ready_;  // has a task that may start now; each queue at most once
  std::vector<std::thread> threads_;
  std::vector<std::thread::id> ended_;  // of threads_; until the next resize()
  std::size_t idle_threads_ = 0;
  bool stopping_ = false;
};

}  // namespace odradek::env
