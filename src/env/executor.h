// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "env/clock.h"

namespace odradek::env {

using Task = std::move_only_function<void()>;

// One event loop: runs its tasks one at a time, on one thread. A task never waits for a disk or for
// another thread. Threads: every function from any thread.
class Executor {
 public:
  // Names a timer of one executor; never used again. 0 names none.
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;

  // Runs `task` later, in the order of posting. Tasks posted before the loop stops are run or
  // destroyed.
  virtual void post(Task task) = 0;
  // Runs `task` on this loop when `delay` has passed on the monotonic clock.
  virtual TimerId run_after(Duration delay, Task task) = 0;
  // The task will not start after this returns, if called on this loop. A timer that has run, or 0,
  // is ignored.
  virtual void cancel(TimerId timer) = 0;
  // Whether the caller runs on this loop.
  virtual bool is_current() const = 0;
};

// Blocking work (flushes, cold reads, recovery, compaction, deletion) of one log directory or
// purpose, run on the threads of a shared pool. Destroying it waits for what runs and drops what
// has not started. Threads: any.
class WorkQueue {
 public:
  virtual ~WorkQueue() = default;
  // Runs `task` on a thread of the pool; tasks start in order, at most `max_parallel` (see
  // make_queue) at once.
  virtual void submit(Task task) = 0;
};

// What one thread waits on for the work of another: a condition variable that the simulation turns
// into an event. No other way of blocking is known to it; nor may a lock be held over a call of the
// disk, for in the simulation that call lets others run. Threads: any, but no loop waits.
class Condition {
 public:
  virtual ~Condition() = default;
  // Returns once `holds`, called with the lock held, says so; the lock is free meanwhile.
  virtual void wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) = 0;
  // After a change that may make it hold, with or without the lock.
  virtual void notify_all() = 0;
};

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;
  virtual std::unique_ptr<Condition> make_condition();
  // A queue of its own in this pool, so that a slow disk delays only itself. `name` is for
  // diagnostics.
  virtual std::unique_ptr<WorkQueue> make_queue(std::string name, int max_parallel) = 0;
};

}  // namespace odradek::env
