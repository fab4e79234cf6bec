// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/eligible_replicas.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace odradek::metadata {
namespace {

wire::ConfigRecord min_in_sync_of(const std::string& broker, std::optional<std::string> value) {
  wire::ConfigRecord record;
  record.resource_type = static_cast<std::int8_t>(ConfigResourceType::kBroker);
  record.resource_name = broker;
  record.name = kMinInSyncReplicas;
  record.value = std::move(value);
  return record;
}

bool waits(const PartitionImage& partition) {
  return !partition.eligible_leader_replicas.empty() ||
         !partition.last_known_eligible_leader_replicas.empty();
}

}  // namespace

bool has_eligible_replicas(const ClusterImage& image) {
  const auto level = image.features.find("eligible.leader.replicas.version");
  return level != image.features.end() && level->second > 0;
}

const std::string* cluster_min_in_sync(const ClusterImage& image) {
  const ConfigMap* all = image.find_config(ConfigResourceType::kBroker, "");
  if (all == nullptr) return nullptr;
  const auto found = all->find(kMinInSyncReplicas);
  return found == all->end() ? nullptr : &found->second;
}

std::vector<MetadataRecord> settle_min_in_sync(const ClusterImage& image,
                                               const config::Settings& file) {
  std::vector<MetadataRecord> records;
  if (!has_eligible_replicas(image)) return records;
  if (cluster_min_in_sync(image) == nullptr) {
    records.emplace_back(min_in_sync_of("", std::to_string(file.number(kMinInSyncReplicas))));
  }
  for (const auto& [id, broker] : image.brokers) {
    const std::string name = std::to_string(id.value());
    const ConfigMap* own = image.find_config(ConfigResourceType::kBroker, name);
    if (own == nullptr || !own->contains(kMinInSyncReplicas)) continue;
    records.emplace_back(min_in_sync_of(name, std::nullopt));
  }
  if (!records.empty()) clear_eligible_replicas(image, "", records);
  return records;
}

void clear_eligible_replicas(const ClusterImage& image, const std::string& name,
                             std::vector<MetadataRecord>& records) {
  bool is_waiting = false;
  std::vector<MetadataRecord> one_by_one;
  image.topics_by_id.for_each([&](const base::TopicId& id, const auto& topic) {
    if (!name.empty() && topic->name != name) return;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const PartitionImage& partition = topic->partitions[i];
      if (partition.leader == base::kNoBroker) {
        is_waiting = is_waiting || waits(partition);
        continue;
      }
      if (partition.eligible_leader_replicas.empty()) continue;
      wire::PartitionChangeRecord change;
      change.topic_id = id;
      change.partition_id = static_cast<std::int32_t>(i);
      change.eligible_leader_replicas.emplace();
      one_by_one.emplace_back(std::move(change));
    }
  });
  if (is_waiting) {
    std::ranges::move(one_by_one, std::back_inserter(records));
    return;
  }
  wire::ClearElrRecord clear;
  clear.topic_name = name;
  records.emplace_back(std::move(clear));
}

}  // namespace odradek::metadata
