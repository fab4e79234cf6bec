// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"

// Moves of replicas between the log directories of their brokers, as kafka-reassign-partitions
// starts, watches and ends them.
namespace odradek::cli {

class Admin;

// One partition on one broker.
struct Replica {
  base::BrokerId broker;
  base::TopicPartition partition;

  friend auto operator<=>(const Replica&, const Replica&) = default;
  // Topic, partition and broker, as Kafka's tools write it.
  std::string to_string() const;
};
using ReplicaDirectories = std::map<Replica, std::string>;

struct LogDirMove {
  Replica replica;
  std::string target;
  // Where it lies, and where it is on its way to.
  std::optional<std::string> current;
  std::optional<std::string> future;

  bool is_active() const { return current && future; }
  bool is_done() const { return current && !future; }
  // completed, in_progress, differs or not_found
  std::string status() const;
  std::string sentence() const;
};

// How far moves to these directories are.
[[nodiscard]] base::Result<std::vector<LogDirMove>> find_log_dir_moves(
    Admin& admin, const ReplicaDirectories& targets);

// Starts the moves; asks again, for as long as `timeout` says, for replicas that are not there yet.
// `on_started` is told of each. The first error.
[[nodiscard]] base::Result<> start_log_dir_moves(
    Admin& admin, ReplicaDirectories moves, std::chrono::milliseconds timeout,
    const std::function<void(const Replica&, const std::string&)>& on_started);

}  // namespace odradek::cli
