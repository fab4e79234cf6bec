// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <utility>

#include "coordinator/group/group_machine.h"
#include "coordinator/group/membership.h"
#include "coordinator/group/rebalance.h"
#include "coordinator/group/records.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using base::Timestamp;

// Since when an offset is not used any more; nothing: it is in use.
class Unused {
 public:
  explicit Unused(const Group& group) : group_(group), subscribed_(subscribed_topics(group)) {}

  std::optional<Timestamp> since(const OffsetKey& key, const CommittedOffset& offset) const {
    // Of a consumer that assigns itself, or of an administrator.
    if (group_.protocol_type.empty()) return offset.commit_time;
    if (group_.state == GroupState::kEmpty) {
      return group_.state_time.value() > 0 ? group_.state_time : offset.commit_time;
    }
    const bool is_known = group_.state == GroupState::kStable && subscribed_.has_value();
    if (!is_known || subscribed_->contains(key.first)) return std::nullopt;
    return offset.commit_time;
  }

 private:
  const Group& group_;
  const std::optional<std::set<std::string>> subscribed_;
};

bool is_expired(const Unused& unused, const OffsetKey& key, const CommittedOffset& offset,
                std::int64_t retention_ms, const Now& now) {
  const auto since = unused.since(key, offset);
  if (!since) return false;
  if (offset.expire_time) return now.wall >= *offset.expire_time;
  return now.wall.value() - since->value() >= retention_ms;
}

}  // namespace

Outcome GroupMachine::expire_offsets(const Now& now) {
  Outcome outcome;
  outcome.is_divisible = true;
  std::vector<std::string> gone;
  for (const auto& [id, group] : groups_) {
    const Unused unused(*group);
    const bool had_offsets = !group->offsets.empty();
    std::erase_if(group->offsets, [&](const auto& entry) {
      if (!is_expired(unused, entry.first, entry.second, settings_.offsets_retention_ms, now)) {
        return false;
      }
      outcome.records.push_back(offset_tombstone(id, entry.first));
      return true;
    });
    // Whoever was given a member id is about to use it.
    const bool is_over = group->state == GroupState::kEmpty && group->offsets.empty() &&
                         group->pending_members.empty();
    if (!is_over) continue;
    if (had_offsets || group->generation > 0) outcome.records.push_back(group_tombstone(id));
    gone.push_back(id);
  }
  for (const std::string& id : gone) groups_.erase(id);
  return outcome;
}

namespace {

// Whether members have not asked for their assignment yet, be it there or not.
bool awaits_sync(const Group& group) {
  const bool has_generation =
      group.state == GroupState::kCompletingRebalance || group.state == GroupState::kStable;
  return has_generation && !group.pending_sync.empty();
}

// Earliest of the time-outs that run in the group.
void add_deadlines(const Group& group, std::optional<Timestamp>& earliest) {
  const auto add = [&earliest](Timestamp deadline) {
    if (!earliest || deadline < *earliest) earliest = deadline;
  };
  if (group.state == GroupState::kPreparingRebalance) add(group.join_deadline);
  if (awaits_sync(group)) add(group.sync_deadline);
  for (const auto& [id, deadline] : group.pending_members) add(deadline);
  for (const auto& [id, member] : group.members) {
    const bool is_waiting = member.join_reply != kNoReply || member.sync_reply != kNoReply;
    if (!is_waiting || member.is_new) add(member.session_deadline);
  }
}

std::vector<std::string> silent_members(const Group& group, Timestamp now) {
  std::vector<std::string> silent;
  for (const auto& [id, member] : group.members) {
    const bool is_waiting = member.join_reply != kNoReply || member.sync_reply != kNoReply;
    if ((!is_waiting || member.is_new) && member.session_deadline <= now) silent.push_back(id);
  }
  return silent;
}

void tick_group(Group& group, Rebalance& rebalance, Timestamp now) {
  std::erase_if(group.pending_members, [now](const auto& entry) { return entry.second <= now; });
  rebalance.complete_join_if_ready();
  for (const std::string& id : silent_members(group, now)) {
    rebalance.remove_member(id, ErrorCode::kUnknownMemberId,
                            "member " + id + " was not heard of within its session time-out");
  }
  if (group.state == GroupState::kPreparingRebalance && group.join_deadline <= now) {
    rebalance.join_timed_out();
  }
  if (awaits_sync(group) && group.sync_deadline <= now) rebalance.sync_timed_out();
}

}  // namespace

std::optional<Timestamp> GroupMachine::next_deadline() const {
  std::optional<Timestamp> earliest;
  for (const auto& [id, group] : groups_) add_deadlines(*group, earliest);
  return earliest;
}

Outcome GroupMachine::tick(const Now& now) {
  Outcome outcome;
  outcome.is_divisible = true;
  for (const auto& [id, group] : groups_) {
    std::optional<Timestamp> earliest;
    add_deadlines(*group, earliest);
    if (!earliest || *earliest > now.monotonic) continue;
    Rebalance rebalance(settings_, *group, now, outcome);
    tick_group(*group, rebalance, now.monotonic);
  }
  return outcome;
}

}  // namespace odradek::coordinator::group
