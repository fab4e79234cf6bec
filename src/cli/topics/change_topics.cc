// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <ranges>

#include "cli/admin/error_text.h"
#include "cli/output/progress.h"
#include "cli/topics/topic_actions.h"
#include "cli/topics/topic_description.h"
#include "config/value.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/incremental_alter_configs.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

constexpr std::int16_t kServersDefault = -1;
// How many topics one request deletes.
constexpr std::size_t kDeletedTogether = 100;

template <typename Topic>
base::Result<> add_configs(const Flags& flags, Topic& topic) {
  for (const std::string& config : flags.values("config")) {
    const auto equals = config.find('=');
    if (equals == std::string::npos || equals + 1 == config.size()) {
      return base::fail(ErrorCode::kInvalidConfig,
                        "requirement failed: Invalid topic config: all configs to be added must "
                        "be in the format \"key=val\".");
    }
    topic.configs.push_back(
        {std::string(config::trim(std::string_view(config).substr(0, equals))),
         std::string(config::trim(std::string_view(config).substr(equals + 1)))});
  }
  return {};
}

base::Result<> set_counts(const Flags& flags, wire::CreateTopicsRequest::CreatableTopic& topic) {
  topic.num_partitions = kServersDefault;
  topic.replication_factor = kServersDefault;
  const auto partitions = flags.number("partitions", INT32_MIN, INT32_MAX);
  if (!partitions) return base::fail(partitions.error());
  const auto replicas = flags.number("replication-factor", INT32_MIN, INT32_MAX);
  if (!replicas) return base::fail(replicas.error());
  if (*replicas && (**replicas < 1 || **replicas > INT16_MAX)) {
    return base::fail(ErrorCode::kInvalidReplicationFactor,
                      "The replication factor must be between 1 and 32767 inclusive");
  }
  if (*partitions && **partitions < 1) {
    return base::fail(ErrorCode::kInvalidPartitions, "The partitions must be greater than 0");
  }
  if (*partitions) topic.num_partitions = static_cast<std::int32_t>(**partitions);
  if (*replicas) topic.replication_factor = static_cast<std::int16_t>(**replicas);
  return {};
}

base::Result<wire::CreateTopicsRequest> creation(const Flags& flags, env::Duration timeout) {
  wire::CreateTopicsRequest request;
  request.timeout_ms = static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count());
  auto& topic = request.topics.emplace_back();
  topic.name = flags.value_or("topic", "");
  if (auto set = set_counts(flags, topic); !set) return base::fail(std::move(set));
  if (const auto text = flags.value("replica-assignment"); text && !text->empty()) {
    auto assignment = parse_replica_assignment(*text);
    if (!assignment) return base::fail(std::move(assignment));
    std::int32_t index = 0;
    for (auto& brokers : *assignment) topic.assignments.push_back({index++, std::move(brokers)});
  }
  if (auto added = add_configs(flags, topic); !added) return base::fail(std::move(added));
  return request;
}

void warn_of_collisions(const std::string& name) {
  if (name.find_first_of("._") == std::string::npos) return;
  fmt::print(
      "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore "
      "('_') could collide. To avoid issues it is best to use either, but not both.\n");
}

// The brokers of the partitions that `topic` does not have yet.
std::vector<wire::CreatePartitionsRequest::CreatePartitionsAssignment> added_partitions(
    const std::vector<std::vector<base::BrokerId>>& assignment, std::size_t existing) {
  std::vector<wire::CreatePartitionsRequest::CreatePartitionsAssignment> added;
  for (const auto& brokers : assignment | std::views::drop(existing)) added.push_back({brokers});
  return added;
}

base::Result<wire::CreatePartitionsRequest> extension(const Flags& flags, Admin& admin,
                                                      const std::vector<std::string>& names) {
  const auto count = flags.number("partitions", INT32_MIN, INT32_MAX);
  if (!count) return base::fail(count.error());
  std::vector<std::vector<base::BrokerId>> assignment;
  std::vector<TopicDescription> topics;
  if (const auto text = flags.value("replica-assignment"); text && !text->empty()) {
    auto parsed = parse_replica_assignment(*text);
    if (!parsed) return base::fail(std::move(parsed));
    assignment = *std::move(parsed);
    auto described = describe_topics(admin, names);
    if (!described) return base::fail(std::move(described));
    topics = *std::move(described);
  }
  wire::CreatePartitionsRequest request;
  request.timeout_ms = 60'000;
  for (const std::string& name : names) {
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.count = static_cast<std::int32_t>(count->value_or(0));
    topic.assignments.reset();
    const auto known = std::ranges::find(topics, name, &TopicDescription::name);
    if (known != topics.end()) {
      topic.assignments = added_partitions(assignment, known->partitions.size());
    }
  }
  return request;
}

// As the tool did that went to ZooKeeper, up to Kafka 2.8.
constexpr std::int8_t kTopicResource = 2;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;

base::Result<> alter_configs(const Flags& flags, Admin& admin,
                             const std::vector<std::string>& names) {
  wire::CreateTopicsRequest::CreatableTopic added;
  if (auto parsed = add_configs(flags, added); !parsed) return parsed;
  wire::IncrementalAlterConfigsRequest request;
  for (const std::string& name : names) {
    auto& resource = request.resources.emplace_back();
    resource.resource_type = kTopicResource;
    resource.resource_name = name;
    for (const std::string& key : flags.values("delete-config")) {
      resource.configs.push_back({key, kDelete, ""});
    }
    for (const auto& config : added.configs) {
      resource.configs.push_back({config.name, kSet, config.value});
    }
  }
  auto answer = admin.ask_controller<wire::IncrementalAlterConfigsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& topic : answer->responses) {
    if (topic.error_code != ErrorCode::kNone) {
      return base::fail(topic.error_code, error_text(topic.error_code, topic.error_message));
    }
    fmt::print("Updated config for topic {}.\n", topic.resource_name);
  }
  return {};
}

List as_list(const std::vector<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

base::Result<> create_topic(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto request = creation(flags, admin.timeout());
  if (!request) return base::fail(std::move(request));
  const std::string name = request->topics[0].name;
  if (!invocation.is_native) warn_of_collisions(name);
  auto answer = admin.ask_controller<wire::CreateTopicsResponse>(*std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& topic : answer->topics) {
    if (topic.error_code == ErrorCode::kTopicAlreadyExists && flags.has("if-not-exists")) return {};
    if (topic.error_code != ErrorCode::kNone) {
      return base::fail(topic.error_code, error_text(topic.error_code, topic.error_message));
    }
  }
  const std::string done = fmt::format("Created topic {}.", name);
  if (!invocation.is_native) {
    fmt::print("{}\n", done);
    return {};
  }
  Output(invocation.output).print(Message{done, {{"topic", name}}});
  return {};
}

base::Result<> alter_topics(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto names = chosen_topic_names(flags, admin, !flags.has("if-exists"));
  if (!names) return base::fail(std::move(names));
  if (names->empty()) return {};
  if (flags.has("config") || (flags.has("zookeeper") && flags.has("delete-config"))) {
    if (auto altered = alter_configs(flags, admin, *names); !altered) return altered;
    if (!flags.has("partitions")) return {};
  }
  auto request = extension(flags, admin, *names);
  if (!request) return base::fail(std::move(request));
  const std::int32_t count = request->topics[0].count;
  auto answer = admin.ask_controller<wire::CreatePartitionsResponse>(*std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& topic : answer->results) {
    if (topic.error_code != ErrorCode::kNone) {
      return base::fail(topic.error_code, error_text(topic.error_code, topic.error_message));
    }
  }
  if (invocation.is_native) {
    Output(invocation.output)
        .print(Message{fmt::format("{} partitions now: {}.", count, fmt::join(*names, ", ")),
                       {{"topics", as_list(*names)}, {"partitions", count}}});
  } else if (flags.has("zookeeper")) {
    fmt::print("Adding partitions succeeded!\n");
  }
  return {};
}

base::Result<> delete_topics(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto names = chosen_topic_names(flags, admin, !flags.has("if-exists"));
  if (!names) return base::fail(std::move(names));
  if (names->empty()) return {};
  Progress progress(invocation, admin.world().clock(), "deleting topics", names->size());
  for (std::size_t at = 0; at < names->size(); at += kDeletedTogether) {
    wire::DeleteTopicsRequest request;
    request.timeout_ms = 60'000;
    const std::size_t end = std::min(at + kDeletedTogether, names->size());
    for (std::size_t i = at; i < end; ++i) request.topics.push_back({(*names)[i], {}});
    auto answer = admin.ask_controller<wire::DeleteTopicsResponse>(std::move(request));
    if (!answer) return base::fail(std::move(answer));
    for (const auto& topic : answer->responses) {
      if (topic.error_code != ErrorCode::kNone) {
        return base::fail(topic.error_code, error_text(topic.error_code, topic.error_message));
      }
    }
    progress.advance(end - at);
  }
  progress.hide();
  if (invocation.is_native) {
    Output(invocation.output)
        .print(Message{fmt::format("Deleted {}.", fmt::join(*names, ", ")),
                       {{"topics", as_list(*names)}}});
  } else if (flags.has("zookeeper")) {
    for (const std::string& name : *names) fmt::print("Topic {} is marked for deletion.\n", name);
  }
  return {};
}

base::Result<std::vector<std::vector<base::BrokerId>>> parse_replica_assignment(
    std::string_view text) {
  const auto wrong = [](std::string message) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment, std::move(message));
  };
  std::vector<std::vector<base::BrokerId>> partitions;
  for (const auto partition : std::views::split(text, ',')) {
    auto& brokers = partitions.emplace_back();
    for (const auto replica : std::views::split(partition, ':')) {
      const std::string_view digits = config::trim({replica.begin(), replica.end()});
      std::int32_t id = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
      if (error != std::errc() || end != digits.data() + digits.size()) {
        return wrong(fmt::format("For input string: \"{}\"", digits));
      }
      if (std::ranges::count(brokers, base::BrokerId(id)) > 0) {
        return wrong(
            fmt::format("Partition replica lists may not contain duplicate entries: {}", id));
      }
      brokers.emplace_back(id);
    }
    if (brokers.size() != partitions[0].size()) {
      return wrong(fmt::format("Partition {} has different replication factor: {}",
                               partitions.size() - 1, brokers.size()));
    }
  }
  return partitions;
}

}  // namespace odradek::cli
