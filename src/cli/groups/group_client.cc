// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/group_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "cli/admin/error_text.h"
#include "wire/messages/consumer_group_describe.h"
#include "wire/messages/consumer_protocol.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/list_groups.h"
#include "wire/reader.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

constexpr std::string_view kProtocolType = "consumer";
constexpr std::int8_t kClassicMember = 0;
constexpr std::int8_t kConsumerMember = 1;

std::unexpected<base::Error> failed(ErrorCode code, const std::optional<std::string>& message) {
  return base::fail(code, error_text(code, message));
}

// What a classic member was assigned; the bytes are between the members alone, so what cannot be
// read is shown as nothing.
std::set<base::TopicPartition> read_assignment(const base::SharedBytes& bytes) {
  std::set<base::TopicPartition> partitions;
  if (bytes.size() < sizeof(std::int16_t)) return partitions;
  wire::Reader reader(bytes);
  const wire::Version version =
      std::min<wire::Version>(reader.read_int16(), wire::ConsumerProtocolAssignment::kMaxVersion);
  if (version < 0) return partitions;
  auto assignment = wire::ConsumerProtocolAssignment::decode(reader, version);
  if (!assignment) return partitions;
  for (const auto& topic : assignment->assigned_partitions) {
    for (const std::int32_t partition : topic.partitions) {
      partitions.insert({topic.topic, partition});
    }
  }
  return partitions;
}

template <typename Assignment>
std::set<base::TopicPartition> partitions_of(const Assignment& assignment) {
  std::set<base::TopicPartition> partitions;
  for (const auto& topic : assignment.topic_partitions) {
    for (const std::int32_t partition : topic.partitions) {
      partitions.insert({topic.topic_name, partition});
    }
  }
  return partitions;
}

GroupMember member_of(const wire::ConsumerGroupDescribeResponse::Member& found) {
  GroupMember member{.id = found.member_id,
                     .instance_id = found.instance_id.value_or(""),
                     .client_id = found.client_id,
                     .host = found.client_host,
                     .assignment = partitions_of(found.assignment),
                     .target_assignment = partitions_of(found.target_assignment),
                     .epoch = found.member_epoch,
                     .is_upgraded = std::nullopt};
  if (found.member_type == kClassicMember) member.is_upgraded = false;
  if (found.member_type == kConsumerMember) member.is_upgraded = true;
  return member;
}

using Described = std::map<std::string, base::Result<GroupDescription>>;

base::Result<GroupDescription> description_of(
    const wire::ConsumerGroupDescribeResponse::DescribedGroup& group, base::BrokerId coordinator) {
  if (group.error_code != ErrorCode::kNone) return failed(group.error_code, group.error_message);
  GroupDescription description{.id = group.group_id,
                               .state = group.group_state,
                               .assignor = group.assignor_name,
                               .coordinator = coordinator,
                               .epoch = group.group_epoch,
                               .target_epoch = group.assignment_epoch,
                               .members = {}};
  std::ranges::transform(group.members, std::back_inserter(description.members), member_of);
  return description;
}

base::Result<GroupDescription> description_of(
    const wire::DescribeGroupsResponse::DescribedGroup& group, base::BrokerId coordinator) {
  if (group.error_code != ErrorCode::kNone) return failed(group.error_code, group.error_message);
  if (!group.protocol_type.empty() && group.protocol_type != kProtocolType) {
    return base::fail(ErrorCode::kInvalidRequest,
                      fmt::format("GroupId {} is not a consumer group ({}).", group.group_id,
                                  group.protocol_type));
  }
  GroupDescription description{.id = group.group_id,
                               .state = group.group_state,
                               .assignor = group.protocol_data,
                               .coordinator = coordinator,
                               .epoch = std::nullopt,
                               .target_epoch = std::nullopt,
                               .members = {}};
  for (const auto& found : group.members) {
    description.members.push_back({.id = found.member_id,
                                   .instance_id = found.group_instance_id.value_or(""),
                                   .client_id = found.client_id,
                                   .host = found.client_host,
                                   .assignment = read_assignment(found.member_assignment),
                                   .target_assignment = {},
                                   .epoch = std::nullopt,
                                   .is_upgraded = std::nullopt});
  }
  return description;
}

// Asks for the groups of the new protocol; returns those that are none, all of them where the
// server does not know it.
base::Result<std::vector<std::string>> describe_consumer_groups(
    Admin& admin, base::BrokerId coordinator, const std::vector<std::string>& groups,
    Described& described) {
  wire::ConsumerGroupDescribeRequest request;
  request.group_ids = groups;
  auto answer = admin.ask<wire::ConsumerGroupDescribeResponse>(coordinator, std::move(request));
  if (!answer && answer.error().code == ErrorCode::kUnsupportedVersion) return groups;
  if (!answer) return base::fail(std::move(answer));
  std::vector<std::string> others;
  for (const auto& group : answer->groups) {
    const bool is_other = group.error_code == ErrorCode::kGroupIdNotFound ||
                          group.error_code == ErrorCode::kUnsupportedVersion;
    if (is_other) {
      others.push_back(group.group_id);
    } else {
      described.emplace(group.group_id, description_of(group, coordinator));
    }
  }
  return others;
}

base::Result<> describe_classic_groups(Admin& admin, base::BrokerId coordinator,
                                       const std::vector<std::string>& groups,
                                       Described& described) {
  if (groups.empty()) return {};
  wire::DescribeGroupsRequest request;
  request.groups = groups;
  auto answer = admin.ask<wire::DescribeGroupsResponse>(coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& group : answer->groups) {
    described.emplace(group.group_id, description_of(group, coordinator));
  }
  return {};
}

// "stable" as "Stable", "preparingrebalance" as it comes: servers write states as Kafka shows them.
std::string capitalized(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

base::Result<std::vector<GroupListing>> list_groups_once(Admin& admin,
                                                         const std::vector<std::string>& states,
                                                         const std::vector<std::string>& types) {
  auto cluster = admin.cluster();
  if (!cluster) return base::fail(std::move(cluster));
  std::vector<GroupListing> groups;
  for (const auto& [broker, address] : (*cluster)->brokers) {
    wire::ListGroupsRequest request;
    request.states_filter = states;
    request.types_filter = types;
    // A server too old to filter gets what it can encode.
    auto answer = admin.ask<wire::ListGroupsResponse>(broker, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code != ErrorCode::kNone) return failed(answer->error_code, std::nullopt);
    for (const auto& group : answer->groups) {
      const bool is_consumers = group.protocol_type.empty() || group.protocol_type == kProtocolType;
      const std::string type = capitalized(group.group_type);
      if (is_consumers && (type.empty() || type == "Classic" || type == "Consumer")) {
        groups.push_back({group.group_id, type.empty() ? "Classic" : type, group.group_state});
      }
    }
  }
  std::ranges::sort(groups, {}, &GroupListing::id);
  return groups;
}

base::Result<std::vector<GroupDescription>> describe_groups_once(
    Admin& admin, const std::vector<std::string>& groups) {
  auto located = admin.by_coordinator(groups);
  if (!located) return base::fail(std::move(located));
  Described described;
  for (const auto& [coordinator, ids] : *located) {
    auto others = describe_consumer_groups(admin, coordinator, ids, described);
    if (!others) return base::fail(std::move(others));
    if (auto done = describe_classic_groups(admin, coordinator, *others, described); !done) {
      return base::fail(std::move(done));
    }
  }
  std::vector<GroupDescription> descriptions;
  for (const std::string& group : groups) {
    const auto found = described.find(group);
    if (found == described.end()) return failed(ErrorCode::kGroupIdNotFound, std::nullopt);
    if (!found->second) return base::fail(found->second.error());
    descriptions.push_back(*found->second);
  }
  return descriptions;
}

base::Result<GroupError> delete_group_once(Admin& admin, const std::string& group) {
  auto coordinator = admin.coordinator_of(group);
  if (!coordinator) return base::fail(std::move(coordinator));
  wire::DeleteGroupsRequest request;
  request.groups_names = {group};
  auto answer = admin.ask<wire::DeleteGroupsResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->results) {
    if (result.group_id != group) continue;
    return GroupError{result.error_code, error_text(result.error_code, result.error_message)};
  }
  return GroupError{};
}

}  // namespace

base::Result<std::vector<GroupListing>> list_groups(Admin& admin,
                                                    const std::vector<std::string>& states,
                                                    const std::vector<std::string>& types) {
  return admin.retry([&] { return list_groups_once(admin, states, types); });
}

base::Result<GroupDescription> describe_group(Admin& admin, const std::string& group) {
  auto described = describe_groups(admin, {group});
  if (!described) return base::fail(std::move(described));
  return std::move(described->front());
}

base::Result<std::vector<GroupDescription>> describe_groups(
    Admin& admin, const std::vector<std::string>& groups) {
  return admin.retry([&] { return describe_groups_once(admin, groups); });
}

base::Result<GroupError> delete_group(Admin& admin, const std::string& group) {
  return admin.retry([&] { return delete_group_once(admin, group); },
                     [](const GroupError& error) { return error.code; });
}

}  // namespace odradek::cli
