// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/rebalance.h"

#include <algorithm>
#include <utility>

#include "coordinator/group/records.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using base::Timestamp;

// A member that joins for the first time has no session before it has had its answer; it may wait
// this long.
constexpr std::int64_t kNewMemberJoinTimeoutMs = 5 * 60 * 1000;
// Of members that may have said 0.
constexpr std::int32_t kLeastJoinWaitMs = 1000;

Timestamp after(Timestamp time, std::int64_t milliseconds) {
  return Timestamp(time.value() + milliseconds);
}

}  // namespace

void Rebalance::enter(GroupState state) {
  group_.state = state;
  group_.state_time = now_.wall;
}

void Rebalance::write_group() { outcome_.records.push_back(group_record(group_)); }

void Rebalance::begin(std::string cause) {
  group_.rebalance_cause = std::move(cause);
  if (group_.state == GroupState::kCompletingRebalance) {
    for (auto& [id, member] : group_.members) {
      member.assignment = {};
      answer_sync(member, ErrorCode::kRebalanceInProgress);
    }
  }
  group_.pending_sync.clear();
  const bool was_empty = group_.state == GroupState::kEmpty;
  enter(GroupState::kPreparingRebalance);
  if (was_empty) {
    begin_initial_delay();
    return;
  }
  group_.is_initial_delay = false;
  group_.join_deadline = after(now_.monotonic, group_.max_rebalance_timeout_ms());
  complete_join_if_ready();
}

void Rebalance::begin_initial_delay() {
  const std::int64_t delay_ms = settings_.initial_rebalance_delay_ms;
  const std::int64_t timeout_ms = group_.max_rebalance_timeout_ms();
  group_.is_initial_delay = true;
  group_.joined_since_delay_began = false;
  group_.initial_delay_left_ms = std::max<std::int64_t>(timeout_ms - delay_ms, 0);
  group_.join_deadline = after(now_.monotonic, std::min(delay_ms, timeout_ms));
}

void Rebalance::complete_join_if_ready() {
  if (group_.state != GroupState::kPreparingRebalance || group_.is_initial_delay) return;
  if (group_.all_members_joined()) complete_join();
}

void Rebalance::join_timed_out() {
  // A group that fills up waits a little longer, as long as somebody new came during the last wait.
  if (group_.is_initial_delay && group_.joined_since_delay_began &&
      group_.initial_delay_left_ms > 0) {
    const std::int64_t delay_ms =
        std::min<std::int64_t>(settings_.initial_rebalance_delay_ms, group_.initial_delay_left_ms);
    group_.initial_delay_left_ms -= delay_ms;
    group_.joined_since_delay_began = false;
    group_.join_deadline = after(now_.monotonic, delay_ms);
    return;
  }
  complete_join();
}

bool Rebalance::elect_joined_leader() {
  const auto has_joined = [](const auto& entry) { return entry.second.join_reply != kNoReply; };
  if (group_.leader) {
    const auto leader = group_.members.find(*group_.leader);
    if (leader != group_.members.end() && has_joined(*leader)) return true;
  }
  const auto joined = std::ranges::find_if(group_.members, has_joined);
  if (joined == group_.members.end()) return false;
  group_.leader = joined->first;
  return true;
}

void Rebalance::complete_join() {
  std::vector<std::string> absent;
  for (const auto& [id, member] : group_.members) {
    if (member.join_reply == kNoReply && !member.instance_id) absent.push_back(id);
  }
  for (const std::string& id : absent) forget_member(id, ErrorCode::kUnknownMemberId);
  group_.is_initial_delay = false;
  if (!elect_joined_leader() && !group_.members.empty()) {
    // Static members alone, none of which came: they are waited for until their sessions end.
    group_.join_deadline =
        after(now_.monotonic, std::max(group_.max_rebalance_timeout_ms(), kLeastJoinWaitMs));
    return;
  }
  ++group_.generation;
  group_.pending_sync.clear();
  if (group_.members.empty()) {
    group_.protocol_name.reset();
    group_.leader.reset();
    enter(GroupState::kEmpty);
    write_group();
    return;
  }
  group_.protocol_name = group_.select_protocol();
  enter(GroupState::kCompletingRebalance);
  group_.sync_deadline = after(now_.monotonic, group_.max_rebalance_timeout_ms());
  for (auto& [id, member] : group_.members) {
    member.is_new = false;
    group_.pending_sync.insert(id);
    renew_session(member);
    if (const ReplyToken reply = std::exchange(member.join_reply, kNoReply)) {
      answer_join(member, reply);
    }
  }
}

void Rebalance::sync_timed_out() {
  const auto late = std::exchange(group_.pending_sync, {});
  if (late.empty()) return;
  for (const std::string& id : late) forget_member(id, ErrorCode::kUnknownMemberId);
  begin("members did not ask for their assignment in time");
}

void Rebalance::add_member(Member member, ReplyToken reply) {
  member.is_new = true;
  member.join_reply = reply;
  member.session_deadline = after(now_.monotonic, kNewMemberJoinTimeoutMs);
  if (group_.members.empty()) group_.leader.reset();
  if (!group_.leader) group_.leader = member.id;
  group_.pending_members.erase(member.id);
  if (member.instance_id) group_.static_members[*member.instance_id] = member.id;
  if (group_.state == GroupState::kPreparingRebalance && group_.is_initial_delay) {
    group_.joined_since_delay_began = true;
  }
  const std::string id = member.id;
  group_.members[id] = std::move(member);
  if (group_.state == GroupState::kPreparingRebalance) {
    complete_join_if_ready();
  } else {
    begin("member " + id + " joined");
  }
}

void Rebalance::update_member(Member& member, Member update, ReplyToken reply) {
  member.protocols = std::move(update.protocols);
  member.session_timeout_ms = update.session_timeout_ms;
  member.rebalance_timeout_ms = update.rebalance_timeout_ms;
  // A member that asks again has given up its earlier request.
  if (member.join_reply != kNoReply) {
    answer_join_error(member.join_reply, ErrorCode::kRebalanceInProgress, member.id);
  }
  member.join_reply = reply;
}

void Rebalance::forget_member(const std::string& id, ErrorCode code) {
  const auto found = group_.members.find(id);
  if (found == group_.members.end()) return;
  Member& member = found->second;
  if (const ReplyToken reply = std::exchange(member.join_reply, kNoReply)) {
    answer_join_error(reply, code, id);
  }
  answer_sync(member, code);
  if (member.instance_id) {
    const auto known = group_.static_members.find(*member.instance_id);
    if (known != group_.static_members.end() && known->second == id) {
      group_.static_members.erase(known);
    }
  }
  group_.pending_sync.erase(id);
  group_.members.erase(found);
  if (group_.leader == id) {
    group_.leader =
        group_.members.empty() ? std::nullopt : std::optional(group_.members.begin()->first);
  }
}

void Rebalance::remove_member(const std::string& id, ErrorCode code, std::string cause) {
  forget_member(id, code);
  if (group_.state == GroupState::kStable || group_.state == GroupState::kCompletingRebalance) {
    begin(std::move(cause));
  } else {
    complete_join_if_ready();
  }
}

void Rebalance::renew_session(Member& member) {
  member.session_deadline = after(now_.monotonic, member.session_timeout_ms);
}

void Rebalance::answer_join(Member& member, ReplyToken reply, bool skip_assignment) {
  wire::JoinGroupResponse response;
  response.generation_id = group_.generation;
  response.protocol_type = group_.protocol_type;
  response.protocol_name = group_.protocol_name;
  response.leader = group_.leader.value_or("");
  response.skip_assignment = skip_assignment;
  response.member_id = member.id;
  if (group_.leader == member.id) {
    for (const auto& [id, other] : group_.members) {
      response.members.push_back({id, other.instance_id, other.metadata(*group_.protocol_name)});
    }
  }
  outcome_.replies.push_back({reply, std::move(response)});
}

void Rebalance::answer_join_error(ReplyToken reply, ErrorCode code, const std::string& member_id) {
  wire::JoinGroupResponse response;
  response.error_code = code;
  response.member_id = member_id;
  response.protocol_name.reset();
  outcome_.replies.push_back({reply, std::move(response)});
}

void Rebalance::answer_sync(Member& member, ErrorCode code) {
  const ReplyToken reply = std::exchange(member.sync_reply, kNoReply);
  if (reply == kNoReply) return;
  wire::SyncGroupResponse response;
  response.error_code = code;
  if (code == ErrorCode::kNone) {
    response.protocol_type = group_.protocol_type;
    response.protocol_name = group_.protocol_name;
    response.assignment = member.assignment;
  }
  outcome_.replies.push_back({reply, std::move(response)});
}

}  // namespace odradek::coordinator::group
