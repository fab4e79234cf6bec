// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "env/executor.h"

namespace odradek::broker {

// One value that another thread or a loop will give: for a start, which waits where a loop may not.
// Both sides hold it, so that a value may come too late. Threads: any.
template <typename T>
class Wait {
 public:
  explicit Wait(env::WorkerPool& workers) : given_(workers.make_condition()) {}

  // The first value counts.
  void set(T value) {
    {
      const std::lock_guard lock(mutex_);
      if (!value_) value_ = std::move(value);
    }
    given_->notify_all();
  }
  // Blocks until there is a value. Once, on no loop.
  T take() {
    std::unique_lock lock(mutex_);
    given_->wait(lock, [this] { return value_.has_value(); });
    return std::move(*value_);
  }

 private:
  const std::unique_ptr<env::Condition> given_;
  std::mutex mutex_;
  std::optional<T> value_;
};

}  // namespace odradek::broker
