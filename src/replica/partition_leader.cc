// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "env/world.h"
#include "log/directory/log_directory.h"
#include "replica/partition.h"

// A leader with followers: their positions, the in-sync set, and what acks=all asks of it.
namespace odradek::replica {

using base::ErrorCode;
using base::Offset;

env::MonotonicTime Partition::now() const { return log_->directory().world().clock().monotonic(); }

// The checkpoint may say more than what a power cut left, and less than where the log begins.
void Partition::begin_high_watermark_locked() {
  const Offset known = std::min(log_->directory().high_watermark(name()), log_->log_end_offset());
  high_watermark_ = std::max({high_watermark_, known, log_->log_start_offset()});
}

void Partition::become_leader(base::BrokerId self, const Leadership& leadership,
                              const leader::EligibleBrokers& eligible) {
  Released released;
  {
    std::unique_lock lock(mutex_);
    wait_for_cut(lock);
    if (retired_) return;
    note_pulses_locked();
    if (role_ == Role::kLeader && leadership.epoch == leader_epoch_ && in_sync_) {
      in_sync_->update(leadership.assignment, now());
    } else {
      role_ = Role::kLeader;
      leader_epoch_ = leadership.epoch;
      leader_ = self;
      begin_high_watermark_locked();
      log_->begin_leader_epoch(leadership.epoch);
      epoch_start_ = log_->log_end_offset();
      in_sync_.emplace(self, [&eligible](base::BrokerId broker, std::int64_t broker_epoch) {
        return eligible.contains(broker, broker_epoch);
      });
      in_sync_->set_limits(in_sync_limits_);
      in_sync_->begin(leadership.assignment, epoch_start_, now());
    }
    released = release_reached_locked();
    release_settled_locked(released);
  }
  complete(std::move(released), std::nullopt);
}

base::Result<> Partition::fetched(const leader::FollowerPosition& position,
                                  base::LeaderEpoch current_leader_epoch) {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    if (auto leader = check_leader_locked(current_leader_epoch); !leader) return leader;
    if (!in_sync_ || !in_sync_->fetched(position, log_->log_end_offset(), now())) {
      return base::fail(ErrorCode::kUnknownLeaderEpoch,
                        fmt::format("{}: broker {} is none of its replicas, as far as is known",
                                    name().to_string(), position.follower.value()));
    }
    released = release_reached_locked();
  }
  complete(std::move(released), std::nullopt);
  return {};
}

bool Partition::is_in_sync(base::BrokerId broker) const {
  const std::lock_guard lock(mutex_);
  return in_sync_ && std::ranges::find(in_sync_->in_sync(), broker) != in_sync_->in_sync().end();
}

void Partition::set_throttled(const Throttled& throttled) {
  is_throttled_as_leader_ = throttled.as_leader;
  is_throttled_as_follower_ = throttled.as_follower;
}

void Partition::set_in_sync_limits(const leader::InSyncSet::Limits& limits) {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    in_sync_limits_ = limits;
    if (!in_sync_) return;
    in_sync_->set_limits(limits);
    released = release_reached_locked();
  }
  complete(std::move(released), std::nullopt);
}

std::optional<leader::InSyncProposal> Partition::propose_in_sync() {
  const std::lock_guard lock(mutex_);
  if (role_ != Role::kLeader || !in_sync_) return std::nullopt;
  note_pulses_locked();
  return in_sync_->propose(log_->log_end_offset(), high_watermark_, now());
}

void Partition::answered_in_sync(std::int32_t partition_epoch, leader::InSyncAnswer answer) {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    if (!in_sync_) return;
    in_sync_->answered(partition_epoch, answer);
    released = release_reached_locked();
  }
  complete(std::move(released), std::nullopt);
}

base::Result<> Partition::check_in_sync() const {
  const std::lock_guard lock(mutex_);
  if (!in_sync_ || !in_sync_->is_under_minimum()) return {};
  return base::fail(
      ErrorCode::kNotEnoughReplicas,
      fmt::format("{}: {} of its replicas are in sync, min.insync.replicas={}", name().to_string(),
                  in_sync_->in_sync().size(), in_sync_limits_.min_in_sync));
}

bool Partition::is_at_minimum() const {
  const std::lock_guard lock(mutex_);
  return !in_sync_ || in_sync_->is_at_minimum();
}

bool Partition::has_followers() const {
  const std::lock_guard lock(mutex_);
  return in_sync_.has_value();
}

bool Partition::lacks_in_sync() const {
  const std::lock_guard lock(mutex_);
  return in_sync_ && in_sync_->in_sync().size() < in_sync_->replicas().size();
}

std::optional<leader::Assignment> Partition::assignment() const {
  const std::lock_guard lock(mutex_);
  if (!in_sync_) return std::nullopt;
  return in_sync_->assignment();
}

std::vector<leader::InSyncSet::Holder> Partition::holders_of(Offset at) {
  const std::lock_guard lock(mutex_);
  if (!in_sync_) return {};
  note_pulses_locked();
  return in_sync_->holders_of(at);
}

Offset Partition::low_watermark_locked() const {
  const Offset start = log_->log_start_offset();
  return in_sync_ ? in_sync_->low_watermark(start) : start;
}

Offset Partition::low_watermark() const {
  const std::lock_guard lock(mutex_);
  return low_watermark_locked();
}

Partition::WaitId Partition::when_low_watermark(Offset to, CommitHandler handler) {
  base::Result<> outcome;
  {
    const std::lock_guard lock(mutex_);
    outcome = check_leader_locked(base::kNoLeaderEpoch);
    if (outcome && low_watermark_locked() < to) {
      return park_locked(to, std::move(handler), low_watermark_waiters_);
    }
  }
  handler(std::move(outcome));
  return {};
}

bool Partition::is_end_known() const {
  const std::lock_guard lock(mutex_);
  return !in_sync_ || high_watermark_ >= epoch_start_;
}

}  // namespace odradek::replica
