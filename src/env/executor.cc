// SPDX-License-Identifier: Apache-2.0
#include "env/executor.h"

#include <condition_variable>

namespace odradek::env {
namespace {

class ThreadCondition final : public Condition {
 public:
  void wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) override {
    changed_.wait(lock, holds);
  }
  void notify_all() override { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace

std::unique_ptr<Condition> WorkerPool::make_condition() {
  return std::make_unique<ThreadCondition>();
}

}  // namespace odradek::env
