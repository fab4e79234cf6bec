// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/cluster_topics.h"

#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "wire/messages/metadata.h"

namespace odradek::cli {

base::Result<ClusterTopics> load_topics(Admin& admin,
                                        const std::optional<std::vector<std::string>>& names) {
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  if (names) {
    for (const std::string& name : *names)
      request.topics->push_back({.topic_id = {}, .name = name});
  } else {
    request.topics.reset();
  }
  auto answer = admin.ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  ClusterTopics topics;
  for (auto& found : answer->topics) {
    // Of what was not asked for by name there is none; partitions may lack a leader, no more.
    if (found.error_code == base::ErrorCode::kUnknownTopicOrPartition) continue;
    if (found.error_code != base::ErrorCode::kNone && found.partitions.empty()) {
      return base::fail(found.error_code, error_text(found.error_code, std::nullopt));
    }
    ClusterTopic& topic = topics[found.name.value_or("")];
    topic.id = found.topic_id;
    topic.is_internal = found.is_internal;
    for (auto& partition : found.partitions) {
      topic.partitions[partition.partition_index] = {
          partition.leader_id, std::move(partition.replica_nodes), std::move(partition.isr_nodes)};
    }
  }
  return topics;
}

const ClusterPartition* find_partition(const ClusterTopics& topics,
                                       const base::TopicPartition& partition) {
  const auto topic = topics.find(partition.topic);
  if (topic == topics.end()) return nullptr;
  const auto found = topic->second.partitions.find(partition.partition);
  return found == topic->second.partitions.end() ? nullptr : &found->second;
}

}  // namespace odradek::cli
