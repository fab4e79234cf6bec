// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/group.h"

#include <algorithm>

#include "base/assert.h"

namespace odradek::coordinator::group {

const char* state_name(GroupState state) {
  switch (state) {
    case GroupState::kEmpty:
      return "Empty";
    case GroupState::kPreparingRebalance:
      return "PreparingRebalance";
    case GroupState::kCompletingRebalance:
      return "CompletingRebalance";
    case GroupState::kStable:
      return "Stable";
    case GroupState::kDead:
      break;
  }
  return "Dead";
}

bool Member::supports(const std::string& protocol) const {
  return std::ranges::find(protocols, protocol, &Protocol::name) != protocols.end();
}

const base::SharedBytes& Member::metadata(const std::string& protocol) const {
  const auto found = std::ranges::find(protocols, protocol, &Protocol::name);
  ODRADEK_ASSERT(found != protocols.end());
  return found->metadata;
}

bool Group::supports_protocols(const std::string& type,
                               const std::vector<Protocol>& protocols) const {
  if (members.empty()) return !type.empty() && !protocols.empty();
  if (type != protocol_type) return false;
  return std::ranges::any_of(protocols, [this](const Protocol& protocol) {
    return std::ranges::all_of(
        members, [&](const auto& entry) { return entry.second.supports(protocol.name); });
  });
}

std::int32_t Group::max_rebalance_timeout_ms() const {
  std::int32_t timeout_ms = 0;
  for (const auto& [member_id, member] : members) {
    timeout_ms = std::max(timeout_ms, member.rebalance_timeout_ms);
  }
  return timeout_ms;
}

std::string Group::select_protocol() const {
  ODRADEK_ASSERT(!members.empty());
  const auto is_candidate = [this](const std::string& name) {
    return std::ranges::all_of(members,
                               [&](const auto& entry) { return entry.second.supports(name); });
  };
  // Each member votes for the first of its protocols that all have; ties go to the name that sorts
  // first.
  std::map<std::string, int> votes;
  for (const auto& [member_id, member] : members) {
    const auto vote =
        std::ranges::find_if(member.protocols, [&](const auto& p) { return is_candidate(p.name); });
    ODRADEK_ASSERT(vote != member.protocols.end());
    ++votes[vote->name];
  }
  return std::ranges::max_element(votes, {}, [](const auto& entry) { return entry.second; })->first;
}

bool Group::all_members_joined() const {
  return pending_members.empty() && std::ranges::all_of(members, [](const auto& entry) {
           return entry.second.join_reply != kNoReply;
         });
}

}  // namespace odradek::coordinator::group
