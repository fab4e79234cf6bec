// SPDX-License-Identifier: Apache-2.0
#include "env/linux/linux_world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <latch>
#include <set>
#include <thread>

namespace odradek::env {
namespace {

using std::chrono::milliseconds;

// Runs `step` on the loop and waits for its result.
template <typename Step>
auto on_loop(Executor& loop, Step step) {
  std::promise<decltype(step())> promise;
  loop.post([&] { promise.set_value(step()); });
  return promise.get_future().get();
}

TEST(LinuxLoopTest, RunsTasksInOrderOnItsThread) {
  LinuxWorld world({.loop_count = 2});
  std::vector<int> order;
  std::latch done(1);
  for (int i = 0; i < 1000; ++i) world.loop(1).post([&order, i] { order.push_back(i); });
  world.loop(1).post([&] { done.count_down(); });
  world.start();
  done.wait();
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_TRUE(on_loop(world.loop(1), [&] { return world.loop(1).is_current(); }));
  EXPECT_FALSE(on_loop(world.loop(1), [&] { return world.loop(0).is_current(); }));
  EXPECT_FALSE(world.loop(1).is_current());
}

TEST(LinuxLoopTest, TimersFireInTheOrderOfTheirDeadlinesAndNotEarly) {
  LinuxWorld world({});
  world.start();
  std::vector<int> order;
  std::latch done(3);
  const auto begin = world.clock().monotonic();
  MonotonicTime last_fired;
  // From another thread, the latest deadline first.
  for (const int delay : {30, 20, 10}) {
    world.loop(0).run_after(milliseconds(delay), [&, delay] {
      order.push_back(delay);
      last_fired = world.clock().monotonic();
      done.count_down();
    });
  }
  done.wait();
  EXPECT_THAT(order, testing::ElementsAre(10, 20, 30));
  EXPECT_GE(last_fired - begin, milliseconds(30));
}

TEST(LinuxLoopTest, ACancelledTimerDoesNotRun) {
  LinuxWorld world({});
  world.start();
  std::atomic<int> ran = 0;
  std::latch done(1);
  on_loop(world.loop(0), [&] {
    const auto first = world.loop(0).run_after(milliseconds(1), [&] { ran += 1; });
    world.loop(0).run_after(milliseconds(2), [&] { done.count_down(); });
    world.loop(0).cancel(first);
    world.loop(0).cancel(first);
    world.loop(0).cancel(0);
    return 0;
  });
  done.wait();
  EXPECT_EQ(ran, 0);
}

TEST(LinuxLoopTest, AVeryLongDelayIsNoOverflow) {
  LinuxWorld world({});
  world.start();
  std::atomic<bool> ran = false;
  world.loop(0).run_after(Duration::max(), [&] { ran = true; });
  std::latch done(1);
  world.loop(0).run_after(milliseconds(5), [&] { done.count_down(); });
  done.wait();
  EXPECT_FALSE(ran);
}

TEST(LinuxLoopTest, DestroysWhatNeverRan) {
  auto alive = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = alive;
  {
    LinuxWorld world({});
    world.loop(0).post([alive] {});
    world.loop(0).run_after(milliseconds(1), [held = std::move(alive)] {});
  }
  EXPECT_TRUE(watched.expired());
}

TEST(LinuxLoopTest, SleepsWhenThereIsNothingToDo) {
  LinuxWorld world({.loop_count = 1});
  world.start();
  world.loop(0).run_after(std::chrono::hours(1), [] {});
  auto switches = [] {
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
  };
  const long before = on_loop(world.loop(0), switches);
  std::this_thread::sleep_for(milliseconds(300));
  // One sleep, ended by this very question; arming the timer may have cost another.
  EXPECT_LE(on_loop(world.loop(0), switches) - before, 2);
}

TEST(LinuxWorldTest, RunUsesTheCallersThreadUntilStop) {
  LinuxWorld world({.loop_count = 2});
  const auto caller = std::this_thread::get_id();
  std::thread::id seen;
  world.loop(0).post([&] {
    seen = std::this_thread::get_id();
    world.stop();
  });
  world.run();
  EXPECT_EQ(seen, caller);
}

TEST(LinuxWorldTest, SignalsArriveOnLoopZeroEachTime) {
  LinuxWorld world({});
  std::vector<int> seen;
  world.on_signal({SIGUSR1, SIGUSR2}, [&](int signal) {
    EXPECT_TRUE(world.loop(0).is_current());
    seen.push_back(signal);
    if (seen.size() == 1) {
      raise(SIGUSR2);
    } else {
      world.stop();
    }
  });
  raise(SIGUSR1);
  world.run();
  EXPECT_THAT(seen, testing::ElementsAre(SIGUSR1, SIGUSR2));
}

TEST(LinuxWorldTest, HasALoopForEachCoreWhereNoneAreAskedFor) {
  LinuxWorld world({.loop_count = 0});
  EXPECT_EQ(world.loop_count(), std::thread::hardware_concurrency());
}

TEST(LinuxRandomTest, DoesNotRepeatItself) {
  LinuxWorld world({});
  std::set<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(world.random().next());
  EXPECT_EQ(numbers.size(), 1000U);
}

TEST(LinuxClockTest, WallTimeIsTodays) {
  LinuxWorld world({});
  EXPECT_NEAR(static_cast<double>(world.clock().wall().value()),
              static_cast<double>(std::time(nullptr)) * 1000, 5000);
}

}  // namespace
}  // namespace odradek::env
