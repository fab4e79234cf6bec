// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"

// In which of its directories a broker keeps a replica (KIP-858). Pure: the image in, records out.
namespace odradek::metadata {

struct DirectoryAssignment {
  base::TopicId topic_id;
  std::int32_t partition = -1;
  base::Uuid directory;
};

// What a broker says of where its replicas lie, as AssignReplicasToDirs does between brokers and
// controllers: the partitions of which the image says otherwise change. Those that are gone, or
// that the broker has no replica of, are left out.
std::vector<MetadataRecord> assign_directories(const ClusterImage& image, base::BrokerId broker,
                                               std::span<const DirectoryAssignment> assignments);

}  // namespace odradek::metadata
