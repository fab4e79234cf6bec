// SPDX-License-Identifier: Apache-2.0
#include "env/sim/loop.h"

#include <chrono>
#include <map>
#include <utility>

#include "base/assert.h"

namespace odradek::env::sim {
namespace {

// How long a task takes, or a loop sleeps before it notices new work.
constexpr Duration kShortestStep = std::chrono::nanoseconds(200);
constexpr Duration kLongestStep = std::chrono::microseconds(20);

}  // namespace

// Outlives the loop where an event for it is still to come.
struct SimLoop::State : std::enable_shared_from_this<State> {
  struct Item {
    Task task;
    TimerId timer = 0;
  };

  std::shared_ptr<Life> life;
  std::uint64_t index = 0;
  std::deque<Item> queue;
  std::map<TimerId, Task> timers;  // not yet due
  std::set<TimerId> due_timers;    // in the queue
  TimerId next_timer = 1;
  bool is_scheduled = false;
  bool is_running = false;

  void schedule() {
    if (is_scheduled || is_running || queue.empty() || life->is_over) return;
    is_scheduled = true;
    const Duration delay = life->scheduler.random().between(kShortestStep, kLongestStep);
    life->scheduler.after(delay, [self = shared_from_this()] { self->run_one(); });
  }

  void run_one() {
    if (life->is_paused) {
      return life->when_resumed.push_back([self = shared_from_this()] { self->run_one(); });
    }
    is_scheduled = false;
    if (life->is_over || queue.empty()) return;
    Item item = std::move(queue.front());
    queue.pop_front();
    const bool was_cancelled = item.timer != 0 && due_timers.erase(item.timer) == 0;
    if (!was_cancelled) run(std::move(item.task));
    schedule();
  }

  void run(Task task) {
    life->scheduler.trace().add(
        "loop", life->host,
        {static_cast<std::uint64_t>(life->scheduler.elapsed().count()), life->number, index});
    is_running = true;
    ++life->running_loops;
    task();
    task = nullptr;
    --life->running_loops;
    is_running = false;
  }

  void fire(TimerId timer) {
    const auto found = timers.find(timer);
    if (found == timers.end() || life->is_over) return;
    due_timers.insert(timer);
    queue.push_back({std::move(found->second), timer});
    timers.erase(found);
    schedule();
  }

  void drop() {
    // Destroying a task may post or cancel: the containers are emptied first.
    const auto tasks = std::exchange(queue, {});
    const auto waiting = std::exchange(timers, {});
    due_timers.clear();
  }
};

SimLoop::SimLoop(std::shared_ptr<Life> life, std::uint64_t index)
    : state_(std::make_shared<State>()) {
  state_->life = std::move(life);
  state_->index = index;
}

SimLoop::~SimLoop() { drop_tasks(); }

void SimLoop::post(Task task) {
  if (state_->life->is_gone) return;
  state_->queue.push_back({std::move(task), 0});
  state_->schedule();
}

Executor::TimerId SimLoop::run_after(Duration delay, Task task) {
  if (state_->life->is_gone) return 0;
  const TimerId timer = state_->next_timer++;
  state_->timers.emplace(timer, std::move(task));
  Scheduler& scheduler = state_->life->scheduler;
  const Duration late = scheduler.random().between(Duration::zero(), kLongestStep);
  scheduler.after(std::max(delay, Duration::zero()) + late,
                  [state = state_, timer] { state->fire(timer); });
  return timer;
}

void SimLoop::cancel(TimerId timer) {
  // The task goes only after the tables forgot it: destroying it may come back here.
  const auto task = state_->timers.extract(timer);
  state_->due_timers.erase(timer);
}

bool SimLoop::is_current() const { return state_->is_running && Fiber::current() == nullptr; }

void SimLoop::drop_tasks() {
  ODRADEK_ASSERT(!state_->is_running);
  state_->drop();
}

}  // namespace odradek::env::sim
