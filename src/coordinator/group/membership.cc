// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/membership.h"

#include "wire/reader.h"

namespace odradek::coordinator::group {

using base::ErrorCode;

ErrorCode check_member(const Group& group, const std::string& member_id,
                       const std::optional<std::string>& instance_id) {
  if (instance_id) {
    const auto known = group.static_members.find(*instance_id);
    if (known == group.static_members.end()) return ErrorCode::kUnknownMemberId;
    if (known->second != member_id) return ErrorCode::kFencedInstanceId;
  }
  return group.members.contains(member_id) ? ErrorCode::kNone : ErrorCode::kUnknownMemberId;
}

std::optional<std::set<std::string>> subscribed_topics(const Group& group) {
  if (group.protocol_type != kConsumerProtocolType) return std::nullopt;
  std::set<std::string> topics;
  if (group.members.empty()) return topics;
  if (!group.protocol_name) return std::nullopt;
  for (const auto& [id, member] : group.members) {
    if (!member.supports(*group.protocol_name)) return std::nullopt;
    // Every version of a subscription begins with its version and the topics.
    wire::Reader reader(member.metadata(*group.protocol_name));
    reader.read_int16();
    const std::int64_t count = reader.read_array_size(false, 2, sizeof(std::string));
    for (std::int64_t i = 0; i < count && reader.ok(); ++i)
      topics.insert(reader.read_string(false));
    if (!reader.ok()) return std::nullopt;
  }
  return topics;
}

}  // namespace odradek::coordinator::group
