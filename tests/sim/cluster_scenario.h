// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "env/sim/trace.h"
#include "sim/cluster_script.h"
#include "sim/faults.h"

namespace odradek::sim_test {

struct ClusterScenarioOptions {
  int brokers = 3;
  // So many faults, drawn from these kinds (empty: all of them).
  int faults = 6;
  std::vector<Fault> kinds = {};
  // What happens instead; nothing moves by itself then.
  std::function<void(ClusterScript&)> script = {};
  env::sim::DiskOptions disk = {};
  env::sim::NetworkOptions network = {};
  env::sim::Trace::Sink trace_sink = {};
};

struct ClusterOutcome {
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  std::vector<std::string> violations;
  std::size_t acknowledged = 0;
  std::size_t shown = 0;
  std::size_t commits = 0;
  std::size_t topics = 0;
  std::map<Fault, int> faults;
  std::uint64_t starts = 0;
  // How often everything was looked at on the way.
  std::uint64_t looks = 0;
  // Reassignments that were begun.
  int moves = 0;
  // Deletions that every replica followed.
  int deletions = 0;
  // /controller_epoch at the end.
  int controllers = 0;
  env::Duration simulated{};
};

// Several brokers and a simulated ZooKeeper: producers, a group and those who ask for ends work
// while faults come and go; then everything is healed and must come together again: each replica in
// sync, everything read by a client, the brokers stopped cleanly, what each has on its disk
// compared, and all of it read once more after a start.
//
// Topics: "two" (replication factor 3, min.insync.replicas=2), "one" (min.insync.replicas=1),
// "any" (that, and unclean elections: it may lose, no more is promised than order and equal
// replicas). Their beginnings are deleted (DeleteRecords), and with more than three brokers
// partitions move. In one run of four they are written to the page cache only (write.caching=true);
// then no machine loses power.
ClusterOutcome run_cluster_scenario(std::uint64_t seed, const ClusterScenarioOptions& options);

}  // namespace odradek::sim_test
