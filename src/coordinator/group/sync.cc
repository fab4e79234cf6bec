// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "coordinator/group/group_machine.h"
#include "coordinator/group/membership.h"
#include "coordinator/group/rebalance.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using wire::SyncGroupRequest;

ErrorCode check_sync(const Group* group, const SyncGroupRequest& request) {
  if (group == nullptr || group->state == GroupState::kEmpty) return ErrorCode::kUnknownMemberId;
  const ErrorCode member = check_member(*group, request.member_id, request.group_instance_id);
  if (member != ErrorCode::kNone) return member;
  if (request.generation_id != group->generation) return ErrorCode::kIllegalGeneration;
  const bool is_other_protocol =
      (request.protocol_type && *request.protocol_type != group->protocol_type) ||
      (request.protocol_name && request.protocol_name != group->protocol_name);
  return is_other_protocol ? ErrorCode::kInconsistentGroupProtocol : ErrorCode::kNone;
}

// The leader's assignments; a member that it left out gets an empty one.
void assign(Group& group, const SyncGroupRequest& request) {
  std::map<std::string, base::SharedBytes> assignments;
  for (const auto& assignment : request.assignments) {
    // Copied: a slice would keep the whole request in memory.
    assignments[assignment.member_id] = base::SharedBytes::copy(assignment.assignment);
  }
  for (auto& [id, member] : group.members) member.assignment = assignments[id];
}

// Bytes of the group's record with these assignments, nearly.
std::int64_t record_bytes(const Group& group, const SyncGroupRequest& request) {
  constexpr std::size_t kOfAMember = 64;
  std::size_t bytes = 0;
  for (const auto& [id, member] : group.members) {
    bytes += kOfAMember + 2 * id.size() + member.client_id.size() + member.client_host.size() +
             member.metadata(*group.protocol_name).size();
  }
  for (const auto& assignment : request.assignments) bytes += assignment.assignment.size();
  return static_cast<std::int64_t>(bytes);
}

void refuse_sync(const Caller& caller, ErrorCode code, Outcome& outcome) {
  wire::SyncGroupResponse response;
  response.error_code = code;
  outcome.replies.push_back({caller.reply, std::move(response)});
}

}  // namespace

Outcome GroupMachine::sync(const SyncGroupRequest& request, const Caller& caller, const Now& now) {
  Outcome outcome;
  Group* group = find(request.group_id);
  const ErrorCode code =
      request.group_id.empty() ? ErrorCode::kInvalidGroupId : check_sync(group, request);
  if (code != ErrorCode::kNone) {
    refuse_sync(caller, code, outcome);
    return outcome;
  }
  if (group->state == GroupState::kPreparingRebalance) {
    refuse_sync(caller, ErrorCode::kRebalanceInProgress, outcome);
    return outcome;
  }
  const bool assigns =
      group->state == GroupState::kCompletingRebalance && group->leader == request.member_id;
  if (assigns && record_bytes(*group, request) > settings_.max_group_bytes) {
    refuse_sync(caller, ErrorCode::kUnknownServerError, outcome);
    return outcome;
  }
  Rebalance rebalance(settings_, *group, now, outcome);
  Member& member = group->members[request.member_id];
  // A member that asks again has given up its earlier request.
  rebalance.answer_sync(member, ErrorCode::kRebalanceInProgress);
  member.sync_reply = caller.reply;
  group->pending_sync.erase(member.id);
  rebalance.renew_session(member);
  if (group->state == GroupState::kStable) {
    rebalance.answer_sync(member, ErrorCode::kNone);
  } else if (assigns) {
    assign(*group, request);
    rebalance.enter(GroupState::kStable);
    rebalance.write_group();
    for (auto& [id, other] : group->members) {
      if (other.sync_reply != kNoReply) rebalance.renew_session(other);
      rebalance.answer_sync(other, ErrorCode::kNone);
    }
  }
  return outcome;
}

Answer<wire::HeartbeatResponse> GroupMachine::heartbeat(const wire::HeartbeatRequest& request,
                                                        const Now& now) {
  Answer<wire::HeartbeatResponse> answer;
  ErrorCode& code = answer.reply.error_code;
  Group* group = find(request.group_id);
  if (request.group_id.empty()) {
    code = ErrorCode::kInvalidGroupId;
  } else if (group == nullptr || group->state == GroupState::kEmpty) {
    code = ErrorCode::kUnknownMemberId;
  } else {
    code = check_member(*group, request.member_id, request.group_instance_id);
  }
  if (code != ErrorCode::kNone) return answer;
  if (request.generation_id != group->generation) {
    code = ErrorCode::kIllegalGeneration;
    return answer;
  }
  Rebalance(settings_, *group, now, answer.outcome)
      .renew_session(group->members[request.member_id]);
  if (group->state == GroupState::kPreparingRebalance) code = ErrorCode::kRebalanceInProgress;
  return answer;
}

}  // namespace odradek::coordinator::group
