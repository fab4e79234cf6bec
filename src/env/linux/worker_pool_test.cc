// SPDX-License-Identifier: Apache-2.0
#include "env/linux/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <semaphore>

namespace odradek::env {
namespace {

TEST(LinuxWorkerPoolTest, OneAtATimeKeepsTheOrder) {
  LinuxWorkerPool pool(4);
  std::vector<int> order;
  std::latch done(100);
  const auto queue = pool.make_queue("test", 1);
  for (int i = 0; i < 100; ++i) {
    queue->submit([&, i] {
      order.push_back(i);
      done.count_down();
    });
  }
  done.wait();
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(order.size(), 100U);
}

TEST(LinuxWorkerPoolTest, RunsAsManyAtOnceAsTheQueueAllows) {
  LinuxWorkerPool pool(8);
  // Each waits until three run together: with fewer this would hang.
  std::latch together(3);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::latch done(6);
  const auto queue = pool.make_queue("test", 3);
  for (int i = 0; i < 6; ++i) {
    queue->submit([&, i] {
      most = std::max(most.load(), ++running);
      if (i < 3) together.arrive_and_wait();
      --running;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(most, 3);
}

TEST(LinuxWorkerPoolTest, ABlockedQueueDelaysOnlyItself) {
  LinuxWorkerPool pool(2);
  std::binary_semaphore release(0);
  std::latch done(1);
  const auto slow = pool.make_queue("slow", 1);
  const auto quick = pool.make_queue("quick", 1);
  slow->submit([&] { release.acquire(); });
  slow->submit([] {});
  quick->submit([&] { done.count_down(); });
  done.wait();
  release.release();
}

TEST(LinuxWorkerPoolTest, ClosingAQueueWaitsForWhatRunsAndDropsTheRest) {
  LinuxWorkerPool pool(1);
  std::latch started(1);
  std::binary_semaphore release(0);
  std::atomic<bool> finished = false;
  std::atomic<bool> dropped_ran = false;
  auto queue = pool.make_queue("test", 1);
  queue->submit([&] {
    started.count_down();
    release.acquire();
    finished = true;
  });
  // Dropped while the first one still runs: only then may that end.
  std::shared_ptr<void> token(nullptr, [&](void*) { release.release(); });
  queue->submit([&, held = std::move(token)] { dropped_ran = true; });
  started.wait();
  queue.reset();
  EXPECT_TRUE(finished);
  EXPECT_FALSE(dropped_ran);
}

TEST(LinuxWorkerPoolTest, AGrownPoolRunsMoreAtOnce) {
  LinuxWorkerPool pool(1);
  const auto queue = pool.make_queue("test", 4);
  // Each waits for the others: with fewer than four threads this would hang.
  std::latch together(4);
  std::latch done(4);
  for (int i = 0; i < 4; ++i) {
    queue->submit([&] {
      together.arrive_and_wait();
      done.count_down();
    });
  }
  pool.resize(4);
  done.wait();
}

TEST(LinuxWorkerPoolTest, AShrunkPoolRunsFewerAtOnceAndLosesNothing) {
  LinuxWorkerPool pool(4);
  const auto queue = pool.make_queue("test", 4);
  std::latch together(4);
  for (int i = 0; i < 4; ++i) queue->submit([&] { together.arrive_and_wait(); });
  together.wait();
  pool.resize(1);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::latch done(100);
  // The first of the hundred may still meet threads on their way out.
  for (int i = 0; i < 100; ++i) {
    queue->submit([&, i] {
      const int now = ++running;
      if (i >= 50) most = std::max(most.load(), now);
      --running;
      done.count_down();
    });
  }
  done.wait();
  EXPECT_EQ(most, 1);
}

TEST(LinuxWorkerPoolTest, APoolIsResizedAgainAndAgain) {
  LinuxWorkerPool pool(1);
  const auto queue = pool.make_queue("test", 4);
  for (int round = 0; round < 200; ++round) {
    pool.resize(4);
    std::latch together(4);
    std::latch done(4);
    for (int i = 0; i < 4; ++i) {
      queue->submit([&] {
        together.arrive_and_wait();
        done.count_down();
      });
    }
    done.wait();
    pool.resize(1);
  }
}

}  // namespace
}  // namespace odradek::env
