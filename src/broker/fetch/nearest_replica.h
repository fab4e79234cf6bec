// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "metadata/cluster_image.h"
#include "replica/leader/in_sync_set.h"

namespace odradek::broker {

// A consumer that asks the leader of a partition.
struct RackReader {
  const std::string& rack;
  base::BrokerId leader;
  const std::string& listener;  // that it came in by
};

// Which of the followers it is to read from, as Kafka's RackAwareReplicaSelector has it: of those
// in its rack that have the most; kNoBroker where none is, or the leader itself (KIP-392).
base::BrokerId nearest_replica(const metadata::ClusterImage& image, const RackReader& reader,
                               const std::vector<replica::leader::InSyncSet::Holder>& followers);

}  // namespace odradek::broker
