// SPDX-License-Identifier: Apache-2.0
#include "env/sim/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <utility>

#include "base/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace odradek::env::sim {
namespace {

constexpr std::size_t kStackBytes = std::size_t{1} << 20U;
constexpr std::size_t kGuardBytes = 4096;

thread_local Fiber* current_fiber = nullptr;

}  // namespace

Fiber* Fiber::current() { return current_fiber; }

Fiber::Fiber() {
  mapping_ = mmap(nullptr, kStackBytes + kGuardBytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ODRADEK_ASSERT(mapping_ != MAP_FAILED);
  ODRADEK_ASSERT(mprotect(mapping_, kGuardBytes, PROT_NONE) == 0);
  ODRADEK_ASSERT(getcontext(&inside_) == 0);
  inside_.uc_stack.ss_sp = static_cast<char*>(mapping_) + kGuardBytes;
  inside_.uc_stack.ss_size = kStackBytes;
  inside_.uc_link = nullptr;
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::entry), 2,
              static_cast<unsigned int>(self >> 32U), static_cast<unsigned int>(self));
#if defined(__SANITIZE_THREAD__)
  thread_inside_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(thread_inside_);
#endif
  munmap(mapping_, kStackBytes + kGuardBytes);
}

void Fiber::start(Task task) {
  ODRADEK_ASSERT(is_idle());
  task_ = std::move(task);
  switch_in();
}

void Fiber::resume() {
  ODRADEK_ASSERT(!is_idle());
  switch_in();
}

void Fiber::park() {
  ODRADEK_ASSERT(current_fiber == this);
  switch_out();
}

// makecontext passes ints only: the pointer comes in two halves.
void Fiber::entry(unsigned int high, unsigned int low) {
  const std::uintptr_t self = (std::uintptr_t{high} << 32U) | low;
  reinterpret_cast<Fiber*>(self)->run();
}

void Fiber::run() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &outside_bottom_, &outside_size_);
#endif
  for (;;) {
    task_();
    task_ = nullptr;
    switch_out();
  }
}

void Fiber::switch_in() {
  ODRADEK_ASSERT(current_fiber == nullptr);
  current_fiber = this;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&fake_stack_outside_, inside_.uc_stack.ss_sp, kStackBytes);
#endif
#if defined(__SANITIZE_THREAD__)
  thread_outside_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(thread_inside_, 0);
#endif
  ODRADEK_ASSERT(swapcontext(&outside_, &inside_) == 0);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack_outside_, nullptr, nullptr);
#endif
  current_fiber = nullptr;
}

void Fiber::switch_out() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&fake_stack_inside_, outside_bottom_, outside_size_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(thread_outside_, 0);
#endif
  ODRADEK_ASSERT(swapcontext(&inside_, &outside_) == 0);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack_inside_, &outside_bottom_, &outside_size_);
#endif
}

}  // namespace odradek::env::sim
