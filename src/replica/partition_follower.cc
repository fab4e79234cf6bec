// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "env/world.h"
#include "log/directory/log_directory.h"
#include "replica/partition.h"

// A follower: what its leader sent is appended as it is, and what the leader does not have is cut.
namespace odradek::replica {

using base::ErrorCode;
using base::LeaderEpoch;
using base::Offset;

void Partition::become_follower(LeaderEpoch epoch, base::BrokerId leader) {
  Released released;
  {
    std::unique_lock lock(mutex_);
    wait_for_cut(lock);
    if (retired_ || (role_ == Role::kFollower && epoch == leader_epoch_)) return;
    begin_high_watermark_locked();
    role_ = Role::kFollower;
    leader_epoch_ = epoch;
    leader_ = leader;
    leader_high_watermark_ = base::kNoOffset;
    in_sync_.reset();
    released = release_all_locked();
  }
  complete(std::move(released), base::Error{ErrorCode::kNotLeaderOrFollower,
                                            fmt::format("{}: another broker leads from epoch {} on",
                                                        name().to_string(), epoch.value()),
                                            0});
}

base::Result<> Partition::check_follower_locked(LeaderEpoch leader_epoch) const {
  if (retired_) return std::unexpected(*retired_);
  if (role_ == Role::kFollower && leader_epoch == leader_epoch_) return {};
  return base::fail(ErrorCode::kFencedLeaderEpoch,
                    fmt::format("{}: does not follow the leader of epoch {} any more",
                                name().to_string(), leader_epoch.value()));
}

// The last epoch is the newest that this log knows of, be there a batch in it or not: of one that
// it led without appending anything the next leader may know nothing.
follower::FollowedPosition Partition::position() const {
  const std::lock_guard lock(mutex_);
  return {.leader_epoch = leader_epoch_,
          .end = log_->safe_end_offset(),
          .last_epoch = log_->latest_leader_epoch(),
          .log_start = log_->log_start_offset(),
          .high_watermark = high_watermark_,
          .directory_id = {}};
}

std::optional<std::int64_t> Partition::lag() const {
  const std::lock_guard lock(mutex_);
  if (role_ != Role::kFollower || leader_high_watermark_ == base::kNoOffset) return std::nullopt;
  const std::int64_t lacking = leader_high_watermark_.value() - log_->log_end_offset().value();
  return std::max<std::int64_t>(lacking, 0);
}

base::Result<> Partition::append_replicated(Replicated replicated) {
  const std::size_t bytes = replicated.batches.size();
  Released released;
  {
    const std::lock_guard lock(mutex_);
    if (auto follower = check_follower_locked(replicated.leader_epoch); !follower) return follower;
    if (bytes > 0) {
      auto appended = log_->append(std::move(replicated.batches), replicated.leader_epoch,
                                   log::AppendOrigin::kReplication);
      if (!appended) return base::fail(std::move(appended));
    }
    leader_high_watermark_ = replicated.high_watermark;
    if (log_->log_end_offset() >= replicated.high_watermark) is_refilling_ = false;
    const Offset committed = std::min(replicated.high_watermark, log_->log_end_offset());
    if (committed > high_watermark_) {
      high_watermark_ = committed;
      log_->directory().set_high_watermark(name(), committed);
      released = release_reached_locked();
    }
  }
  if (bytes > 0) write_out();
  complete(std::move(released), std::nullopt);
  if (replicated.log_start_offset <= log_->log_start_offset()) return {};
  return log_->delete_records(replicated.log_start_offset, log_->log_end_offset());
}

void Partition::when_safe(CommitHandler handler) {
  std::optional<base::Error> error;
  {
    const std::lock_guard lock(mutex_);
    const Offset end = log_->log_end_offset();
    if (retired_) {
      error = *retired_;
    } else if (end > log_->safe_end_offset()) {
      park_locked(end, std::move(handler), safe_waiters_);
      return;
    }
  }
  if (error) {
    handler(std::unexpected(std::move(*error)));
  } else {
    handler({});
  }
}

base::Result<Offset> Partition::cut_to_leader(const log::EpochEndOffset& of_leader,
                                              LeaderEpoch current_leader_epoch) {
  std::unique_lock lock(mutex_);
  if (auto follower = check_follower_locked(current_leader_epoch); !follower) {
    return base::fail(std::move(follower));
  }
  const Offset to = place_of_cut_locked(of_leader);
  auto cut = run_cut(lock, [this, to] { return log_->truncate_to(to); });
  const Offset end = log_->log_end_offset();
  tell_of_cut(lock);
  if (!cut) return base::fail(std::move(cut));
  return end;
}

base::Result<> Partition::restart_at(Offset leader_start, LeaderEpoch current_leader_epoch) {
  std::unique_lock lock(mutex_);
  if (auto follower = check_follower_locked(current_leader_epoch); !follower) return follower;
  const Offset end = log_->log_end_offset();
  const bool is_empty = log_->log_start_offset() == end;
  if (leader_start == end || (leader_start < end && !is_empty)) return {};
  auto cut = run_cut(lock, [this, leader_start] { return log_->restart_at(leader_start); });
  if (cut) {
    // All that the leader had before it was committed.
    high_watermark_ = leader_start;
    log_->directory().set_high_watermark(name(), high_watermark_);
  }
  tell_of_cut(lock);
  return cut;
}

base::Result<> Partition::run_cut(std::unique_lock<std::mutex>& lock,
                                  const std::function<base::Result<>()>& cut) {
  if (!cut_is_over_) cut_is_over_ = log_->directory().world().workers().make_condition();
  is_cutting_ = true;
  lock.unlock();
  auto done = cut();
  lock.lock();
  is_cutting_ = false;
  cut_is_over_->notify_all();
  if (done && high_watermark_ > log_->log_end_offset()) {
    high_watermark_ = log_->log_end_offset();
    log_->directory().set_high_watermark(name(), high_watermark_);
  }
  return done;
}

void Partition::tell_of_cut(std::unique_lock<std::mutex>& lock) {
  Released released;
  release_settled_locked(released);
  lock.unlock();
  complete(std::move(released), std::nullopt);
}

Offset Partition::place_of_cut_locked(const log::EpochEndOffset& of_leader) const {
  const Offset end = log_->log_end_offset();
  if (of_leader.end_offset == base::kNoOffset) return std::min(end, high_watermark_);
  const log::EpochEndOffset here = log_->end_offset_for_epoch(of_leader.leader_epoch);
  const Offset to = std::min(end, of_leader.end_offset);
  // Where this log has an older epoch there, the next fetch names that one.
  return here.end_offset == base::kNoOffset ? to : std::min(to, here.end_offset);
}

void Partition::wait_for_cut(std::unique_lock<std::mutex>& lock) {
  if (is_cutting_) cut_is_over_->wait(lock, [this] { return !is_cutting_; });
}

}  // namespace odradek::replica
