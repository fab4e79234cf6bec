// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "coordinator/group/group_machine.h"
#include "coordinator/group/membership.h"
#include "coordinator/group/rebalance.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using wire::JoinGroupRequest;

constexpr wire::Version kMemberIdRequiredVersion = 4;
constexpr wire::Version kSkipAssignmentVersion = 9;

std::vector<Protocol> protocols_of(const JoinGroupRequest& request) {
  std::vector<Protocol> protocols;
  for (const auto& protocol : request.protocols) {
    // Copied: a slice would keep the whole request in memory as long as the member lives.
    protocols.push_back({protocol.name, base::SharedBytes::copy(protocol.metadata)});
  }
  return protocols;
}

// One JoinGroup request on its group.
class Join {
 public:
  Join(const GroupSettings& settings, const std::function<std::string()>& new_suffix, Group& group,
       const JoinGroupRequest& request, const Caller& caller, const Now& now, Outcome& outcome)
      : settings_(settings),
        new_suffix_(new_suffix),
        group_(group),
        request_(request),
        caller_(caller),
        now_(now),
        outcome_(outcome),
        rebalance_(settings, group, now, outcome) {}

  void run() {
    if (!accepts_one_more()) {
      refuse(ErrorCode::kGroupMaxSizeReached);
    } else if (!group_.supports_protocols(request_.protocol_type, protocols_of(request_))) {
      refuse(ErrorCode::kInconsistentGroupProtocol);
    } else if (request_.member_id.empty()) {
      join_new();
    } else {
      join_known();
    }
  }

 private:
  void refuse(ErrorCode code) {
    rebalance_.answer_join_error(caller_.reply, code, request_.member_id);
  }

  bool accepts_one_more() const {
    const auto size = static_cast<std::int64_t>(group_.members.size());
    if (group_.state == GroupState::kEmpty || group_.state == GroupState::kDead) return true;
    if (group_.state == GroupState::kPreparingRebalance) {
      // Those who have joined already keep their place; so does a member that had joined before.
      const auto known = group_.members.find(request_.member_id);
      if (known != group_.members.end() && known->second.join_reply != kNoReply) return true;
      const auto joined = std::ranges::count_if(
          group_.members, [](const auto& entry) { return entry.second.join_reply != kNoReply; });
      return joined < settings_.max_size;
    }
    return group_.members.contains(request_.member_id) || size < settings_.max_size ||
           is_known_instance();
  }

  bool is_known_instance() const {
    return request_.group_instance_id &&
           group_.static_members.contains(*request_.group_instance_id);
  }

  Member make_member(const std::string& id) const {
    Member member;
    member.id = id;
    member.instance_id = request_.group_instance_id;
    member.client_id = caller_.client_id;
    member.client_host = caller_.client_host;
    member.session_timeout_ms = request_.session_timeout_ms;
    // Version 0 has no rebalance time-out: the session's is used for both.
    member.rebalance_timeout_ms = request_.rebalance_timeout_ms < 0 ? request_.session_timeout_ms
                                                                    : request_.rebalance_timeout_ms;
    member.protocols = protocols_of(request_);
    return member;
  }

  void add(const std::string& id) {
    if (group_.members.empty()) group_.protocol_type = request_.protocol_type;
    rebalance_.add_member(make_member(id), caller_.reply);
  }

  void join_new() {
    const std::string prefix = request_.group_instance_id.value_or(caller_.client_id);
    const std::string id = prefix + '-' + new_suffix_();
    if (is_known_instance()) {
      replace_static(id);
    } else if (request_.group_instance_id || caller_.version < kMemberIdRequiredVersion) {
      add(id);
    } else {
      group_.pending_members[id] =
          base::Timestamp(now_.monotonic.value() + request_.session_timeout_ms);
      rebalance_.answer_join_error(caller_.reply, ErrorCode::kMemberIdRequired, id);
    }
  }

  // A static member came back without its id: it takes its old place over, under a new id.
  void replace_static(const std::string& new_id) {
    std::string& known_id = group_.static_members[*request_.group_instance_id];
    const std::string old_id = std::exchange(known_id, new_id);
    const std::string old_leader = group_.leader.value_or("");
    auto node = group_.members.extract(old_id);
    ODRADEK_ASSERT(!node.empty());
    Member& old_member = node.mapped();
    if (const ReplyToken reply = std::exchange(old_member.join_reply, kNoReply)) {
      rebalance_.answer_join_error(reply, ErrorCode::kFencedInstanceId, old_id);
    }
    rebalance_.answer_sync(old_member, ErrorCode::kFencedInstanceId);
    if (group_.pending_sync.erase(old_id) > 0) group_.pending_sync.insert(new_id);
    if (group_.leader == old_id) group_.leader = new_id;
    node.key() = new_id;
    old_member.id = new_id;
    Member& member = group_.members.insert(std::move(node)).position->second;
    member.client_id = caller_.client_id;
    member.client_host = caller_.client_host;
    rebalance_.renew_session(member);
    rebalance_.update_member(member, make_member(new_id), caller_.reply);
    go_on_with_replaced(member, old_leader);
  }

  void go_on_with_replaced(Member& member, const std::string& old_leader) {
    if (group_.state == GroupState::kCompletingRebalance) {
      rebalance_.begin("static member " + *member.instance_id + " came back");
    } else if (group_.state != GroupState::kStable) {
      rebalance_.complete_join_if_ready();
    } else if (group_.protocol_name != group_.select_protocol()) {
      rebalance_.begin("static member " + *member.instance_id + " came back with other protocols");
    } else {
      member.join_reply = kNoReply;
      rebalance_.write_group();
      answer_replaced(member, old_leader);
    }
  }

  // Nothing is assigned anew; a leader that can't be told so (below version 9) is given the old
  // leader's id, so that it does not assign either.
  void answer_replaced(Member& member, const std::string& old_leader) {
    if (caller_.version >= kSkipAssignmentVersion) {
      rebalance_.answer_join(member, caller_.reply, group_.leader == member.id);
      return;
    }
    wire::JoinGroupResponse response;
    response.generation_id = group_.generation;
    response.protocol_type = group_.protocol_type;
    response.protocol_name = group_.protocol_name;
    response.leader = old_leader;
    response.member_id = member.id;
    outcome_.replies.push_back({caller_.reply, std::move(response)});
  }

  void join_known() {
    const std::string& id = request_.member_id;
    if (group_.pending_members.contains(id) && !request_.group_instance_id) {
      add(id);
      return;
    }
    if (const ErrorCode code = check_member(group_, id, request_.group_instance_id);
        code != ErrorCode::kNone) {
      refuse(code);
      return;
    }
    Member& member = group_.members[id];
    switch (group_.state) {
      case GroupState::kPreparingRebalance:
        rebalance_.update_member(member, make_member(id), caller_.reply);
        rebalance_.complete_join_if_ready();
        return;
      case GroupState::kCompletingRebalance:
        rejoin(member, member.protocols == protocols_of(request_));
        return;
      case GroupState::kStable:
        // A leader that joins again wants the assignment made anew.
        rejoin(member, group_.leader != id && member.protocols == protocols_of(request_));
        return;
      default:
        refuse(ErrorCode::kUnknownMemberId);
    }
  }

  void rejoin(Member& member, bool is_current) {
    if (is_current) {
      rebalance_.renew_session(member);
      rebalance_.answer_join(member, caller_.reply);
      return;
    }
    rebalance_.update_member(member, make_member(member.id), caller_.reply);
    rebalance_.begin("member " + member.id + " joined again" +
                     (request_.reason ? ": " + *request_.reason : ""));
  }

  const GroupSettings& settings_;
  const std::function<std::string()>& new_suffix_;
  Group& group_;
  const JoinGroupRequest& request_;
  const Caller& caller_;
  const Now now_;
  Outcome& outcome_;
  Rebalance rebalance_;
};

Outcome refuse_join(const JoinGroupRequest& request, const Caller& caller, ErrorCode code) {
  wire::JoinGroupResponse response;
  response.error_code = code;
  response.member_id = request.member_id;
  response.protocol_name.reset();
  Outcome outcome;
  outcome.replies.push_back({caller.reply, std::move(response)});
  return outcome;
}

}  // namespace

Outcome GroupMachine::join(const JoinGroupRequest& request, const Caller& caller, const Now& now) {
  if (request.group_id.empty()) return refuse_join(request, caller, ErrorCode::kInvalidGroupId);
  if (request.session_timeout_ms < settings_.min_session_timeout_ms ||
      request.session_timeout_ms > settings_.max_session_timeout_ms) {
    return refuse_join(request, caller, ErrorCode::kInvalidSessionTimeout);
  }
  Group* group = find(request.group_id);
  if (group == nullptr && !request.member_id.empty()) {
    return refuse_join(request, caller, ErrorCode::kUnknownMemberId);
  }
  if (group == nullptr && (request.protocol_type.empty() || request.protocols.empty())) {
    return refuse_join(request, caller, ErrorCode::kInconsistentGroupProtocol);
  }
  if (group == nullptr) group = &get_or_create(request.group_id, now);
  Outcome outcome;
  Join(settings_, new_member_suffix_, *group, request, caller, now, outcome).run();
  return outcome;
}

}  // namespace odradek::coordinator::group
