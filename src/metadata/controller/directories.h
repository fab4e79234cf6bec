// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/broker_change.h"
#include "metadata/controller/events.h"
#include "metadata/record.h"
#include "wire/messages/assign_replicas_to_dirs.h"

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

using AssignReplicasDecision = CausedDecision<wire::AssignReplicasToDirsResponse>;

// The same between brokers, with an answer for each partition: UNKNOWN_TOPIC_ID,
// UNKNOWN_TOPIC_OR_PARTITION, NOT_LEADER_OR_FOLLOWER for one that the broker has no replica of. A
// replica in a directory that the broker has not got (any more) is in sync no longer; a partition
// that waited for the replica is led again. The id of lost directories says that what the broker
// has is damaged: it is neither in sync nor eligible nor leads until another id is assigned;
// ELIGIBLE_LEADERS_NOT_AVAILABLE, and nothing changes, where nobody else could lead.
// STALE_BROKER_EPOCH of the whole request.
AssignReplicasDecision assign_replicas_to_dirs(const ControllerView& view,
                                               const wire::AssignReplicasToDirsRequest& request);

}  // namespace odradek::metadata
