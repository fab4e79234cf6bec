// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/offline_directory.h"

#include <algorithm>
#include <optional>

#include "metadata/controller/placement.h"

namespace odradek::metadata {
namespace {

std::optional<MetadataRecord> lose_replica(const ClusterImage& image, const TopicImage& topic,
                                           const ReplicaPlace& lost, base::BrokerId broker) {
  const PartitionImage& partition = topic.partitions[static_cast<std::size_t>(lost.partition)];
  const auto at = std::ranges::find(partition.replicas, broker);
  if (at == partition.replicas.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(at - partition.replicas.begin());
  wire::PartitionChangeRecord change;
  change.topic_id = topic.id;
  change.partition_id = lost.partition;
  bool has_changed = false;
  if (!lost.directory.is_zero() && partition.directories[index] != lost.directory) {
    change.directories = partition.directories;
    (*change.directories)[index] = lost.directory;
    has_changed = true;
  }
  auto others = partition.in_sync_replicas;
  std::erase(others, broker);
  if (!others.empty() && others.size() < partition.in_sync_replicas.size()) {
    change.isr = others;
    has_changed = true;
  }
  if (partition.leader == broker) {
    const auto next = std::ranges::find_if(
        others, [&image](base::BrokerId replica) { return is_live(image, replica); });
    change.leader = next == others.end() ? base::kNoBroker : *next;
    has_changed = true;
  }
  if (!has_changed) return std::nullopt;
  return change;
}

}  // namespace

bool is_online(const ClusterImage& image, const PartitionImage& partition, std::size_t index) {
  const BrokerImage* broker = image.find_broker(partition.replicas[index]);
  if (broker == nullptr || broker->fenced) return false;
  return partition.leader == broker->id || has_directory(*broker, partition.directories[index]);
}

std::vector<MetadataRecord> take_offline(const ClusterImage& image, base::BrokerId broker,
                                         const std::vector<base::Uuid>& log_directories,
                                         const std::vector<ReplicaPlace>& lost) {
  std::vector<MetadataRecord> records;
  const BrokerImage* registered = image.find_broker(broker);
  if (registered == nullptr) return records;
  if (registered->log_directories != log_directories && !log_directories.empty()) {
    wire::BrokerRegistrationChangeRecord change;
    change.broker_id = broker;
    change.broker_epoch = registered->epoch;
    change.log_dirs = log_directories;
    records.emplace_back(change);
  }
  for (const ReplicaPlace& place : lost) {
    const auto& topic = image.find_topic(place.topic);
    if (topic == nullptr || !topic->has_partition(place.partition)) continue;
    if (auto change = lose_replica(image, *topic, place, broker)) {
      records.push_back(*std::move(change));
    }
  }
  return records;
}

}  // namespace odradek::metadata
