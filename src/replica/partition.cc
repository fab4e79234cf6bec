// SPDX-License-Identifier: Apache-2.0
#include "replica/partition.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "log/directory/log_directory.h"

namespace odradek::replica {

using base::ErrorCode;
using base::Offset;

namespace {

// Of those who wait, the first for whom `end` is not enough.
auto first_beyond(Offset end, auto& waiters) {
  constexpr auto kLastNumber = std::numeric_limits<std::uint64_t>::max();
  return waiters.upper_bound(Partition::WaitId{end, kLastNumber});
}

}  // namespace

Partition::Partition(std::shared_ptr<log::Log> log, base::TopicId topic_id, DamageHandler on_damage)
    : log_(std::move(log)), topic_id_(topic_id), on_damage_(std::move(on_damage)) {
  log_->set_listener(this);
}

Partition::~Partition() {
  retire({ErrorCode::kNotLeaderOrFollower, "the broker stops", 0});
  detach();
}

void Partition::detach() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(detached_, true)) return;
  }
  log_->set_listener(nullptr);
}

void Partition::become_leader(base::LeaderEpoch epoch) {
  Released released;
  {
    std::unique_lock lock(mutex_);
    wait_for_cut(lock);
    role_ = Role::kLeader;
    leader_epoch_ = epoch;
    leader_ = base::kNoBroker;
    in_sync_.reset();
    log_->begin_leader_epoch(epoch);
    released = release_reached_locked();
    release_settled_locked(released);
  }
  complete(std::move(released), std::nullopt);
}

void Partition::retire(base::Error error) {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    if (retired_) return;
    role_ = Role::kNone;
    retired_ = error;
    released = release_all_locked();
  }
  complete(std::move(released), error);
}

base::Result<log::AppendInfo> Partition::append(base::SharedBytes batches,
                                                log::AppendOrigin origin) {
  auto appended = enqueue(std::move(batches), origin);
  if (!appended || appended->is_duplicate) return appended;
  write_out();
  // A write that failed has retired the partition by now, or was taken back.
  const std::lock_guard lock(mutex_);
  if (auto kept = log_->check_kept(appended->end()); !kept) return base::fail(std::move(kept));
  if (retired_ && log_->written_end_offset() <= appended->last_offset) {
    return std::unexpected(*retired_);
  }
  return appended;
}

base::Result<log::AppendInfo> Partition::enqueue(base::SharedBytes batches,
                                                 log::AppendOrigin origin) {
  const std::lock_guard lock(mutex_);
  if (auto leader = check_leader_locked(base::kNoLeaderEpoch); !leader) {
    return base::fail(std::move(leader));
  }
  return log_->append(std::move(batches), leader_epoch_, origin);
}

std::optional<base::Error> Partition::check_end_locked(const log::AppendEnd& end) const {
  if (auto kept = log_->check_kept(end); !kept) return std::move(kept).error();
  return std::nullopt;
}

Partition::WaitId Partition::when_committed(log::AppendEnd end, CommitHandler handler) {
  std::optional<base::Error> error;
  {
    const std::lock_guard lock(mutex_);
    if (auto leader = check_leader_locked(base::kNoLeaderEpoch); !leader) {
      error = std::move(leader).error();
    } else if (!(error = check_end_locked(end)) && end.offset > high_watermark_) {
      return park_locked(end.offset, std::move(handler), commit_waiters_);
    }
  }
  if (error) {
    handler(std::unexpected(std::move(*error)));
  } else {
    handler({});
  }
  return {};
}

Partition::WaitId Partition::when_written(log::AppendEnd end, CommitHandler handler) {
  std::optional<base::Error> error;
  {
    const std::lock_guard lock(mutex_);
    error = check_end_locked(end);
    if (!error && log_->answerable_end_offset() < end.offset) {
      if (!retired_) {
        return park_locked(end.offset, std::move(handler), write_waiters_);
      }
      error = *retired_;
    }
  }
  if (error) {
    handler(std::unexpected(std::move(*error)));
  } else {
    handler({});
  }
  return {};
}

void Partition::forget(const WaitId& wait) {
  CommitHandler forgotten;
  const std::lock_guard lock(mutex_);
  for (auto* waiters : {&commit_waiters_, &write_waiters_, &low_watermark_waiters_}) {
    const auto found = waiters->find(wait);
    if (found == waiters->end()) continue;
    forgotten = std::move(found->second);
    waiters->erase(found);
    return;
  }
}

bool Partition::is_written(log::AppendEnd end) const {
  const std::lock_guard lock(mutex_);
  return !check_end_locked(end) && log_->answerable_end_offset() >= end.offset;
}

base::Result<log::ReadInfo> Partition::read(Offset from, Isolation isolation,
                                            base::LeaderEpoch current_leader_epoch,
                                            std::uint64_t max_bytes, bool at_least_one_batch,
                                            log::ReadMode mode, Readable readable) {
  Offset until;
  {
    const std::lock_guard lock(mutex_);
    if (auto server = check_readable_locked(current_leader_epoch, readable); !server) {
      return base::fail(std::move(server));
    }
    until = visible_end_locked(isolation);
    // What is committed may still be on its way to the file here.
    if (role_ == Role::kFollower) until = std::min(until, log_->written_end_offset());
  }
  // A fetch between the end it may see and the log's end waits; it is not out of range.
  if (from > until && from <= log_->log_end_offset()) return log::ReadInfo{};
  return as_replica(log_->read(from, until, max_bytes, at_least_one_batch, mode));
}

base::Result<log::ReadInfo> Partition::as_replica(base::Result<log::ReadInfo> read) const {
  if (read || read.error().code != ErrorCode::kCorruptMessage) return read;
  const std::lock_guard lock(mutex_);
  const bool has_other_holders =
      role_ == Role::kFollower || (in_sync_ && in_sync_->in_sync().size() > 1);
  if (!has_other_holders) return read;
  return base::fail(ErrorCode::kNotLeaderOrFollower, std::move(read).error().message);
}

base::Result<> Partition::check_leader(base::LeaderEpoch current_leader_epoch) const {
  const std::lock_guard lock(mutex_);
  return check_leader_locked(current_leader_epoch);
}

base::Result<> Partition::check_readable(base::LeaderEpoch current_leader_epoch,
                                         Readable readable) const {
  const std::lock_guard lock(mutex_);
  return check_readable_locked(current_leader_epoch, readable);
}

base::LeaderEpoch Partition::leader_epoch() const {
  const std::lock_guard lock(mutex_);
  return leader_epoch_;
}

Partition::CurrentLeader Partition::current_leader() const {
  const std::lock_guard lock(mutex_);
  return {leader_, leader_epoch_};
}

OffsetSnapshot Partition::offsets() const {
  const std::lock_guard lock(mutex_);
  return {.log_start_offset = log_->log_start_offset(),
          .last_stable_offset = visible_end_locked(Isolation::kReadCommitted),
          .high_watermark = high_watermark_,
          .log_end_offset = log_->log_end_offset()};
}

Offset Partition::visible_end(Isolation isolation) const {
  const std::lock_guard lock(mutex_);
  return visible_end_locked(isolation);
}

base::Result<Offset> Partition::delete_records(Offset to) {
  Offset limit;
  {
    const std::lock_guard lock(mutex_);
    if (auto leader = check_leader_locked(base::kNoLeaderEpoch); !leader) {
      return base::fail(std::move(leader));
    }
    limit = high_watermark_;
  }
  const Offset target = to == base::kNoOffset ? limit : to;
  if (auto done = log_->delete_records(target, limit); !done) return base::fail(std::move(done));
  return log_->log_start_offset();
}

void Partition::on_progress() {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    if (role_ == Role::kNone) return;
    released = release_reached_locked();
  }
  complete(std::move(released), std::nullopt);
}

void Partition::on_failure(const base::Error& error) { retire(error); }

void Partition::on_damage() {
  if (on_damage_) on_damage_();
}

// The high watermark never passed `end`: those who wait for more wait for what is not there.
void Partition::on_taken_back(Offset end, const base::Error& error) {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    for (auto* waiters : {&commit_waiters_, &write_waiters_, &safe_waiters_}) {
      const auto first = first_beyond(end, *waiters);
      for (auto waiter = first; waiter != waiters->end(); ++waiter) {
        released.commits.push_back(std::move(waiter->second));
      }
      waiters->erase(first, waiters->end());
    }
  }
  complete(std::move(released), error);
}

base::Result<> Partition::check_leader_locked(base::LeaderEpoch current_leader_epoch) const {
  if (retired_) return std::unexpected(*retired_);
  if (role_ != Role::kLeader) return base::fail(ErrorCode::kNotLeaderOrFollower);
  return check_epoch_locked(current_leader_epoch);
}

base::Result<> Partition::check_readable_locked(base::LeaderEpoch current_leader_epoch,
                                                Readable readable) const {
  if (role_ != Role::kFollower || readable == Readable::kFromLeader) {
    return check_leader_locked(current_leader_epoch);
  }
  if (retired_) return std::unexpected(*retired_);
  return check_epoch_locked(current_leader_epoch);
}

base::Result<> Partition::check_epoch_locked(base::LeaderEpoch current_leader_epoch) const {
  if (current_leader_epoch == base::kNoLeaderEpoch || current_leader_epoch == leader_epoch_) {
    return {};
  }
  const bool is_old = current_leader_epoch < leader_epoch_;
  return base::fail(is_old ? ErrorCode::kFencedLeaderEpoch : ErrorCode::kUnknownLeaderEpoch,
                    fmt::format("leader epoch {} asked for, {} is current",
                                current_leader_epoch.value(), leader_epoch_.value()));
}

std::optional<Offset> Partition::committed_end_locked() const {
  if (role_ != Role::kLeader) return std::nullopt;
  // The in-sync set is this replica alone, so what it has safely is committed.
  if (!in_sync_) return log_->safe_end_offset();
  return in_sync_->committed_end(log_->safe_end_offset(), log_->log_end_offset(), now());
}

Offset Partition::visible_end_locked(Isolation isolation) const {
  if (isolation == Isolation::kReadUncommitted) return high_watermark_;
  if (isolation == Isolation::kLogEnd) return log_->written_end_offset();
  return std::min(high_watermark_,
                  log_->first_unstable_offset(high_watermark_).value_or(high_watermark_));
}

Partition::WaitId Partition::park_locked(Offset end, CommitHandler handler, Waiters& waiters) {
  const WaitId wait{end, next_wait_++};
  waiters.emplace_hint(waiters.end(), wait, std::move(handler));
  return wait;
}

void Partition::release_until(Offset end, Waiters& waiters, Released& released) {
  const auto reached = first_beyond(end, waiters);
  for (auto waiter = waiters.begin(); waiter != reached; ++waiter) {
    released.commits.push_back(std::move(waiter->second));
  }
  waiters.erase(waiters.begin(), reached);
}

void Partition::advance_high_watermark_locked() {
  const std::optional<Offset> committed = committed_end_locked();
  if (!committed || *committed <= high_watermark_) return;
  high_watermark_ = *committed;
  // Under the lock: of two that advance it, the later must also be the later to say so.
  log_->directory().set_high_watermark(name(), high_watermark_);
}

Partition::Released Partition::release_reached_locked() {
  Released released;
  note_pulses_locked();
  advance_high_watermark_locked();
  release_until(high_watermark_, commit_waiters_, released);
  release_until(log_->answerable_end_offset(), write_waiters_, released);
  release_until(log_->safe_end_offset(), safe_waiters_, released);
  if (!low_watermark_waiters_.empty()) {
    release_until(low_watermark_locked(), low_watermark_waiters_, released);
  }
  release_watches_locked(released);
  return released;
}

Partition::Released Partition::release_all_locked() {
  Released released;
  for (auto* waiters :
       {&commit_waiters_, &write_waiters_, &safe_waiters_, &low_watermark_waiters_}) {
    for (auto& [end, handler] : *waiters) released.commits.push_back(std::move(handler));
    waiters->clear();
  }
  while (!fetch_watches_.empty()) drop_watch_locked(fetch_watches_.begin(), released);
  return released;
}

void Partition::complete(Released released, const std::optional<base::Error>& error) {
  for (CommitHandler& handler : released.commits) {
    if (error) {
      handler(std::unexpected(*error));
    } else {
      handler({});
    }
  }
  for (const auto& waiter : released.fetches) waiter->wake();
}

}  // namespace odradek::replica
