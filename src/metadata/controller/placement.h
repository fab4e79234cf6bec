// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"

namespace odradek::metadata {

// Chooses brokers for the partitions [first, first + count): round robin over the registered
// brokers, partition i's replica j on broker (start + i + j) mod n, live ones before fenced ones.
// Brokers whose log directories are all cordoned get none. INVALID_REPLICATION_FACTOR when there
// are fewer brokers than replicas, or no live one.
[[nodiscard]] base::Result<std::vector<std::vector<base::BrokerId>>> place_replicas(
    const ClusterImage& image, std::int32_t first, std::int32_t count,
    std::int16_t replication_factor);

// An assignment that a client gave: brokers that exist, none twice, at least one.
// INVALID_REPLICA_ASSIGNMENT.
[[nodiscard]] base::Result<> check_assignment(const ClusterImage& image,
                                              const std::vector<base::BrokerId>& replicas);

// Whether the broker can lead: registered, not fenced, not about to stop.
bool is_live(const ClusterImage& image, base::BrokerId id);

// The directory of a new replica: the broker's one directory where it has one; else the broker
// chooses and tells (KIP-858).
base::Uuid default_directory(const ClusterImage& image, base::BrokerId id);

// A new partition on these brokers: the first live one leads, the live ones are in sync.
wire::PartitionRecord new_partition(const ClusterImage& image, const base::TopicId& topic,
                                    std::int32_t index,
                                    const std::vector<base::BrokerId>& replicas);

}  // namespace odradek::metadata
