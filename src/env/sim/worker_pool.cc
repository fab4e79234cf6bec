// SPDX-License-Identifier: Apache-2.0
#include "env/sim/worker_pool.h"

#include <chrono>
#include <deque>
#include <list>
#include <utility>

#include "base/assert.h"

namespace odradek::env::sim {
namespace {

// How long a thread of the pool takes to wake up for a task.
constexpr Duration kShortestStart = std::chrono::microseconds(1);
constexpr Duration kLongestStart = std::chrono::microseconds(100);

}  // namespace

struct SimWorkerPool::State : std::enable_shared_from_this<State> {
  struct Lane {
    std::string name;
    int max_parallel = 1;
    int running = 0;
    std::deque<Task> tasks;
  };

  std::shared_ptr<Life> life;
  int threads = 1;
  int busy = 0;
  // Threads that were woken up and have not taken their task yet.
  int waking = 0;
  std::list<std::shared_ptr<Lane>> lanes;

  // The lane, first come first served by its place in the list, that may start a task.
  std::shared_ptr<Lane> next_lane() {
    for (const auto& lane : lanes) {
      if (!lane->tasks.empty() && lane->running < lane->max_parallel) return lane;
    }
    return nullptr;
  }

  void wake_a_thread() {
    if (life->is_gone || busy + waking >= threads) return;
    ++waking;
    const Duration delay = life->scheduler.random().between(kShortestStart, kLongestStart);
    life->scheduler.after(delay, [self = shared_from_this()] { self->awake(); });
  }

  void awake() {
    if (life->is_paused) {
      return life->when_resumed.push_back([self = shared_from_this()] { self->awake(); });
    }
    --waking;
    start_next();
  }

  void start_next() {
    if (life->is_gone || busy >= threads) return;
    auto lane = next_lane();
    if (!lane) return;
    Task task = std::move(lane->tasks.front());
    lane->tasks.pop_front();
    // The next in turn is whoever waited longest.
    lanes.remove(lane);
    lanes.push_back(lane);
    ++lane->running;
    ++busy;
    life->scheduler.trace().add(
        "work", lane->name,
        {static_cast<std::uint64_t>(life->scheduler.elapsed().count()), life->number});
    life->scheduler.run_on_fiber(
        [self = shared_from_this(), lane, run = std::move(task)]() mutable {
          run();
          run = nullptr;
          --lane->running;
          --self->busy;
          if (self->next_lane()) self->wake_a_thread();
        });
  }
};

namespace {

// Checked after every event; nobody has to tell it.
class SimCondition final : public Condition {
 public:
  explicit SimCondition(std::shared_ptr<Life> life) : life_(std::move(life)) {}
  void wait(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) override {
    if (holds()) return;
    std::mutex& mutex = *lock.mutex();
    lock.unlock();
    life_->scheduler.wait_until([&] {
      if (life_->is_paused) return false;
      const std::unique_lock attempt(mutex, std::try_to_lock);
      return attempt.owns_lock() && holds();
    });
    lock.lock();
  }
  void notify_all() override {}

 private:
  const std::shared_ptr<Life> life_;
};

}  // namespace

class SimWorkerPool::Queue final : public WorkQueue {
 public:
  Queue(std::shared_ptr<State> pool, std::shared_ptr<State::Lane> lane)
      : pool_(std::move(pool)), lane_(std::move(lane)) {
    pool_->lanes.push_back(lane_);
  }
  ~Queue() override {
    pool_->lanes.remove(lane_);
    const auto never_started = std::exchange(lane_->tasks, {});
    pool_->life->scheduler.wait_until([lane = lane_] { return lane->running == 0; });
  }
  void submit(Task task) override {
    if (pool_->life->is_gone) return;
    lane_->tasks.push_back(std::move(task));
    pool_->wake_a_thread();
  }

 private:
  std::shared_ptr<State> pool_;
  std::shared_ptr<State::Lane> lane_;
};

SimWorkerPool::SimWorkerPool(std::shared_ptr<Life> life, int threads)
    : state_(std::make_shared<State>()) {
  ODRADEK_ASSERT(threads > 0);
  state_->life = std::move(life);
  state_->threads = threads;
}

SimWorkerPool::~SimWorkerPool() { drop_tasks(); }

std::unique_ptr<WorkQueue> SimWorkerPool::make_queue(std::string name, int max_parallel) {
  auto lane = std::make_shared<State::Lane>();
  lane->name = std::move(name);
  lane->max_parallel = max_parallel;
  return std::make_unique<Queue>(state_, std::move(lane));
}

std::unique_ptr<Condition> SimWorkerPool::make_condition() {
  return std::make_unique<SimCondition>(state_->life);
}

void SimWorkerPool::drop_tasks() {
  for (const auto& lane : state_->lanes) {
    const auto never_started = std::exchange(lane->tasks, {});
  }
}

}  // namespace odradek::env::sim
