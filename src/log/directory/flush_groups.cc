// SPDX-License-Identifier: Apache-2.0
#include "log/directory/flush_groups.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace odradek::log::directory {

FlushGroups::FlushGroups(env::World& world, std::string directory, Options options,
                         FlushStatistics& statistics,
                         std::function<void(const base::Error&)> on_failure)
    : world_(world),
      directory_(std::move(directory)),
      options_(options),
      statistics_(statistics),
      on_failure_(std::move(on_failure)),
      changed_(world.workers().make_condition()),
      queue_(world.workers().make_queue("flush " + directory_, options.max_parallel)) {}

void FlushGroups::add(Log& log) {
  const std::lock_guard lock(mutex_);
  const bool is_new = members_.try_emplace(&log, Member{.log = &log}).second;
  ODRADEK_ASSERT(is_new);
}

void FlushGroups::forget(Log& log) {
  std::unique_lock lock(mutex_);
  const auto found = members_.find(&log);
  if (found == members_.end()) return;
  Member& member = found->second;
  member.is_forgotten = true;
  for (auto* list : {&pending_, &early_, &ready_, &group_, &prepared_}) std::erase(*list, &member);
  changed_->wait(lock, [&member] { return member.calls == 0; });
  members_.erase(&log);
}

void FlushGroups::request(Log& log) {
  const std::lock_guard lock(mutex_);
  if (is_abandoned_) return;
  const auto found = members_.find(&log);
  ODRADEK_ASSERT(found != members_.end());
  if (found->second.is_forgotten) return;
  add_locked(found->second);
  if (!is_running_ && holds_ == 0) start_group_locked();
}

void FlushGroups::add_locked(Member& member) {
  if (std::exchange(member.is_pending, true)) return;
  pending_.push_back(&member);
}

void FlushGroups::request_in_background(Log& log) {
  const std::lock_guard lock(mutex_);
  if (is_abandoned_) return;
  const auto found = members_.find(&log);
  ODRADEK_ASSERT(found != members_.end());
  Member& member = found->second;
  if (member.is_being_prepared || member.is_forgotten) return;
  member.is_being_prepared = true;
  early_.push_back(&member);
  if (!std::exchange(is_preparing_, true)) queue_->submit([this] { prepare_background(); });
}

// What is asked for meanwhile is prepared, too.
void FlushGroups::prepare_background() {
  std::unique_lock lock(mutex_);
  for_each_member(lock, early_, [this](Log& log) -> base::Result<> {
    if (auto done = log.prepare_background_flush(); !done) return done;
    const std::lock_guard ready_lock(mutex_);
    Member& member = members_.at(&log);
    member.is_being_prepared = false;
    if (!member.is_forgotten && !is_abandoned_) ready_.push_back(&member);
    return {};
  });
  is_preparing_ = false;
  for (Member* member : std::exchange(ready_, {})) add_locked(*member);
  if (!pending_.empty() && !is_running_ && holds_ == 0) start_group_locked();
}

void FlushGroups::hold() {
  const std::lock_guard lock(mutex_);
  ++holds_;
}

// Whoever else holds does not keep those waiting that are there: many in turn would keep them for
// ever.
void FlushGroups::release() {
  const std::lock_guard lock(mutex_);
  --holds_;
  if (!is_running_ && !pending_.empty()) start_group_locked();
}

void FlushGroups::start_group_locked() {
  is_running_ = true;
  queue_->submit([this] { run_group(); });
}

void FlushGroups::abandon() {
  const std::lock_guard lock(mutex_);
  abandon_locked();
}

void FlushGroups::abandon_locked() {
  is_abandoned_ = true;
  pending_.clear();
  early_.clear();
  ready_.clear();
  group_.clear();
  prepared_.clear();
}

void FlushGroups::announce(const base::Error& error) {
  std::unique_lock lock(mutex_);
  std::vector<Log*> logs;
  for (const auto& [log, member] : members_) logs.push_back(log);
  // Not in the order of addresses: one seed of a simulation has one order.
  std::ranges::sort(logs, {}, [](const Log* log) -> const auto& { return log->name(); });
  for (Log* log : logs) {
    const auto found = members_.find(log);
    if (found == members_.end() || found->second.is_forgotten) continue;
    ++found->second.calls;
    lock.unlock();
    log->on_directory_failure(error);
    lock.lock();
    --found->second.calls;
    changed_->notify_all();
  }
}

void FlushGroups::run_group() {
  std::unique_lock lock(mutex_);
  // In the order of asking, taken from the back.
  group_.assign(pending_.rbegin(), pending_.rend());
  pending_.clear();
  is_group_open_ = true;
  for (Member* member : group_) member->is_pending = false;
  is_flushing_singly_ = group_.size() <= options_.max_logs_flushed_singly;
  const std::size_t helpers =
      std::min(group_.size(), static_cast<std::size_t>(options_.max_parallel));
  lock.unlock();
  if (!is_flushing_singly_) return flush_together();
  for (std::size_t i = 1; i < helpers; ++i) queue_->submit([this] { flush_singly(); });
  flush_singly();
}

void FlushGroups::flush_singly() {
  std::unique_lock lock(mutex_);
  // One that comes late finds the group gone, or another one that it may help as well.
  if (!is_group_open_ || !is_flushing_singly_) return;
  ++workers_;
  for_each_member(lock, group_, [](Log& log) -> base::Result<> {
    if (auto done = log.prepare_flush(); !done) return done;
    return log.finish_flush(false);
  });
  if (--workers_ == 0) end_group_locked();
}

void FlushGroups::flush_together() {
  std::unique_lock lock(mutex_);
  const auto remember = [this](Log& log) -> base::Result<> {
    if (auto done = log.prepare_flush(); !done) return done;
    const std::lock_guard prepared_lock(mutex_);
    Member& member = members_.at(&log);
    if (!member.is_forgotten && !is_abandoned_) prepared_.push_back(&member);
    return {};
  };
  for_each_member(lock, group_, remember);
  lock.unlock();
  const env::MonotonicTime started = world_.clock().monotonic();
  auto synced = world_.disk().sync_file_system(directory_);
  statistics_.add(world_.clock().monotonic() - started);
  if (!synced) on_failure_(synced.error());
  lock.lock();
  if (!synced) abandon_locked();
  for_each_member(lock, prepared_, [](Log& log) { return log.finish_flush(true); });
  end_group_locked();
}

void FlushGroups::for_each_member(std::unique_lock<std::mutex>& lock, std::vector<Member*>& list,
                                  const std::function<base::Result<>(Log&)>& step) {
  while (!list.empty()) {
    Member* member = list.back();
    list.pop_back();
    ++member->calls;
    lock.unlock();
    auto done = step(*member->log);
    if (!done) on_failure_(done.error());
    lock.lock();
    if (!done) abandon_locked();
    --member->calls;
    if (member->is_forgotten) changed_->notify_all();
  }
}

void FlushGroups::end_group_locked() {
  is_group_open_ = false;
  is_running_ = false;
  if (!pending_.empty()) start_group_locked();
}

}  // namespace odradek::log::directory
