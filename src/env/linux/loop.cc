// SPDX-License-Identifier: Apache-2.0
#include "env/linux/loop.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace odradek::env {
namespace {

thread_local const LinuxLoop* current_loop = nullptr;

MonotonicTime now() { return std::chrono::steady_clock::now(); }

}  // namespace

LinuxLoop::LinuxLoop() = default;

LinuxLoop::~LinuxLoop() {
  // What the tasks own may be sockets of the context, which must go before it; what the context
  // owns may post and cancel while it goes.
  discard_tasks();
  kernel_timer_.reset();
  work_.reset();
  context_.reset();
  discard_tasks();
}

void LinuxLoop::discard_tasks() {
  while (true) {
    std::vector<Task> tasks;
    std::map<Deadline, Task> timers;
    // Taken under the lock and destroyed after it, until nothing comes any more.
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (inbox_.empty() && timers_.empty()) return;
    tasks.swap(inbox_);
    timers.swap(timers_);
    deadline_.clear();
  }
}

void LinuxLoop::run() {
  const LinuxLoop* const outer = std::exchange(current_loop, this);
  context_->run();
  current_loop = outer;
}

void LinuxLoop::stop() { context_->stop(); }

bool LinuxLoop::is_current() const { return current_loop == this; }

void LinuxLoop::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = inbox_.empty() && !closing_;
    inbox_.push_back(std::move(task));
  }
  if (first) boost::asio::post(*context_, [this] { drain(); });
}

// Runs what is there now; what these tasks post gets its own turn, so that sockets get theirs.
void LinuxLoop::drain() {
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(inbox_);
  }
  for (Task& task : batch_) {
    task();
    task = nullptr;
  }
  constexpr std::size_t kKeptCapacity = 1024;
  if (batch_.capacity() > kKeptCapacity) std::vector<Task>().swap(batch_);
  batch_.clear();
}

Executor::TimerId LinuxLoop::run_after(Duration delay, Task task) {
  // Centuries instead of an overflow.
  const Duration bounded = std::clamp<Duration>(delay, Duration::zero(), std::chrono::years(100));
  const MonotonicTime deadline = now() + bounded;
  TimerId id = 0;
  bool arm_elsewhere = false;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_timer_;
    timers_.emplace(Deadline{deadline, id}, std::move(task));
    deadline_.emplace(id, deadline);
    const bool earliest = timers_.begin()->first.second == id;
    if (!earliest || closing_) return id;
    if (!is_current()) {
      arm_elsewhere = !std::exchange(arming_, true);
      if (!arm_elsewhere) return id;
    }
  }
  if (arm_elsewhere) {
    boost::asio::post(*context_, [this] { arm(); });
  } else {
    arm();
  }
  return id;
}

void LinuxLoop::cancel(TimerId timer) {
  Task task;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  const auto found = deadline_.find(timer);
  if (found == deadline_.end()) return;
  const auto entry = timers_.find({found->second, timer});
  task = std::move(entry->second);
  timers_.erase(entry);
  deadline_.erase(found);
}

void LinuxLoop::arm() {
  MonotonicTime earliest;
  {
    const std::lock_guard lock(mutex_);
    arming_ = false;
    if (timers_.empty()) return;
    earliest = timers_.begin()->first.first;
  }
  if (earliest >= armed_for_) return;
  armed_for_ = earliest;
  kernel_timer_->expires_at(
      std::chrono::time_point_cast<std::chrono::steady_clock::duration>(earliest));
  kernel_timer_->async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // moved to an earlier deadline
    armed_for_ = MonotonicTime::max();
    run_due_timers();
    arm();
  });
}

void LinuxLoop::run_due_timers() {
  const MonotonicTime present = now();
  while (true) {
    Task task;
    {
      const std::lock_guard lock(mutex_);
      if (timers_.empty() || timers_.begin()->first.first > present) return;
      task = std::move(timers_.begin()->second);
      deadline_.erase(timers_.begin()->first.second);
      timers_.erase(timers_.begin());
    }
    task();
  }
}

}  // namespace odradek::env
