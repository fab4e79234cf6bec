// SPDX-License-Identifier: Apache-2.0
#include "log/housekeeping/housekeeper.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <utility>

namespace odradek::log::housekeeping {

namespace {

// Added to a time, it is still a time.
constexpr env::Duration kLongest = std::chrono::years(100);

env::Duration bounded(env::Duration time) { return std::min(time, kLongest); }

class StopToken final : public Round {
 public:
  bool should_stop() const override { return should_stop_.load(std::memory_order_relaxed); }
  void stop() { should_stop_.store(true, std::memory_order_relaxed); }

 private:
  std::atomic<bool> should_stop_ = false;
};

}  // namespace

env::Duration task_interval(std::int64_t ms) {
  constexpr std::int64_t kLongestMs =
      std::chrono::duration_cast<std::chrono::milliseconds>(kLongest).count();
  return std::chrono::milliseconds(std::min(ms, kLongestMs));
}

struct Housekeeper::Entry {
  Task task;
  Work work;
  env::MonotonicTime due;
  env::Executor::TimerId timer = 0;
  // Counts the armings: a timer that was replaced and fires yet does nothing.
  std::uint64_t arming = 0;
  bool is_submitted = false;
  bool is_running = false;
  // Somebody asked for another round while one ran.
  bool is_wanted = false;
  std::unique_ptr<env::WorkQueue> queue;
};

// What timers hold instead of the housekeeper: empty once it is gone.
struct Housekeeper::Anchor {
  std::mutex mutex;
  Housekeeper* housekeeper = nullptr;
};

Housekeeper::Housekeeper(env::World& world)
    : world_(world),
      anchor_(std::make_shared<Anchor>()),
      changed_(world.workers().make_condition()),
      token_(std::make_unique<StopToken>()) {
  anchor_->housekeeper = this;
}

Housekeeper::~Housekeeper() {
  stop();
  const std::lock_guard lock(anchor_->mutex);
  anchor_->housekeeper = nullptr;
}

void Housekeeper::add(Task task, Work work) {
  auto entry = std::make_unique<Entry>();
  entry->queue = world_.workers().make_queue(task.name, 1);
  entry->due = world_.clock().monotonic() + bounded(task.first_delay);
  task.interval = bounded(task.interval);
  entry->task = std::move(task);
  entry->work = std::move(work);
  const std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
  arm_locked(*entries_.back());
}

std::vector<Housekeeper::Entry*> Housekeeper::named_locked(std::string_view name) const {
  std::vector<Entry*> named;
  for (const auto& entry : entries_) {
    if (entry->task.name == name) named.push_back(entry.get());
  }
  return named;
}

void Housekeeper::arm_locked(Entry& entry) {
  ++entry.arming;
  env::Executor& loop = world_.loop(0);
  loop.cancel(std::exchange(entry.timer, 0));
  if (is_stopped_ || entry.task.interval <= env::Duration::zero()) return;
  const auto delay = std::max(entry.due - world_.clock().monotonic(), env::Duration::zero());
  entry.timer = loop.run_after(delay, [anchor = anchor_, fired = &entry, arming = entry.arming] {
    const std::lock_guard lock(anchor->mutex);
    if (anchor->housekeeper != nullptr) anchor->housekeeper->on_timer(*fired, arming);
  });
}

void Housekeeper::on_timer(Entry& entry, std::uint64_t arming) {
  const std::lock_guard lock(mutex_);
  if (entry.arming == arming) submit_locked(entry);
}

void Housekeeper::submit_locked(Entry& entry) {
  if (is_stopped_ || entry.is_submitted || entry.is_running) return;
  entry.is_submitted = true;
  entry.queue->submit([this, submitted = &entry] { run_submitted(*submitted); });
}

void Housekeeper::run_submitted(Entry& entry) {
  std::unique_lock lock(mutex_);
  // Somebody's run_now may have taken the round along.
  if (entry.is_submitted && !entry.is_running) run(lock, entry);
}

void Housekeeper::run(std::unique_lock<std::mutex>& lock, Entry& entry) {
  entry.is_submitted = false;
  if (is_stopped_) return;
  entry.is_running = true;
  entry.is_wanted = false;
  const env::MonotonicTime began = world_.clock().monotonic();
  entry.due = began + entry.task.interval;
  lock.unlock();
  entry.work(*token_);
  lock.lock();
  entry.is_running = false;
  entry.due = began + entry.task.interval;
  arm_locked(entry);
  if (entry.is_wanted) submit_locked(entry);
  changed_->notify_all();
}

void Housekeeper::set_interval(std::string_view name, env::Duration interval) {
  interval = bounded(interval);
  const std::lock_guard lock(mutex_);
  for (Entry* entry : named_locked(name)) {
    if (entry->task.interval == interval) continue;
    // One that never came by itself counts from now on.
    const bool was_off = entry->task.interval <= env::Duration::zero();
    const env::MonotonicTime began =
        was_off ? world_.clock().monotonic() : entry->due - entry->task.interval;
    entry->task.interval = interval;
    entry->due = began + interval;
    if (!entry->is_running && !entry->is_submitted) arm_locked(*entry);
  }
}

void Housekeeper::run_soon(std::string_view name) {
  const std::lock_guard lock(mutex_);
  for (Entry* entry : named_locked(name)) {
    entry->is_wanted = entry->is_running;
    submit_locked(*entry);
  }
}

void Housekeeper::run_now(std::string_view name) {
  std::unique_lock lock(mutex_);
  for (Entry* entry : named_locked(name)) {
    changed_->wait(lock, [&] { return !entry->is_running; });
    run(lock, *entry);
  }
}

void Housekeeper::stop() {
  std::unique_lock lock(mutex_);
  is_stopped_ = true;
  static_cast<StopToken&>(*token_).stop();
  for (const auto& entry : entries_) arm_locked(*entry);
  changed_->wait(lock, [this] {
    return std::ranges::none_of(entries_, [](const auto& entry) { return entry->is_running; });
  });
}

}  // namespace odradek::log::housekeeping
