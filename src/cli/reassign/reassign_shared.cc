// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include "cli/admin/admin.h"
#include "cli/reassign/reassign_actions.h"
#include "env/linux/linux_world.h"

namespace odradek::cli::reassign {

bool is_json(const Invocation& invocation) {
  return invocation.is_native && invocation.output.form == OutputForm::kJson;
}

base::Result<std::string> read(const std::string& path) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  return world.disk().read_file(path);
}

base::Result<Plan> plan_of(const Flags& flags) {
  const auto text = read(*flags.value("reassignment-json-file"));
  if (!text) return base::fail(text.error());
  return parse_plan(*text);
}

std::set<std::string> topics_of(const Assignment& assignment) {
  std::set<std::string> topics;
  for (const auto& [partition, replicas] : assignment) topics.insert(partition.topic);
  return topics;
}

Value ids_of(const Replicas& replicas) {
  List ids;
  for (const base::BrokerId replica : replicas) ids.emplace_back(replica.value());
  return ids;
}

Value as_value(const Assignment& assignment) {
  List partitions;
  for (const auto& [partition, replicas] : assignment) {
    partitions.push_back(Object{{"topic", partition.topic},
                                {"partition", partition.partition},
                                {"replicas", ids_of(replicas)}});
  }
  return Object{{"version", 1}, {"partitions", std::move(partitions)}};
}

base::Result<> clear_throttles(const Invocation& invocation, Admin& admin,
                               const Assignment& target) {
  const bool is_silent = is_json(invocation);
  if (invocation.flags.has("preserve-throttles")) return {};
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  std::set<base::BrokerId> brokers;
  for (const auto& [broker, address] : (*cluster)->brokers) brokers.insert(broker);
  for (const auto& [partition, replicas] : target) brokers.insert(replicas.begin(), replicas.end());
  if (!is_silent) {
    fmt::print("Clearing broker-level throttles on broker{} {}\n", brokers.size() == 1 ? "" : "s",
               joined(Replicas(brokers.begin(), brokers.end())));
  }
  if (auto done = clear_broker_throttles(admin, brokers); !done) return done;
  const auto topics = topics_of(target);
  std::string names;
  for (const std::string& topic : topics) names += (names.empty() ? "" : ",") + topic;
  if (!is_silent) {
    fmt::print("Clearing topic-level throttles on topic{} {}\n", topics.size() == 1 ? "" : "s",
               names);
  }
  return clear_topic_throttles(admin, topics);
}

}  // namespace odradek::cli::reassign
