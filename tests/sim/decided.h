// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/topic_partition.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"
#include "sim/history.h"

// What has been decided, as ZooKeeper's tree shows it.
namespace odradek::sim_test {

using quorum::zookeeper::sim::SimZookeeper;

// From here on each leader that is decided goes to the history, which outlives the ensemble.
void note_decisions(SimZookeeper& zookeeper, History& history);

std::vector<int> find_replicas(const SimZookeeper& zookeeper,
                               const base::TopicPartition& partition);
std::vector<int> find_in_sync(const SimZookeeper& zookeeper, const base::TopicPartition& partition);
// Nothing where nobody leads.
std::optional<int> find_leader(const SimZookeeper& zookeeper,
                               const base::TopicPartition& partition);
// Whether one of its partitions has replicas that come or go.
bool is_moving(const SimZookeeper& zookeeper, const std::string& topic);
// The first partition there that has no leader, a replica that is not in sync, or moves; empty:
// there is none.
std::string find_out_of_sync(const SimZookeeper& zookeeper);
// Nothing where there is none.
std::optional<int> find_controller(const SimZookeeper& zookeeper);

}  // namespace odradek::sim_test
