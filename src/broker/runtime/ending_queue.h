// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "env/executor.h"

namespace odradek::broker {

// A queue of work that ends while others, and what runs on it, may still ask for more: that is
// dropped. Threads: any.
class EndingQueue {
 public:
  explicit EndingQueue(std::unique_ptr<env::WorkQueue> queue) : queue_(std::move(queue)) {}
  ~EndingQueue() { end(); }
  EndingQueue(const EndingQueue&) = delete;
  EndingQueue& operator=(const EndingQueue&) = delete;

  void submit(env::Task task) {
    const std::lock_guard lock(mutex_);
    if (queue_) queue_->submit(std::move(task));
  }
  // Waits for what runs and drops the rest: nothing of it runs any more once this has returned.
  // Never on the queue itself.
  void end() {
    std::unique_ptr<env::WorkQueue> ending;
    {
      const std::lock_guard lock(mutex_);
      ending = std::move(queue_);
    }
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<env::WorkQueue> queue_;
};

}  // namespace odradek::broker
