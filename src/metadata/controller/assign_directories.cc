// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "metadata/controller/directories.h"

namespace odradek::metadata {

std::vector<MetadataRecord> assign_directories(const ClusterImage& image, base::BrokerId broker,
                                               std::span<const DirectoryAssignment> assignments) {
  std::vector<MetadataRecord> records;
  for (const DirectoryAssignment& assignment : assignments) {
    const auto& topic = image.find_topic(assignment.topic_id);
    if (topic == nullptr || !topic->has_partition(assignment.partition)) continue;
    const auto& partition = topic->partitions[static_cast<std::size_t>(assignment.partition)];
    const auto replica = std::ranges::find(partition.replicas, broker);
    if (replica == partition.replicas.end()) continue;
    const auto index = static_cast<std::size_t>(replica - partition.replicas.begin());
    if (partition.directories[index] == assignment.directory) continue;
    wire::PartitionChangeRecord change;
    change.topic_id = topic->id;
    change.partition_id = assignment.partition;
    change.directories = partition.directories;
    (*change.directories)[index] = assignment.directory;
    records.emplace_back(std::move(change));
  }
  return records;
}

}  // namespace odradek::metadata
