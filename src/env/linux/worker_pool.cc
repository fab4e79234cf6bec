// SPDX-License-Identifier: Apache-2.0
#include "env/linux/worker_pool.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace odradek::env {

class LinuxWorkerPool::Queue final : public WorkQueue {
 public:
  Queue(LinuxWorkerPool& pool, std::string name, int max_parallel)
      : pool_(pool), name_(std::move(name)), max_parallel_(max_parallel) {}
  ~Queue() override { pool_.close(*this); }

  void submit(Task task) override { pool_.submit(*this, std::move(task)); }

 private:
  friend class LinuxWorkerPool;

  bool may_start() const { return !tasks_.empty() && running_ < max_parallel_; }

  LinuxWorkerPool& pool_;
  const std::string name_;
  const int max_parallel_;
  // Guarded by the pool's mutex.
  std::deque<Task> tasks_;
  int running_ = 0;
  bool listed_ = false;  // in ready_
};

LinuxWorkerPool::LinuxWorkerPool(std::size_t max_threads) : max_threads_(max_threads) {
  ODRADEK_ASSERT(max_threads > 0);
}

LinuxWorkerPool::~LinuxWorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    ODRADEK_ASSERT(ready_.empty());
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::unique_ptr<WorkQueue> LinuxWorkerPool::make_queue(std::string name, int max_parallel) {
  ODRADEK_ASSERT(max_parallel > 0);
  return std::make_unique<Queue>(*this, std::move(name), max_parallel);
}

void LinuxWorkerPool::submit(Queue& queue, Task task) {
  const std::lock_guard lock(mutex_);
  queue.tasks_.push_back(std::move(task));
  if (queue.listed_ || !queue.may_start()) return;
  queue.listed_ = true;
  ready_.push_back(&queue);
  start_thread_if_short();
  wake_.notify_one();
}

// Drops what has not started (outside the lock: tasks own things), then waits for what runs.
void LinuxWorkerPool::close(Queue& queue) {
  std::deque<Task> dropped;
  std::unique_lock lock(mutex_);
  dropped.swap(queue.tasks_);
  std::erase(ready_, &queue);
  queue.listed_ = false;
  lock.unlock();
  dropped.clear();
  lock.lock();
  finished_.wait(lock, [&] { return queue.running_ == 0; });
  ODRADEK_ASSERT(queue.tasks_.empty());
}

void LinuxWorkerPool::start_thread_if_short() {
  if (idle_threads_ >= ready_.size() || live_threads_ >= max_threads_) return;
  ++live_threads_;
  threads_.emplace_back([this] { work(); });
  pthread_setname_np(threads_.back().native_handle(),
                     ("worker-" + std::to_string(++named_threads_)).c_str());
}

void LinuxWorkerPool::resize(std::size_t max_threads) {
  ODRADEK_ASSERT(max_threads > 0);
  const std::lock_guard lock(mutex_);
  join_ended();
  max_threads_ = max_threads;
  wake_.notify_all();
  for (std::size_t i = 0; i < ready_.size(); ++i) start_thread_if_short();
}

void LinuxWorkerPool::join_ended() {
  for (const std::thread::id id : ended_) {
    const auto thread = std::ranges::find(threads_, id, &std::thread::get_id);
    thread->join();
    threads_.erase(thread);
  }
  ended_.clear();
}

void LinuxWorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_threads_;
    wake_.wait(lock, [this] { return stopping_ || is_one_too_many() || !ready_.empty(); });
    --idle_threads_;
    if (is_one_too_many() || ready_.empty()) {
      --live_threads_;
      ended_.push_back(std::this_thread::get_id());
      // What this one was woken for is another's.
      if (!ready_.empty()) wake_.notify_one();
      return;
    }
    Queue& queue = *ready_.front();
    ready_.pop_front();
    Task task = std::move(queue.tasks_.front());
    queue.tasks_.pop_front();
    ++queue.running_;
    queue.listed_ = queue.may_start();
    if (queue.listed_) {
      ready_.push_back(&queue);
      start_thread_if_short();
      wake_.notify_one();
    }
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    --queue.running_;
    if (!queue.listed_ && queue.may_start()) {
      queue.listed_ = true;
      ready_.push_back(&queue);
    }
    // The last touch of the queue: whoever closes it may destroy it now.
    if (queue.running_ == 0) finished_.notify_all();
  }
}

}  // namespace odradek::env
