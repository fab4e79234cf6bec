// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "env/sim/sim_world.h"

namespace odradek::sim_test {

// What one run of a broker and its clients goes through. What is not fixed here follows from the
// seed.
struct FailingCall {
  // Of the disk's operations, counted from 0 since the disk was made.
  std::uint64_t number = 0;
  int os_error = EIO;
};

struct ScenarioOptions {
  // Settings of the topic that is produced to.
  std::map<std::string, std::string> topic_configs = {};
  int power_cuts = 0;
  // Processes killed, with the page cache kept.
  int kills = 0;
  // Flushes that fail: the directory goes offline, and power is cut some time later.
  int failed_flushes = 0;
  // One call of the disk fails, whatever it is. Clients are answered all the same; then the process
  // is killed or power is cut.
  std::optional<FailingCall> failing_call = {};
  // Connections between the broker and a client are cut, or a direction of a link is, now and then.
  bool is_network_shaky = false;
  bool has_group = true;
  bool has_idempotence = true;
  env::sim::DiskOptions disk = {};
  // Each event of the simulation as a line.
  env::sim::Trace::Sink trace_sink = {};
};

struct Outcome {
  std::uint64_t digest = 0;
  std::uint64_t events = 0;
  std::vector<std::string> violations;
  std::size_t acknowledged = 0;
  std::size_t shown = 0;
  std::size_t commits = 0;
  std::size_t topics = 0;
  int power_cuts = 0;
  std::uint64_t flushes = 0;
  std::uint64_t disk_operations = 0;
  bool was_start_refused = false;
  std::uint64_t disk_waits_on_loops = 0;
};

// One broker on a host of its own, producers and members of a group on others: they work while
// power is cut and comes back, until everything that was to be produced is settled; then the broker
// is stopped cleanly, started again, and everything is read.
Outcome run_scenario(std::uint64_t seed, const ScenarioOptions& options);

}  // namespace odradek::sim_test
