// SPDX-License-Identifier: Apache-2.0
#include "cli/reassign/reassignments.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>
#include <span>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/json/json_reader.h"
#include "wire/json.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_partition_reassignments.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

constexpr std::string_view kAnyLogDir = "any";

constexpr std::int8_t kTopicResource = 2;
constexpr std::int8_t kBrokerResource = 4;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
constexpr std::array<std::string_view, 3> kBrokerThrottles = {
    "leader.replication.throttled.rate", "follower.replication.throttled.rate",
    "replica.alter.log.dirs.io.max.bytes.per.second"};
constexpr std::array<std::string_view, 2> kTopicThrottles = {
    "leader.replication.throttled.replicas", "follower.replication.throttled.replicas"};

using Changes = std::vector<wire::IncrementalAlterConfigsRequest::AlterableConfig>;

Changes settings(const std::map<std::string_view, std::string>& values) {
  Changes changes;
  for (const auto& [key, value] : values) changes.push_back({std::string(key), kSet, value});
  return changes;
}

Changes deletions(std::span<const std::string_view> keys) {
  Changes changes;
  for (const std::string_view key : keys) {
    changes.push_back({std::string(key), kDelete, std::nullopt});
  }
  return changes;
}

void add_resource(wire::IncrementalAlterConfigsRequest& request, std::int8_t type,
                  const std::string& name, Changes changes) {
  auto& resource = request.resources.emplace_back();
  resource.resource_type = type;
  resource.resource_name = name;
  resource.configs = std::move(changes);
}

base::Result<> check_altered(const base::Result<wire::IncrementalAlterConfigsResponse>& answer) {
  if (!answer) return base::fail(answer.error());
  for (const auto& found : answer->responses) {
    if (found.error_code == ErrorCode::kNone) continue;
    return base::fail(found.error_code, error_text(found.error_code, found.error_message));
  }
  return {};
}

base::Result<> alter_topics(Admin& admin, const std::map<std::string, Changes>& topics) {
  wire::IncrementalAlterConfigsRequest request;
  for (const auto& [topic, changes] : topics) {
    add_resource(request, kTopicResource, topic, changes);
  }
  if (request.resources.empty()) return {};
  return check_altered(admin.ask<wire::IncrementalAlterConfigsResponse>(std::move(request)));
}

bool is_gone(const base::Error& error) {
  return error.code == ErrorCode::kNetworkException || error.code == ErrorCode::kBrokerNotAvailable;
}

// Each broker is asked for its own: it refuses what is another one's. Partitions are moved off one
// that is gone, too: what is set there stays, which is said, and the others are asked.
base::Result<> alter_brokers(Admin& admin, const std::set<base::BrokerId>& brokers,
                             const Changes& changes) {
  for (const base::BrokerId broker : brokers) {
    wire::IncrementalAlterConfigsRequest request;
    add_resource(request, kBrokerResource, fmt::format("{}", broker.value()), changes);
    const auto answer =
        admin.ask<wire::IncrementalAlterConfigsResponse>(broker, std::move(request));
    if (!answer && is_gone(answer.error())) {
      fmt::print(stderr, "The throttles of broker {} stay as they are: {}\n", broker.value(),
                 answer.error().message);
      continue;
    }
    if (auto done = check_altered(answer); !done) return done;
  }
  return {};
}

// The list that is the member `name` of a document of version 1.
base::Result<List> list_of(std::string_view json, std::string_view name) {
  const auto value = parse_json(json);
  if (!value) return base::fail(value.error());
  const auto object = as_object(*value);
  if (!object) return base::fail(object.error());
  if (const Value* version = find_member(**object, "version")) {
    const auto number = as_int32(*version);
    if (!number) return base::fail(number.error());
    if (*number != 1) return misuse(fmt::format("Not supported version field value {}", *number));
  }
  const Value* member = find_member(**object, name);
  if (member == nullptr) return List();
  const auto list = as_list(*member);
  if (!list) return base::fail(list.error());
  return **list;
}

base::Result<Replicas> replicas_of(const Object& entry) {
  const Value* member = find_member(entry, "replicas");
  if (member == nullptr) return misuse("No such field exists: `replicas`");
  const auto list = as_list(*member);
  if (!list) return base::fail(list.error());
  Replicas replicas;
  std::set<base::BrokerId> distinct;
  for (const Value& element : **list) {
    const auto id = as_int32(element);
    if (!id) return base::fail(id.error());
    replicas.push_back(base::BrokerId(*id));
    distinct.insert(replicas.back());
  }
  if (replicas.empty()) return misuse("Partition replica list cannot be empty");
  if (distinct.size() < replicas.size()) {
    return misuse("Partition replica lists may not contain duplicate entries");
  }
  return replicas;
}

std::string bracketed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return '[' + out + ']';
}

base::Result<> add_directories(const Object& entry, const base::TopicPartition& partition,
                               const Replicas& replicas, ReplicaDirectories& directories) {
  const Value* member = find_member(entry, "log_dirs");
  if (member == nullptr) return {};
  const auto list = as_list(*member);
  if (!list) return base::fail(list.error());
  std::vector<std::string> names;
  for (const Value& element : **list) {
    const auto directory = as_string(element);
    if (!directory) return base::fail(directory.error());
    names.push_back(*directory);
  }
  if (names.size() != replicas.size()) {
    std::vector<std::string> ids;
    for (const base::BrokerId id : replicas) ids.push_back(fmt::format("{}", id.value()));
    return misuse(fmt::format(
        "Size of replicas list {} is different from size of log dirs list {} for partition {}",
        bracketed(ids), bracketed(names), partition.to_string()));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] != kAnyLogDir) directories[{replicas[i], partition}] = names[i];
  }
  return {};
}

}  // namespace

base::Result<Plan> parse_plan(std::string_view json) {
  const auto list = list_of(json, "partitions");
  if (!list) return base::fail(list.error());
  Plan plan;
  for (const Value& element : *list) {
    const auto entry = as_object(element);
    if (!entry) return base::fail(entry.error());
    const auto partition = partition_members(**entry);
    if (!partition) return base::fail(partition.error());
    auto replicas = replicas_of(**entry);
    if (!replicas) return base::fail(std::move(replicas));
    auto added = add_directories(**entry, *partition, *replicas, plan.directories);
    if (!added) return base::fail(std::move(added));
    if (!plan.assignment.emplace(*partition, *std::move(replicas)).second) {
      return misuse(fmt::format("Partition reassignment contains duplicate topic partitions: {}",
                                partition->to_string()));
    }
  }
  if (plan.assignment.empty()) return misuse("Partition reassignment list cannot be empty");
  return plan;
}

base::Result<std::vector<std::string>> parse_topics(std::string_view json) {
  const auto list = list_of(json, "topics");
  if (!list) return base::fail(list.error());
  std::vector<std::string> topics;
  for (const Value& element : *list) {
    const auto entry = as_object(element);
    if (!entry) return base::fail(entry.error());
    auto topic = string_member(**entry, "topic");
    if (!topic) return base::fail(std::move(topic));
    topics.push_back(*std::move(topic));
  }
  return topics;
}

base::Result<> set_replication_throttle(Admin& admin,
                                        const std::map<base::TopicPartition, Reassignment>& running,
                                        const Assignment& current, const Assignment& target,
                                        std::int64_t bytes_per_second) {
  std::map<std::string, std::array<std::set<std::string>, 2>> replicas;
  std::set<base::BrokerId> brokers;
  for (const auto& [partition, wanted] : target) {
    const auto known = current.find(partition);
    std::set<base::BrokerId> sources;
    if (known != current.end()) sources.insert(known->second.begin(), known->second.end());
    if (const auto moving = running.find(partition); moving != running.end()) {
      sources = {moving->second.replicas.begin(), moving->second.replicas.end()};
      for (const base::BrokerId adding : moving->second.adding) sources.erase(adding);
    }
    auto& [leaders, followers] = replicas[partition.topic];
    for (const base::BrokerId source : sources) {
      leaders.insert(fmt::format("{}:{}", partition.partition, source.value()));
      brokers.insert(source);
    }
    for (const base::BrokerId destination : wanted) {
      brokers.insert(destination);
      if (sources.contains(destination)) continue;
      followers.insert(fmt::format("{}:{}", partition.partition, destination.value()));
    }
  }
  std::map<std::string, Changes> of_topics;
  for (const auto& [topic, lists] : replicas) {
    std::map<std::string_view, std::string> values;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      values[kTopicThrottles[i]] = fmt::format("{}", fmt::join(lists[i], ","));
    }
    of_topics.emplace(topic, settings(values));
  }
  if (auto done = alter_topics(admin, of_topics); !done) return done;
  const std::string rate = fmt::format("{}", bytes_per_second);
  return alter_brokers(admin, brokers,
                       settings({{kBrokerThrottles[0], rate}, {kBrokerThrottles[1], rate}}));
}

base::Result<> set_log_dirs_throttle(Admin& admin, const std::set<base::BrokerId>& brokers,
                                     std::int64_t bytes_per_second) {
  return alter_brokers(admin, brokers,
                       settings({{kBrokerThrottles[2], fmt::format("{}", bytes_per_second)}}));
}

base::Result<> clear_broker_throttles(Admin& admin, const std::set<base::BrokerId>& brokers) {
  return alter_brokers(admin, brokers, deletions(kBrokerThrottles));
}

base::Result<> clear_topic_throttles(Admin& admin, const std::set<std::string>& topics) {
  std::map<std::string, Changes> changes;
  for (const std::string& topic : topics) changes.emplace(topic, deletions(kTopicThrottles));
  return alter_topics(admin, changes);
}

std::string joined(const Replicas& replicas) {
  std::string out;
  for (const base::BrokerId id : replicas) {
    out += fmt::format("{}{}", out.empty() ? "" : ",", id.value());
  }
  return out;
}

std::string assignment_json(
    const Assignment& assignment,
    const std::map<std::pair<base::TopicPartition, base::BrokerId>, std::string>& log_dirs) {
  std::string out;
  for (const auto& [partition, replicas] : assignment) {
    std::string directories;
    for (const base::BrokerId replica : replicas) {
      const auto known = log_dirs.find({partition, replica});
      directories += directories.empty() ? "" : ",";
      wire::append_json_string(directories, known == log_dirs.end() ? kAnyLogDir : known->second);
    }
    out += fmt::format(R"({}{{"topic":{},"partition":{},"replicas":[{}],"log_dirs":[{}]}})",
                       out.empty() ? "" : ",", wire::json_string(partition.topic),
                       partition.partition, joined(replicas), directories);
  }
  return fmt::format(R"({{"version":1,"partitions":[{}]}})", out);
}

base::Result<std::map<base::TopicPartition, Reassignment>> running_reassignments(Admin& admin) {
  wire::ListPartitionReassignmentsRequest request;
  auto answer = admin.ask_controller<wire::ListPartitionReassignmentsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, answer->error_message));
  }
  std::map<base::TopicPartition, Reassignment> running;
  for (const auto& topic : answer->topics) {
    for (const auto& found : topic.partitions) {
      running[{topic.name, found.partition_index}] = {found.replicas, found.adding_replicas,
                                                      found.removing_replicas};
    }
  }
  return running;
}

base::Result<Assignment> current_assignment(Admin& admin, const std::set<std::string>& topics) {
  const auto found = load_topics(admin, std::vector<std::string>(topics.begin(), topics.end()));
  if (!found) return base::fail(found.error());
  Assignment assignment;
  for (const auto& [name, topic] : *found) {
    for (const auto& [index, partition] : topic.partitions) {
      assignment[{name, index}] = partition.replicas;
    }
  }
  return assignment;
}

std::map<std::pair<base::TopicPartition, base::BrokerId>, std::string> replica_log_dirs(
    Admin& admin, const Assignment& assignment) {
  std::set<base::BrokerId> brokers;
  for (const auto& [partition, replicas] : assignment) {
    brokers.insert(replicas.begin(), replicas.end());
  }
  std::map<std::pair<base::TopicPartition, base::BrokerId>, std::string> log_dirs;
  for (const base::BrokerId broker : brokers) {
    wire::DescribeLogDirsRequest request;
    request.topics.reset();
    const auto answer = admin.ask<wire::DescribeLogDirsResponse>(broker, std::move(request));
    if (!answer) continue;
    for (const auto& directory : answer->results) {
      for (const auto& topic : directory.topics) {
        for (const auto& partition : topic.partitions) {
          if (partition.is_future_key) continue;
          log_dirs[{{topic.name, partition.partition_index}, broker}] = directory.log_dir;
        }
      }
    }
  }
  return log_dirs;
}

base::Result<std::map<base::TopicPartition, std::string>> alter_reassignments(
    Admin& admin, const std::map<base::TopicPartition, std::optional<Replicas>>& changes,
    bool allows_other_factor) {
  wire::AlterPartitionReassignmentsRequest request;
  request.allow_replication_factor_change = allows_other_factor;
  for (const auto& [partition, replicas] : changes) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      request.topics.push_back({partition.topic, {}});
    }
    request.topics.back().partitions.push_back({partition.partition, replicas});
  }
  auto answer = admin.ask_controller<wire::AlterPartitionReassignmentsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, answer->error_message));
  }
  std::map<base::TopicPartition, std::string> errors;
  for (const auto& topic : answer->responses) {
    for (const auto& found : topic.partitions) {
      if (found.error_code == ErrorCode::kNone) continue;
      errors[{topic.name, found.partition_index}] =
          error_text(found.error_code, found.error_message);
    }
  }
  return errors;
}

}  // namespace odradek::cli
