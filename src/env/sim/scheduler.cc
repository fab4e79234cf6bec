// SPDX-License-Identifier: Apache-2.0
#include "env/sim/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace odradek::env::sim {
namespace {

// Simulated. Who waits longer than that for another task waits for ever.
constexpr Duration kLongestWait = std::chrono::hours(24);

thread_local Scheduler* current_scheduler = nullptr;

}  // namespace

Scheduler* Scheduler::current() { return current_scheduler; }

Scheduler::Scheduler(std::uint64_t seed) : enclosing_(current_scheduler), random_(seed) {
  current_scheduler = this;
}

Scheduler::~Scheduler() {
  events_.clear();
  if (current_scheduler == this) current_scheduler = enclosing_;
}

bool Scheduler::is_later(const Event& left, const Event& right) {
  return left.time != right.time ? left.time > right.time : left.order > right.order;
}

void Scheduler::after(Duration delay, Task task) {
  ODRADEK_ASSERT(delay >= Duration::zero());
  events_.push_back({now_ + delay, next_order_++, std::move(task)});
  std::ranges::push_heap(events_, is_later);
}

bool Scheduler::step() {
  ODRADEK_ASSERT(Fiber::current() == nullptr);
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, is_later);
  Event event = std::move(events_.back());
  events_.pop_back();
  ODRADEK_ASSERT(event.time >= now_);
  now_ = event.time;
  event.task();
  event.task = nullptr;
  resume_ready();
  return true;
}

bool Scheduler::run_until(const Condition& condition, MonotonicTime deadline) {
  while (!condition()) {
    if (events_.empty() || events_.front().time > deadline) {
      now_ = std::max(now_, deadline);
      return condition();
    }
    step();
  }
  return true;
}

void Scheduler::run_on_fiber(Task task) {
  if (idle_fibers_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>());
    idle_fibers_.push_back(fibers_.back().get());
  }
  Fiber* fiber = idle_fibers_.back();
  idle_fibers_.pop_back();
  fiber->start(std::move(task));
  fiber_left(fiber);
}

void Scheduler::fiber_left(Fiber* fiber) {
  if (fiber->is_idle()) idle_fibers_.push_back(fiber);
}

void Scheduler::park_until(const Condition& condition) {
  parked_.push_back({Fiber::current(), condition});
  Fiber::current()->park();
}

void Scheduler::sleep(Duration duration, const Condition& given_up) {
  if (Fiber::current() == nullptr) return;
  const MonotonicTime until = now_ + duration;
  after(duration, [] {});
  park_until([this, until, &given_up] { return now_ >= until || given_up(); });
}

void Scheduler::wait_until(const Condition& condition) {
  if (condition()) return;
  if (Fiber::current() != nullptr) return park_until(condition);
  const MonotonicTime hopeless = now_ + kLongestWait;
  while (!condition()) {
    const bool something_can_still_happen = now_ < hopeless && step();
    ODRADEK_ASSERT(something_can_still_happen);
  }
}

void Scheduler::resume_ready() {
  if (Fiber::current() != nullptr) return;
  for (auto next = parked_.begin(); next != parked_.end();) {
    if (!next->condition()) {
      ++next;
      continue;
    }
    Fiber* fiber = next->fiber;
    parked_.erase(next);
    fiber->resume();
    fiber_left(fiber);
    next = parked_.begin();
  }
}

}  // namespace odradek::env::sim
