// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "env/sim/sim_disk.h"
#include "sim/history.h"
#include "sim/router.h"
#include "sim/workload.h"

// What a cluster's promises are held against.
namespace odradek::sim_test {

// One replica of a partition as its files have it: batches by base offset, byte for byte.
struct ReplicaContent {
  std::string broker;
  std::map<base::Offset, std::string> batches;
  base::Offset end{0};
};

// What lies in the directory, nothing where there is none.
ReplicaContent read_replica(const env::sim::SimDisk& disk, const std::string& directory,
                            std::string broker);
// Batches at one offset are equal byte for byte wherever they are, and all replicas come equally
// far.
void check_equal(const base::TopicPartition& partition, const std::vector<ReplicaContent>& replicas,
                 History& history);
// Each replica has what was acknowledged and shown, in order, and each epoch one leader that
// acknowledged.
void check_promises(const base::TopicPartition& partition, const ReplicaContent& replica,
                    History& history);

// Asks for the end of the topic's partitions again and again until `is_stopping`; each answer goes
// to the history. Sets `is_done`.
Detached watch_ends(Router& router, History& history, TopicView topic, const bool& is_stopping,
                    bool& is_done);

}  // namespace odradek::sim_test
