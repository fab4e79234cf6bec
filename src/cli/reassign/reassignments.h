// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "cli/reassign/log_dir_moves.h"

// What kafka-reassign-partitions reads and asks.
namespace odradek::cli {

class Admin;

using Replicas = std::vector<base::BrokerId>;
using Assignment = std::map<base::TopicPartition, Replicas>;

// A reassignment that runs.
struct Reassignment {
  Replicas replicas;
  Replicas adding;
  Replicas removing;
};

// What a file asks for: the brokers, and the log directories that are not "any".
struct Plan {
  Assignment assignment;
  ReplicaDirectories directories;
};

// {"partitions": [{"topic": …, "partition": …, "replicas": […], "log_dirs": […]}], "version": 1}.
// INVALID_REQUEST in Kafka's words.
[[nodiscard]] base::Result<Plan> parse_plan(std::string_view json);
// {"topics": [{"topic": …}], "version": 1}
[[nodiscard]] base::Result<std::vector<std::string>> parse_topics(std::string_view json);
// The reverse, with where each replica lies ("any" where nobody says).
std::string assignment_json(
    const Assignment& assignment,
    const std::map<std::pair<base::TopicPartition, base::BrokerId>, std::string>& log_dirs);

[[nodiscard]] base::Result<std::map<base::TopicPartition, Reassignment>> running_reassignments(
    Admin& admin);
// As they are now; partitions that there are not are left out.
[[nodiscard]] base::Result<Assignment> current_assignment(Admin& admin,
                                                          const std::set<std::string>& topics);
// Without those of brokers that can't be asked: partitions are moved off a broker that is gone.
std::map<std::pair<base::TopicPartition, base::BrokerId>, std::string> replica_log_dirs(
    Admin& admin, const Assignment& assignment);

// Starts reassignments, or ends those without replicas. The errors of partitions.
[[nodiscard]] base::Result<std::map<base::TopicPartition, std::string>> alter_reassignments(
    Admin& admin, const std::map<base::TopicPartition, std::optional<Replicas>>& changes,
    bool allows_other_factor);

// Throttles replication between brokers for what `target` changes: the rate of the brokers that
// have, or get, a replica of it, and the replicas it counts for.
[[nodiscard]] base::Result<> set_replication_throttle(
    Admin& admin, const std::map<base::TopicPartition, Reassignment>& running,
    const Assignment& current, const Assignment& target, std::int64_t bytes_per_second);
// Throttles moves between the log directories of these brokers.
[[nodiscard]] base::Result<> set_log_dirs_throttle(Admin& admin,
                                                   const std::set<base::BrokerId>& brokers,
                                                   std::int64_t bytes_per_second);
// Takes back what throttles replication, of brokers and of topics.
[[nodiscard]] base::Result<> clear_broker_throttles(Admin& admin,
                                                    const std::set<base::BrokerId>& brokers);
[[nodiscard]] base::Result<> clear_topic_throttles(Admin& admin,
                                                   const std::set<std::string>& topics);

// "1,2"
std::string joined(const Replicas& replicas);

}  // namespace odradek::cli
