// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/group_machine.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "coordinator/group/records.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  });
}

bool passes(const std::vector<std::string>& filter, std::string_view value) {
  return filter.empty() || std::ranges::any_of(filter, [value](const std::string& allowed) {
           return equal_ignoring_case(allowed, value);
         });
}

constexpr std::string_view kGroupType = "classic";

}  // namespace

GroupMachine::GroupMachine(const GroupSettings& settings,
                           std::function<std::string()> new_member_suffix)
    : settings_(settings), new_member_suffix_(std::move(new_member_suffix)) {}

GroupMachine::~GroupMachine() = default;

Group* GroupMachine::find(const std::string& id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : found->second.get();
}

Group& GroupMachine::get_or_create(const std::string& id, const Now& now) {
  auto& group = groups_[id];
  if (group == nullptr) {
    group = std::make_unique<Group>();
    group->id = id;
    group->state_time = now.wall;
  }
  return *group;
}

base::Result<> GroupMachine::replay(const base::SharedBytes& key,
                                    const std::optional<base::SharedBytes>& value) {
  auto record = decode_record(key, value);
  if (!record) return base::fail(std::move(record));
  if (auto* replayed = std::get_if<ReplayedGroup>(&*record)) {
    if (!replayed->group) {
      groups_.erase(replayed->group_id);
      return {};
    }
    Group& group = get_or_create(replayed->group_id, {});
    auto offsets = std::move(group.offsets);
    group = std::move(*replayed->group);
    group.offsets = std::move(offsets);
    return {};
  }
  if (auto* replayed = std::get_if<ReplayedOffset>(&*record)) {
    if (replayed->offset) {
      get_or_create(replayed->group_id, {}).offsets[replayed->key] = std::move(*replayed->offset);
    } else if (Group* group = find(replayed->group_id)) {
      group->offsets.erase(replayed->key);
      const bool was_never_written = group->generation == 0 && group->protocol_type.empty();
      if (group->offsets.empty() && group->members.empty() && was_never_written) {
        groups_.erase(replayed->group_id);
      }
    }
  }
  return {};
}

void GroupMachine::loaded(const Now& now) {
  for (const auto& [id, group] : groups_) {
    for (auto& [member_id, member] : group->members) {
      member.session_deadline = base::Timestamp(now.monotonic.value() + member.session_timeout_ms);
    }
  }
}

wire::DescribeGroupsResponse::DescribedGroup GroupMachine::describe(const std::string& group_id,
                                                                    wire::Version version) const {
  constexpr wire::Version kNotFoundVersion = 6;
  wire::DescribeGroupsResponse::DescribedGroup answer;
  answer.group_id = group_id;
  const Group* group = find(group_id);
  if (group == nullptr) {
    answer.group_state = state_name(GroupState::kDead);
    if (version >= kNotFoundVersion) {
      answer.error_code = ErrorCode::kGroupIdNotFound;
      answer.error_message = "Group " + group_id + " not found.";
    }
    return answer;
  }
  answer.group_state = state_name(group->state);
  answer.protocol_type = group->protocol_type;
  const bool is_stable = group->state == GroupState::kStable;
  if (is_stable) answer.protocol_data = group->protocol_name.value_or("");
  for (const auto& [id, member] : group->members) {
    auto& described = answer.members.emplace_back();
    described.member_id = id;
    described.group_instance_id = member.instance_id;
    described.client_id = member.client_id;
    described.client_host = member.client_host;
    if (!is_stable) continue;
    described.member_metadata = member.metadata(*group->protocol_name);
    described.member_assignment = member.assignment;
  }
  return answer;
}

std::vector<wire::ListGroupsResponse::ListedGroup> GroupMachine::list(
    const std::vector<std::string>& states, const std::vector<std::string>& types) const {
  std::vector<wire::ListGroupsResponse::ListedGroup> listed;
  if (!passes(types, kGroupType)) return listed;
  for (const auto& [id, group] : groups_) {
    const char* state = state_name(group->state);
    if (passes(states, state)) {
      listed.push_back({id, group->protocol_type, state, std::string(kGroupType)});
    }
  }
  return listed;
}

Answer<ErrorCode> GroupMachine::delete_group(const std::string& group_id) {
  Answer<ErrorCode> answer;
  answer.reply = ErrorCode::kNone;
  const Group* group = find(group_id);
  if (group == nullptr) {
    answer.reply = ErrorCode::kGroupIdNotFound;
  } else if (group->state != GroupState::kEmpty) {
    answer.reply = ErrorCode::kNonEmptyGroup;
  } else {
    answer.outcome.is_divisible = true;
    for (const auto& [key, offset] : group->offsets) {
      answer.outcome.records.push_back(offset_tombstone(group_id, key));
    }
    answer.outcome.records.push_back(group_tombstone(group_id));
    groups_.erase(group_id);
  }
  return answer;
}

}  // namespace odradek::coordinator::group
