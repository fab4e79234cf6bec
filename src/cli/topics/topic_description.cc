// SPDX-License-Identifier: Apache-2.0
#include "cli/topics/topic_description.h"

#include <algorithm>
#include <charconv>

#include "cli/admin/error_text.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_topic_partitions.h"
#include "wire/messages/list_partition_reassignments.h"
#include "wire/messages/metadata.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Topics = std::vector<TopicDescription>;

constexpr std::int8_t kTopicResource = 2;
constexpr std::int8_t kDefaultSource = 5;

std::unexpected<base::Error> failed(ErrorCode code, const std::optional<std::string>& message) {
  return base::fail(code, error_text(code, message));
}

void sort_partitions(TopicDescription& topic) {
  std::ranges::sort(topic.partitions, {}, &PartitionDescription::index);
}

// What servers older than DescribeTopicPartitions say.
base::Result<Topics> describe_by_metadata(Admin& admin, const std::vector<std::string>& names) {
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  for (const std::string& name : names) request.topics->push_back({{}, name});
  auto answer = admin.ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  Topics topics;
  for (auto& found : answer->topics) {
    if (found.error_code != ErrorCode::kNone) return failed(found.error_code, std::nullopt);
    TopicDescription topic{found.name.value_or(""), found.topic_id, {}};
    for (auto& partition : found.partitions) {
      topic.partitions.push_back({.index = partition.partition_index,
                                  .leader = partition.leader_id,
                                  .replicas = std::move(partition.replica_nodes),
                                  .in_sync = std::move(partition.isr_nodes),
                                  .eligible_leaders = std::nullopt,
                                  .last_known_eligible = std::nullopt,
                                  .adding = {},
                                  .removing = {}});
    }
    sort_partitions(topic);
    topics.push_back(std::move(topic));
  }
  return topics;
}

// Adds what one page says; a topic may go on from the page before.
base::Result<> add_page(wire::DescribeTopicPartitionsResponse& page, Topics& topics) {
  for (auto& found : page.topics) {
    if (found.error_code != ErrorCode::kNone) return failed(found.error_code, std::nullopt);
    const std::string name = found.name.value_or("");
    if (topics.empty() || topics.back().name != name) topics.push_back({name, found.topic_id, {}});
    for (auto& partition : found.partitions) {
      topics.back().partitions.push_back(
          {.index = partition.partition_index,
           .leader = partition.leader_id,
           .replicas = std::move(partition.replica_nodes),
           .in_sync = std::move(partition.isr_nodes),
           .eligible_leaders =
               partition.eligible_leader_replicas.value_or(std::vector<base::BrokerId>()),
           .last_known_eligible = partition.last_known_elr.value_or(std::vector<base::BrokerId>()),
           .adding = {},
           .removing = {}});
    }
  }
  return {};
}

base::Result<Topics> describe_by_pages(Admin& admin, const std::vector<std::string>& names,
                                       int page) {
  Topics topics;
  wire::DescribeTopicPartitionsRequest request;
  for (const std::string& name : names) request.topics.push_back({name});
  request.response_partition_limit = page;
  while (true) {
    auto answer = admin.ask<wire::DescribeTopicPartitionsResponse>(request);
    if (!answer) return base::fail(std::move(answer));
    if (auto added = add_page(*answer, topics); !added) return base::fail(std::move(added));
    if (!answer->next_cursor) break;
    request.cursor = wire::DescribeTopicPartitionsRequest::Cursor{
        answer->next_cursor->topic_name, answer->next_cursor->partition_index};
  }
  std::ranges::for_each(topics, sort_partitions);
  return topics;
}

// A server that does not offer the API reassigns nothing.
base::Result<> add_reassignments(Admin& admin, Topics& topics) {
  wire::ListPartitionReassignmentsRequest request;
  request.topics.emplace();
  for (const TopicDescription& topic : topics) {
    auto& asked = request.topics->emplace_back();
    asked.name = topic.name;
    for (const auto& partition : topic.partitions) {
      asked.partition_indexes.push_back(partition.index);
    }
  }
  auto answer = admin.ask_controller<wire::ListPartitionReassignmentsResponse>(std::move(request));
  if (!answer && answer.error().code != ErrorCode::kUnsupportedVersion) {
    return base::fail(std::move(answer));
  }
  if (!answer || answer->error_code != ErrorCode::kNone) return {};
  for (auto& moved : answer->topics) {
    const auto topic = std::ranges::find(topics, moved.name, &TopicDescription::name);
    if (topic == topics.end()) continue;
    for (auto& change : moved.partitions) {
      const auto partition = std::ranges::find(topic->partitions, change.partition_index,
                                               &PartitionDescription::index);
      if (partition == topic->partitions.end()) continue;
      partition->is_moving = true;
      partition->adding = std::move(change.adding_replicas);
      partition->removing = std::move(change.removing_replicas);
    }
  }
  return {};
}

}  // namespace

base::Result<std::vector<TopicName>> list_topics(Admin& admin) {
  wire::MetadataRequest request;
  request.topics.reset();
  request.allow_auto_topic_creation = false;
  auto answer = admin.ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  std::vector<TopicName> names;
  for (const auto& topic : answer->topics) {
    const std::size_t replicas =
        topic.partitions.empty() ? 0 : topic.partitions[0].replica_nodes.size();
    names.push_back({topic.name.value_or(""), topic.topic_id,
                     static_cast<std::int32_t>(topic.partitions.size()),
                     static_cast<std::int32_t>(replicas), topic.is_internal});
  }
  std::ranges::sort(names, {}, &TopicName::name);
  return names;
}

base::Result<Topics> describe_topics(Admin& admin, const std::vector<std::string>& names,
                                     int page) {
  auto topics = describe_by_pages(admin, names, page);
  if (!topics && topics.error().code == ErrorCode::kUnsupportedVersion) {
    topics = describe_by_metadata(admin, names);
  }
  if (!topics) return topics;
  if (auto added = add_reassignments(admin, *topics); !added) return base::fail(std::move(added));
  return topics;
}

base::Result<std::vector<TopicConfigValues>> describe_topic_configs(Admin& admin,
                                                                    const Topics& topics) {
  wire::DescribeConfigsRequest request;
  for (const TopicDescription& topic : topics) {
    request.resources.push_back({kTopicResource, topic.name, std::nullopt});
  }
  auto answer = admin.ask<wire::DescribeConfigsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  std::vector<TopicConfigValues> configs(topics.size());
  for (const auto& result : answer->results) {
    const auto topic = std::ranges::find(topics, result.resource_name, &TopicDescription::name);
    if (topic == topics.end()) continue;
    if (result.error_code != ErrorCode::kNone) {
      return failed(result.error_code, result.error_message);
    }
    auto& values = configs[static_cast<std::size_t>(topic - topics.begin())];
    for (const auto& entry : result.configs) {
      const std::string value = entry.value.value_or("null");
      if (entry.config_source != kDefaultSource && !entry.is_default) {
        values.overridden.emplace_back(entry.name, value);
      }
      if (entry.name == "min.insync.replicas") {
        std::from_chars(value.data(), value.data() + value.size(), values.min_in_sync_replicas);
      }
    }
  }
  return configs;
}

}  // namespace odradek::cli
