// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "env/clock.h"
#include "env/executor.h"
#include "env/sim/fiber.h"
#include "env/sim/seeded_random.h"
#include "env/sim/trace.h"

namespace odradek::env::sim {

// The simulated time and what happens in it: events in order of (time, order of scheduling), run
// one after the other on the caller's thread. Nothing here knows the real time.
class Scheduler {
 public:
  using Condition = std::function<bool()>;

  explicit Scheduler(std::uint64_t seed);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  MonotonicTime now() const { return now_; }
  // The monotonic clock's reading.
  Duration elapsed() const { return now_.time_since_epoch(); }
  SeededRandom& random() { return random_; }
  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }

  void after(Duration delay, Task task);
  // Runs the next event; false when there is none.
  bool step();
  // Runs events until the condition holds or the next event lies beyond the deadline; the clock
  // then stands at the deadline. Returns whether the condition holds.
  bool run_until(const Condition& condition, MonotonicTime deadline);

  // Runs the task on a stack of its own, on which `sleep` and `wait_until` let the simulation go
  // on.
  void run_on_fiber(Task task);
  // On a fiber: comes back `duration` later, or as soon as `given_up`. Elsewhere: at once.
  void sleep(Duration duration, const Condition& given_up);
  // Lets the simulation go on until the condition holds. A simulation in which nothing is left that
  // could make it hold ends the process.
  void wait_until(const Condition& condition);
  // Resumes the fibers whose condition holds now. Does nothing on a fiber.
  void resume_ready();

  // The scheduler of the innermost living simulation of this thread; nullptr when there is none.
  static Scheduler* current();

 private:
  struct Event {
    MonotonicTime time;
    std::uint64_t order;
    Task task;
  };
  struct Parked {
    Fiber* fiber;
    Condition condition;
  };
  static bool is_later(const Event& left, const Event& right);
  void park_until(const Condition& condition);
  void fiber_left(Fiber* fiber);

  Scheduler* enclosing_;
  MonotonicTime now_{};
  std::uint64_t next_order_ = 0;
  SeededRandom random_;
  Trace trace_;
  std::vector<Event> events_;  // a heap, the next event on top
  std::list<Parked> parked_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_fibers_;
};

}  // namespace odradek::env::sim
