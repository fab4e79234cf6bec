// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"

// The controller's decision where log directories of a broker can't be used (KIP-858). Pure.
namespace odradek::metadata {

// A replica of the broker and the directory that it lies in; zero: not known.
struct ReplicaPlace {
  base::TopicId topic;
  std::int32_t partition = 0;
  base::Uuid directory;
};

// Whether the partition's replica number `index` can serve: its broker lives, and its directory is
// one of those that the broker registered. One whose directory nobody wrote down counts as online.
bool is_online(const ClusterImage& image, const PartitionImage& partition, std::size_t index);

// The replicas `lost` of the broker are offline, and `log_directories` are what it has left: they
// lead no longer, and where nobody else can the partition has no leader; its last in-sync replica
// stays in the set. Nothing is decided a second time.
std::vector<MetadataRecord> take_offline(const ClusterImage& image, base::BrokerId broker,
                                         const std::vector<base::Uuid>& log_directories,
                                         const std::vector<ReplicaPlace>& lost);

}  // namespace odradek::metadata
