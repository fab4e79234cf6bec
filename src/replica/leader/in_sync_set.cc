// SPDX-License-Identifier: Apache-2.0
#include "replica/leader/in_sync_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace odradek::replica::leader {
namespace {

using base::BrokerId;
using base::Offset;

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
  return std::ranges::find(brokers, broker) != brokers.end();
}

std::int64_t in_milliseconds(env::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

void add_cause(std::string& causes, const std::string& cause) {
  if (!causes.empty()) causes += "; ";
  causes += cause;
}

}  // namespace

void InSyncSet::begin(const Assignment& assignment, Offset epoch_start, env::MonotonicTime now) {
  assignment_ = assignment;
  epoch_start_ = epoch_start;
  open_.reset();
  is_to_be_sent_again_ = false;
  followers_.clear();
  keep_replicas_only();
  for (auto& [broker, follower] : followers_) {
    if (!contains(assignment_.in_sync, broker)) continue;
    follower.was_caught_up = true;
    follower.caught_up_at = now;
  }
}

void InSyncSet::update(const Assignment& assignment, env::MonotonicTime now) {
  if (assignment.partition_epoch <= assignment_.partition_epoch) return;
  const Assignment before = std::exchange(assignment_, assignment);
  open_.reset();
  is_to_be_sent_again_ = false;
  keep_replicas_only();
  for (const BrokerId broker : assignment_.in_sync) {
    const auto found = followers_.find(broker);
    if (found == followers_.end() || contains(before.in_sync, broker)) continue;
    // It has the high watermark, and that may be less than the leader's end.
    found->second.was_caught_up = true;
    found->second.caught_up_at = now;
  }
}

void InSyncSet::keep_replicas_only() {
  std::erase_if(followers_,
                [this](const auto& known) { return !contains(assignment_.replicas, known.first); });
  for (const BrokerId broker : assignment_.replicas) {
    if (broker != self_) followers_.try_emplace(broker);
  }
}

bool InSyncSet::fetched(const FollowerPosition& position, Offset leader_end,
                        env::MonotonicTime now) {
  const auto found = followers_.find(position.follower);
  if (found == followers_.end()) return false;
  Follower& follower = found->second;
  const bool has_all = position.end >= leader_end;
  const bool had_all_then = follower.leader_end_at_fetch != base::kNoOffset &&
                            position.end >= follower.leader_end_at_fetch;
  if (has_all || had_all_then) {
    const env::MonotonicTime at = has_all ? now : follower.fetched_at;
    follower.caught_up_at = follower.was_caught_up ? std::max(follower.caught_up_at, at) : at;
    follower.was_caught_up = true;
  }
  follower.end = position.end;
  follower.log_start = position.log_start;
  follower.broker_epoch = position.broker_epoch;
  follower.leader_end_at_fetch = leader_end;
  follower.fetched_at = now;
  return true;
}

void InSyncSet::asked_again(BrokerId broker, env::MonotonicTime when) {
  const auto found = followers_.find(broker);
  if (found == followers_.end()) return;
  Follower& follower = found->second;
  if (follower.leader_end_at_fetch == base::kNoOffset || when <= follower.fetched_at) return;
  follower.fetched_at = when;
  if (follower.end < follower.leader_end_at_fetch) return;
  follower.caught_up_at = follower.was_caught_up ? std::max(follower.caught_up_at, when) : when;
  follower.was_caught_up = true;
}

Offset InSyncSet::end_of(BrokerId broker) const {
  const auto found = followers_.find(broker);
  return found == followers_.end() ? base::kNoOffset : found->second.end;
}

std::vector<InSyncSet::Holder> InSyncSet::holders_of(Offset at) const {
  std::vector<Holder> holders;
  for (const auto& [broker, follower] : followers_) {
    if (!contains(assignment_.in_sync, broker)) continue;
    if (follower.end < at || follower.log_start > at) continue;
    holders.push_back({broker, follower.end, follower.caught_up_at});
  }
  return holders;
}

Offset InSyncSet::low_watermark(Offset leader_log_start) const {
  constexpr std::int64_t kAnyEpoch = -1;
  Offset low = leader_log_start;
  for (const auto& [broker, follower] : followers_) {
    if (is_eligible_(broker, kAnyEpoch)) low = std::min(low, follower.log_start);
  }
  return low;
}

bool InSyncSet::is_caught_up(const Follower& follower, Offset leader_end,
                             env::MonotonicTime now) const {
  if (follower.end == leader_end) return true;
  return follower.was_caught_up && now - follower.caught_up_at <= limits_.max_lag;
}

// Besides the set and whoever may have joined it: a follower that is about to, so that it finds the
// high watermark within reach when it asks.
bool InSyncSet::counts(BrokerId broker, const Follower& follower, Offset leader_end,
                       env::MonotonicTime now) const {
  if (contains(assignment_.in_sync, broker)) return true;
  const auto is_it = [broker](const InSyncProposal::Member& member) {
    return member.broker == broker;
  };
  if (open_ && std::ranges::any_of(open_->in_sync, is_it)) return true;
  return is_caught_up(follower, leader_end, now) && is_eligible_(broker, follower.broker_epoch);
}

std::optional<Offset> InSyncSet::committed_end(Offset leader_safe_end, Offset leader_end,
                                               env::MonotonicTime now) const {
  if (is_under_minimum()) return std::nullopt;
  Offset end = leader_safe_end;
  for (const auto& [broker, follower] : followers_) {
    if (!counts(broker, follower, leader_end, now)) continue;
    if (follower.end == base::kNoOffset) return std::nullopt;
    end = std::min(end, follower.end);
  }
  return end;
}

// A proposal to shrink counts here already: what is acknowledged must hold either way.
bool InSyncSet::is_under_minimum() const {
  std::size_t count = assignment_.in_sync.size();
  if (open_) count = std::min(count, open_->in_sync.size());
  return count < least();
}

bool InSyncSet::is_at_minimum() const { return assignment_.in_sync.size() == least(); }

std::size_t InSyncSet::least() const {
  return std::min(static_cast<std::size_t>(limits_.min_in_sync), assignment_.replicas.size());
}

std::optional<InSyncProposal> InSyncSet::propose(Offset leader_end, Offset high_watermark,
                                                 env::MonotonicTime now) {
  if (open_) {
    if (!std::exchange(is_to_be_sent_again_, false)) return std::nullopt;
    return open_;
  }
  open_ = wish_to_shrink(leader_end, now);
  if (!open_) open_ = wish_to_grow(high_watermark, now);
  return open_;
}

void InSyncSet::answered(std::int32_t partition_epoch, InSyncAnswer answer) {
  if (!open_ || open_->partition_epoch != partition_epoch) return;
  switch (answer) {
    case InSyncAnswer::kRefused:
      open_.reset();
      return;
    case InSyncAnswer::kUnknown:
      is_to_be_sent_again_ = true;
      return;
    case InSyncAnswer::kAwaitsMetadata:
      return;
  }
}

std::optional<InSyncProposal> InSyncSet::wish_to_shrink(Offset leader_end,
                                                        env::MonotonicTime now) const {
  std::vector<BrokerId> kept;
  std::string cause;
  for (const BrokerId broker : assignment_.in_sync) {
    const auto found = followers_.find(broker);
    if (found == followers_.end() || is_caught_up(found->second, leader_end, now)) {
      kept.push_back(broker);
      continue;
    }
    const Follower& follower = found->second;
    add_cause(
        cause,
        fmt::format("broker {} has not caught up for {} ms (replica.lag.time.max.ms={}): it "
                    "is at offset {}, the leader at {}",
                    broker.value(), in_milliseconds(now - follower.caught_up_at),
                    in_milliseconds(limits_.max_lag), follower.end.value(), leader_end.value()));
  }
  if (cause.empty()) return std::nullopt;
  return proposal_of(kept, std::move(cause));
}

// One that asks no more has what it had when it left: that the high watermark stands still, because
// the set is too small, makes it none that has caught up.
bool InSyncSet::may_join(BrokerId broker, const Follower& follower, Offset high_watermark,
                         env::MonotonicTime now) const {
  return follower.end != base::kNoOffset && now - follower.fetched_at <= limits_.max_lag &&
         follower.end >= high_watermark && follower.end >= epoch_start_ &&
         is_eligible_(broker, follower.broker_epoch);
}

std::optional<InSyncProposal> InSyncSet::wish_to_grow(Offset high_watermark,
                                                      env::MonotonicTime now) const {
  std::vector<BrokerId> wanted = assignment_.in_sync;
  std::string cause;
  for (const BrokerId broker : assignment_.replicas) {
    const auto found = followers_.find(broker);
    if (found == followers_.end() || contains(assignment_.in_sync, broker)) continue;
    if (!may_join(broker, found->second, high_watermark, now)) continue;
    wanted.push_back(broker);
    add_cause(cause,
              fmt::format("broker {} has caught up: it is at offset {}, the high watermark "
                          "at {}",
                          broker.value(), found->second.end.value(), high_watermark.value()));
  }
  if (cause.empty()) return std::nullopt;
  return proposal_of(wanted, std::move(cause));
}

InSyncProposal InSyncSet::proposal_of(const std::vector<BrokerId>& in_sync,
                                      std::string cause) const {
  InSyncProposal proposal{
      .in_sync = {}, .partition_epoch = assignment_.partition_epoch, .cause = std::move(cause)};
  for (const BrokerId broker : in_sync) {
    const auto found = followers_.find(broker);
    const std::int64_t epoch = found == followers_.end() ? -1 : found->second.broker_epoch;
    proposal.in_sync.push_back({broker, epoch});
  }
  return proposal;
}

}  // namespace odradek::replica::leader
