// SPDX-License-Identifier: Apache-2.0
#include "log/directory/background_flush.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "log/log.h"

namespace odradek::log::directory {

namespace {

// The clock's end is far away, but not beyond reach of an addition.
constexpr env::Duration kLongest = std::chrono::hours(24 * 365);

}  // namespace

BackgroundFlush::BackgroundFlush(const env::Clock& clock, std::function<void(Log&)> request,
                                 std::function<void(env::Duration)> arm)
    : clock_(clock), request_(std::move(request)), arm_(std::move(arm)) {}

void BackgroundFlush::flush_within(Log& log, env::Duration delay) {
  delay = std::clamp(delay, env::Duration::zero(), kLongest);
  const std::lock_guard lock(mutex_);
  const env::MonotonicTime now = clock_.monotonic();
  const Entry entry{.due = {now + delay, next_number_++}, .earliest = now + delay / 2};
  const auto [known, is_new] = dirty_.try_emplace(&log, entry);
  if (!is_new) {
    if (known->second.due <= entry.due) return;
    due_.erase(known->second.due);
    known->second = entry;
  }
  due_.emplace(entry.due, &log);
  arm_locked(now);
}

void BackgroundFlush::flush_all() {
  const std::lock_guard lock(mutex_);
  std::vector<Log*> all;
  for (const auto& [due, log] : due_) all.push_back(log);
  take_locked(all);
}

void BackgroundFlush::on_timer() {
  const std::lock_guard lock(mutex_);
  const env::MonotonicTime now = clock_.monotonic();
  timers_.erase(timers_.begin(), timers_.upper_bound(now));
  if (!due_.empty() && due_.begin()->first.first <= now) {
    std::vector<Log*> ripe;
    for (const auto& [due, log] : due_) {
      if (dirty_.at(log).earliest <= now) ripe.push_back(log);
    }
    take_locked(ripe);
  }
  arm_locked(now);
}

void BackgroundFlush::forget(Log& log) {
  const std::lock_guard lock(mutex_);
  const auto found = dirty_.find(&log);
  if (found == dirty_.end()) return;
  due_.erase(found->second.due);
  dirty_.erase(found);
}

void BackgroundFlush::take_locked(const std::vector<Log*>& logs) {
  for (Log* log : logs) {
    due_.erase(dirty_.at(log).due);
    dirty_.erase(log);
    request_(*log);
  }
}

void BackgroundFlush::arm_locked(env::MonotonicTime now) {
  if (due_.empty()) return;
  const env::MonotonicTime next = due_.begin()->first.first;
  if (!timers_.empty() && *timers_.begin() <= next) return;
  timers_.insert(next);
  arm_(next - now);
}

}  // namespace odradek::log::directory
