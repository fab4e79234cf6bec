// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace odradek::env::sim {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

bool never() { return false; }

// Two loops, a queue and timers that step on each other's feet.
std::string interleaving(std::uint64_t seed, std::uint64_t& digest) {
  SimWorld simulation(seed);
  World& world = simulation.add_host("a").world();
  std::string order;
  auto queue = world.workers().make_queue("work", 2);
  for (int i = 0; i < 10; ++i) {
    world.loop(0).post([&] { order += 'a'; });
    world.loop(1).post([&] { order += 'b'; });
    world.loop(0).run_after(microseconds(10 * i), [&] { order += 't'; });
    queue->submit([&] { order += 'w'; });
  }
  simulation.run_for(seconds(1));
  digest = simulation.trace_digest();
  return order;
}

TEST(SimWorldTest, ASeedDecidesTheOrderAndReproducesIt) {
  std::uint64_t first = 0;
  std::uint64_t again = 0;
  std::uint64_t other = 0;
  const std::string order = interleaving(1, first);
  EXPECT_EQ(order.size(), 40U);
  EXPECT_EQ(interleaving(1, again), order);
  EXPECT_EQ(again, first);
  EXPECT_NE(interleaving(2, other), order);
  EXPECT_NE(other, first);
}

TEST(SimWorldTest, ALoopKeepsTheOrderOfPosting) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimWorld simulation(seed);
    Executor& loop = simulation.add_host("a").world().loop(0);
    std::vector<int> seen;
    for (int i = 0; i < 100; ++i) {
      loop.post([&, i] {
        EXPECT_TRUE(loop.is_current());
        seen.push_back(i);
      });
    }
    EXPECT_TRUE(simulation.run_until([&] { return seen.size() == 100; }, seconds(1)));
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_FALSE(loop.is_current());
  }
}

TEST(SimWorldTest, TimersRunAtTheirTimeAndNotWhenCancelled) {
  SimWorld simulation(1);
  World& world = simulation.add_host("a").world();
  const MonotonicTime start = world.clock().monotonic();
  MonotonicTime ran{};
  bool cancelled_ran = false;
  world.loop(0).run_after(hours(3), [&] { ran = world.clock().monotonic(); });
  const auto timer = world.loop(0).run_after(hours(2), [&] { cancelled_ran = true; });
  world.loop(0).run_after(hours(1), [&, timer] { world.loop(0).cancel(timer); });
  EXPECT_TRUE(simulation.run_until([&] { return ran != MonotonicTime{}; }, hours(4)));
  EXPECT_GE(ran - start, hours(3));
  EXPECT_LT(ran - start, hours(3) + milliseconds(1));
  EXPECT_FALSE(cancelled_ran);
}

TEST(SimWorldTest, ATimerThatIsDueButHasNotRunCanStillBeCancelled) {
  SimWorld simulation(1);
  Executor& loop = simulation.add_host("a").world().loop(0);
  bool ran = false;
  int before = 0;
  loop.post([&] {
    // Long before these are through, the timer is due and in the queue.
    const auto timer = loop.run_after(microseconds(1), [&] { ran = true; });
    for (int i = 0; i < 99; ++i) loop.post([&] { ++before; });
    loop.post([&, timer] { loop.cancel(timer); });
  });
  simulation.run_for(seconds(1));
  EXPECT_EQ(before, 99);
  EXPECT_FALSE(ran);
}

TEST(SimWorldTest, TheWallClockJumpsAndTheMonotonicOneDoesNot) {
  SimWorld simulation(1);
  SimHost& host = simulation.add_host("a");
  const Clock& clock = host.world().clock();
  const auto wall = clock.wall().value();
  const auto monotonic = clock.monotonic();
  host.jump_wall_clock(-hours(24));
  EXPECT_EQ(clock.wall().value(), wall - 24 * 3600 * 1000);
  EXPECT_EQ(clock.monotonic(), monotonic);
  simulation.run_for(seconds(5));
  EXPECT_EQ(clock.wall().value(), wall - 24 * 3600 * 1000 + 5000);
  EXPECT_EQ(clock.monotonic(), monotonic + seconds(5));
}

TEST(SimWorldTest, AQueueRunsAtMostSoManyTasksAtOnceAndTheWorldGoesOnMeanwhile) {
  SimWorld simulation(3);
  World& world = simulation.add_host("a").world();
  auto file = world.disk().open("/file", OpenMode::kCreate).value();
  int running = 0;
  int most = 0;
  int done = 0;
  int loop_tasks_meanwhile = 0;
  auto queue = world.workers().make_queue("disk", 2);
  for (int i = 0; i < 10; ++i) {
    queue->submit([&] {
      most = std::max(most, ++running);
      world.loop(0).post([&] { loop_tasks_meanwhile += running > 0 ? 1 : 0; });
      EXPECT_TRUE(file->flush());
      --running;
      ++done;
    });
  }
  EXPECT_TRUE(simulation.run_until([&] { return done == 10; }, seconds(1)));
  EXPECT_EQ(most, 2);
  EXPECT_GT(loop_tasks_meanwhile, 0);
}

TEST(SimWorldTest, DestroyingAQueueWaitsForWhatRunsAndDropsTheRest) {
  SimWorld simulation(3);
  World& world = simulation.add_host("a").world();
  auto file = world.disk().open("/file", OpenMode::kCreate).value();
  int started = 0;
  int finished = 0;
  auto queue = world.workers().make_queue("disk", 1);
  for (int i = 0; i < 3; ++i) {
    queue->submit([&] {
      ++started;
      EXPECT_TRUE(file->flush());
      ++finished;
    });
  }
  EXPECT_TRUE(simulation.run_until([&] { return started == 1; }, seconds(1)));
  EXPECT_EQ(finished, 0);
  queue.reset();
  EXPECT_EQ(finished, 1);
  simulation.run_for(seconds(1));
  EXPECT_EQ(started, 1);
}

TEST(SimWorldTest, AnEndedProcessIsCutOffAndGoneWithTheNextOne) {
  SimWorld simulation(3);
  SimHost& host = simulation.add_host("a");
  World& world = host.world();
  auto held = std::make_shared<int>(1);
  int ran = 0;
  world.loop(1).run_after(hours(1), [&ran, held] { ++ran; });
  auto queue = world.workers().make_queue("disk", 1);
  host.cut_power();
  EXPECT_FALSE(host.is_running());
  EXPECT_FALSE(world.disk().open("/file", OpenMode::kCreate));
  // Loops have stopped; blocking work comes to its end.
  world.loop(0).post([&ran, held] { ran = -1; });
  queue->submit([&ran] { ++ran; });
  simulation.run_for(seconds(1));
  EXPECT_EQ(ran, 1);
  EXPECT_EQ(held.use_count(), 3);
  host.restart();
  EXPECT_EQ(held.use_count(), 1);
  world.loop(0).post([&ran] { ran = -1; });
  host.world().loop(0).post([&ran] { ++ran; });
  simulation.run_for(hours(2));
  EXPECT_EQ(ran, 2);
}

TEST(SimWorldTest, AConditionLetsTheWorldGoOn) {
  SimWorld simulation(3);
  World& world = simulation.add_host("a").world();
  auto condition = world.workers().make_condition();
  std::mutex mutex;
  int value = 0;
  auto queue = world.workers().make_queue("waits", 1);
  queue->submit([&] {
    std::unique_lock lock(mutex);
    condition->wait(lock, [&] { return value == 1; });
    value = 2;
  });
  world.loop(0).run_after(seconds(1), [&] {
    const std::scoped_lock lock(mutex);
    value = 1;
    condition->notify_all();
  });
  std::unique_lock lock(mutex);
  condition->wait(lock, [&] { return value == 2; });
  EXPECT_EQ(value, 2);
  EXPECT_TRUE(lock.owns_lock());
}

TEST(SimWorldTest, APowerCutInTheMiddleOfAFlushEndsTheTaskWithAnError) {
  SimWorld simulation(3);
  SimHost& host = simulation.add_host("a");
  auto file = host.world().disk().open("/file", OpenMode::kCreate).value();
  auto queue = host.world().workers().make_queue("disk", 1);
  bool started = false;
  base::Result<> flushed;
  queue->submit([&] {
    started = true;
    flushed = file->flush();
  });
  EXPECT_TRUE(simulation.run_until([&] { return started; }, seconds(1)));
  host.cut_power();
  simulation.step();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().os_error, EIO);
  queue.reset();
}

TEST(SimWorldTest, APausedProcessDoesNothingUntilItIsResumed) {
  SimWorld simulation(3);
  SimHost& host = simulation.add_host("a");
  auto file = host.world().disk().open("/file", OpenMode::kCreate).value();
  auto queue = host.world().workers().make_queue("disk", 1);
  std::string order;
  queue->submit([&] {
    order += '<';
    EXPECT_TRUE(file->flush());
    order += '>';
  });
  EXPECT_TRUE(simulation.run_until([&] { return order == "<"; }, seconds(1)));
  host.pause();
  host.world().loop(0).post([&] { order += 'p'; });
  host.world().loop(1).run_after(seconds(1), [&] { order += 't'; });
  queue->submit([&] { order += 'w'; });
  simulation.run_for(hours(1));
  EXPECT_EQ(order, "<");
  host.resume();
  simulation.run_for(seconds(1));
  std::ranges::sort(order);
  EXPECT_EQ(order, "<>ptw");
}

TEST(SimWorldTest, APausedProcessEndsAsAnyOther) {
  SimWorld simulation(3);
  SimHost& host = simulation.add_host("a");
  bool has_run = false;
  host.world().loop(0).post([&] { has_run = true; });
  host.pause();
  host.kill();
  simulation.run_for(seconds(1));
  EXPECT_FALSE(has_run);
  host.restart();
  host.world().loop(0).post([&] { has_run = true; });
  simulation.run_for(seconds(1));
  EXPECT_TRUE(has_run);
}

TEST(SimWorldTest, ALoopThatWaitsForTheDiskIsCounted) {
  SimWorld simulation(3);
  SimHost& host = simulation.add_host("a");
  auto file = host.world().disk().open("/file", OpenMode::kCreate).value();
  EXPECT_TRUE(file->flush());
  EXPECT_EQ(host.disk_waits_on_loops(), 0U);
  host.world().loop(0).post([&] { EXPECT_TRUE(file->flush()); });
  simulation.run_for(seconds(1));
  EXPECT_EQ(host.disk_waits_on_loops(), 1U);
  EXPECT_FALSE(simulation.run_until(never, seconds(1)));
}

}  // namespace
}  // namespace odradek::env::sim
