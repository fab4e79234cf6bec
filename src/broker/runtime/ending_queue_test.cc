// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/ending_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <thread>

#include "env/linux/linux_world.h"

namespace odradek::broker {
namespace {

// As the metadata's: each task asks for the next one.
struct Chain {
  void next() {
    ++runs;
    queue.submit([this] { next(); });
  }
  env::LinuxWorld world{{.loop_count = 1, .worker_threads = 2}};
  std::atomic<int> runs = 0;
  EndingQueue queue{world.workers().make_queue("test", 1)};
};

TEST(EndingQueueTest, EndsWhileItsOwnWorkAsksForMore) {
  for (int i = 0; i < 200; ++i) {
    Chain chain;
    chain.queue.submit([&chain] { chain.next(); });
    while (chain.runs < 3) std::this_thread::yield();
    chain.queue.end();
    const int runs = chain.runs;
    chain.queue.submit([&chain] { ++chain.runs; });
    EXPECT_EQ(chain.runs, runs);
  }
}

TEST(EndingQueueTest, WaitsForWhatRunsAndDropsTheRest) {
  env::LinuxWorld world{{.loop_count = 1, .worker_threads = 2}};
  std::latch begun(1);
  std::atomic<bool> is_ended = false;
  std::atomic<bool> was_ended = true;
  std::atomic<int> late = 0;
  EndingQueue queue(world.workers().make_queue("test", 1));
  const auto dropped = std::make_shared<int>(0);
  queue.submit([&] {
    begun.count_down();
    std::this_thread::yield();
    was_ended = is_ended.load();
  });
  begun.wait();
  queue.end();
  is_ended = true;
  queue.submit([&late, dropped] { ++late; });
  EXPECT_FALSE(was_ended);
  EXPECT_EQ(late, 0);
  EXPECT_EQ(dropped.use_count(), 1);
}

}  // namespace
}  // namespace odradek::broker
