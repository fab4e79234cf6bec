// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <cstddef>

#include "env/executor.h"

namespace odradek::env::sim {

// A stack of its own for a task that may have to wait in the middle, as a thread of a pool does:
// parked and resumed by hand on the one thread of the simulation.
class Fiber {
 public:
  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the task until it parks or ends. REQUIRES: idle; not called on a fiber.
  void start(Task task);
  // Goes on where the task parked. REQUIRES: parked; not called on a fiber.
  void resume();
  // Leaves the task for whoever started or resumed it. REQUIRES: called on this fiber.
  void park();
  bool is_idle() const { return !task_; }
  // The fiber that the caller runs on, nullptr outside of any.
  static Fiber* current();

 private:
  static void entry(unsigned int high, unsigned int low);
  void run();
  void switch_in();
  void switch_out();

  Task task_;
  ucontext_t inside_;
  ucontext_t outside_;
  void* mapping_;
  // What the sanitizers want to know of a change of stacks.
  void* fake_stack_inside_ = nullptr;
  void* fake_stack_outside_ = nullptr;
  const void* outside_bottom_ = nullptr;
  std::size_t outside_size_ = 0;
  void* thread_inside_ = nullptr;
  void* thread_outside_ = nullptr;
};

}  // namespace odradek::env::sim
