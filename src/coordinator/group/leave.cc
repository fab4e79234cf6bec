// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "coordinator/group/group_machine.h"
#include "coordinator/group/membership.h"
#include "coordinator/group/rebalance.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using Identity = wire::LeaveGroupRequest::MemberIdentity;

constexpr wire::Version kBatchVersion = 3;

std::vector<Identity> identities(const wire::LeaveGroupRequest& request, wire::Version version) {
  if (version >= kBatchVersion) return request.members;
  Identity identity;
  identity.member_id = request.member_id;
  return {std::move(identity)};
}

ErrorCode leave_one(Group& group, Rebalance& rebalance, const Identity& identity) {
  std::string id = identity.member_id;
  // An administrator removes a static member by its instance id alone.
  if (id.empty() && identity.group_instance_id) {
    const auto known = group.static_members.find(*identity.group_instance_id);
    if (known == group.static_members.end()) return ErrorCode::kUnknownMemberId;
    id = known->second;
  }
  if (!identity.group_instance_id && group.pending_members.erase(id) > 0) {
    rebalance.complete_join_if_ready();
    return ErrorCode::kNone;
  }
  const ErrorCode code = check_member(group, id, identity.group_instance_id);
  if (code != ErrorCode::kNone) return code;
  rebalance.remove_member(
      id, ErrorCode::kUnknownMemberId,
      "member " + id + " left" + (identity.reason ? ": " + *identity.reason : ""));
  return ErrorCode::kNone;
}

}  // namespace

Answer<wire::LeaveGroupResponse> GroupMachine::leave(const wire::LeaveGroupRequest& request,
                                                     wire::Version version, const Now& now) {
  Answer<wire::LeaveGroupResponse> answer;
  Group* group = find(request.group_id);
  if (request.group_id.empty()) {
    answer.reply.error_code = ErrorCode::kInvalidGroupId;
    return answer;
  }
  for (const Identity& identity : identities(request, version)) {
    wire::LeaveGroupResponse::MemberResponse member;
    member.member_id = identity.member_id;
    member.group_instance_id = identity.group_instance_id;
    member.error_code = ErrorCode::kUnknownMemberId;
    if (group != nullptr) {
      Rebalance rebalance(settings_, *group, now, answer.outcome);
      member.error_code = leave_one(*group, rebalance, identity);
    }
    answer.reply.members.push_back(std::move(member));
  }
  if (version < kBatchVersion) {
    answer.reply.error_code = answer.reply.members.front().error_code;
    answer.reply.members.clear();
  }
  return answer;
}

}  // namespace odradek::coordinator::group
