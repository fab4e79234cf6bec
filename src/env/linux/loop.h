// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "env/executor.h"

namespace odradek::env {

// An Executor on an io_context of its own.
//
// Posted tasks gather in a list; the first one of a list wakes the loop, the others ride along.
// All timers of a loop share one of the kernel's, which is moved only when an earlier deadline
// comes; a cancelled deadline costs at most one wake-up.
class LinuxLoop final : public Executor {
 public:
  LinuxLoop();
  ~LinuxLoop() override;

  // Destroys the tasks that never ran; those that come later wait for the next call or the
  // destructor. REQUIRES: the loop does not run and will not run again.
  void discard_tasks();

  // Runs tasks on the calling thread until stop().
  void run();
  // Final. Threads: any.
  void stop();

  void post(Task task) override;
  TimerId run_after(Duration delay, Task task) override;
  void cancel(TimerId timer) override;
  bool is_current() const override;

  boost::asio::io_context& context() { return *context_; }

 private:
  using Deadline = std::pair<MonotonicTime, TimerId>;

  void drain();
  void arm();
  void run_due_timers();

  std::mutex mutex_;
  std::vector<Task> inbox_;                              // guarded by mutex_
  std::map<Deadline, Task> timers_;                      // guarded by mutex_
  std::unordered_map<TimerId, MonotonicTime> deadline_;  // guarded by mutex_
  TimerId last_timer_ = 0;                               // guarded by mutex_
  bool arming_ = false;                                  // guarded by mutex_
  bool closing_ = false;                                 // guarded by mutex_

  // Destroyed by hand: what it holds may still post and cancel while it goes.
  std::optional<boost::asio::io_context> context_{std::in_place, BOOST_ASIO_CONCURRENCY_HINT_1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
      context_->get_executor()};
  std::optional<boost::asio::steady_timer> kernel_timer_{*context_};

  // On the loop only.
  MonotonicTime armed_for_ = MonotonicTime::max();
  std::vector<Task> batch_;
};

}  // namespace odradek::env
