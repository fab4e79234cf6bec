// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "config/table.h"
#include "config/topic_config.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/topic_name.h"
#include "metadata/controller/topics.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::CreateTopicsRequest;
using wire::CreateTopicsResponse;
using Assignment = std::vector<std::vector<base::BrokerId>>;

// Sources of a configuration value, as DescribeConfigs numbers them.
constexpr std::int8_t kTopicSource = 1;
constexpr std::int8_t kStaticBrokerSource = 4;
constexpr std::int8_t kDefaultSource = 5;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";

constexpr std::int32_t kMaxPartitionsInOneRequest = 100'000;

// Under one of the names that give the key its value.
bool is_given(const config::Settings& settings, std::string_view broker_key) {
  return std::ranges::any_of(config::synonyms_of(broker_key),
                             [&settings](std::string_view name) { return settings.is_set(name); });
}

class TopicCreator {
 public:
  TopicCreator(const ClusterImage& image, const ControllerInputs& inputs,
               const CreateTopicsRequest& request)
      : image_(image), inputs_(inputs), request_(request), placer_(image) {
    std::map<std::string, int> counts;
    for (const auto& topic : request.topics) {
      if (++counts[topic.name] == 2) duplicates_.insert(topic.name);
    }
    image.topics_by_name.for_each([this](const std::string& name, const auto&) {
      names_by_collision_key_.emplace(collision_key(name), name);
    });
  }

  CreateTopicsDecision run() {
    std::set<std::string> answered;
    for (const auto& topic : request_.topics) {
      if (!answered.insert(topic.name).second) continue;
      auto& result = decision_.reply.topics.emplace_back();
      result.name = topic.name;
      if (auto created = create(topic, result); !created) {
        result.error_code = created.error().code;
        result.error_message = std::move(created).error().message;
      }
    }
    if (request_.validate_only) decision_.records.clear();
    return std::move(decision_);
  }

 private:
  base::Result<> create(const CreateTopicsRequest::CreatableTopic& topic,
                        CreateTopicsResponse::CreatableTopicResult& result) {
    if (auto valid = check_name(topic.name); !valid) return valid;
    auto assignment = topic.assignments.empty() ? place(topic) : take_assignment(topic);
    if (!assignment) return base::fail(std::move(assignment));
    auto overrides = take_configs(topic);
    if (!overrides) return base::fail(std::move(overrides));
    partitions_so_far_ += static_cast<std::int32_t>(assignment->size());
    add_records(topic.name, *assignment, *overrides, result);
    names_by_collision_key_.emplace(collision_key(topic.name), topic.name);
    return {};
  }

  base::Result<> check_name(const std::string& name) const {
    if (duplicates_.contains(name)) {
      return base::fail(
          ErrorCode::kInvalidRequest,
          fmt::format("Duplicate topic name: the request has {} more than once.", name));
    }
    if (auto valid = check_topic_name(name); !valid) return valid;
    if (name == kMetadataTopic) {
      return base::fail(ErrorCode::kInvalidRequest,
                        fmt::format("Topic '{}' is the cluster's own: it can't be created.", name));
    }
    if (image_.find_topic(name) != nullptr) {
      return base::fail(ErrorCode::kTopicAlreadyExists,
                        fmt::format("Topic '{}' already exists.", name));
    }
    const auto collides = names_by_collision_key_.find(collision_key(name));
    if (collides != names_by_collision_key_.end()) {
      return base::fail(
          ErrorCode::kInvalidTopicException,
          fmt::format("Topic '{}' collides with existing topic: {}", name, collides->second));
    }
    return {};
  }

  // Of the request, with `more` in the topic that is looked at.
  base::Result<> check_total(std::int64_t more) const {
    const std::int64_t total = partitions_so_far_ + more;
    if (total <= kMaxPartitionsInOneRequest) return {};
    return base::fail(ErrorCode::kPolicyViolation,
                      fmt::format("{} partitions in one request; at most {} are allowed.", total,
                                  kMaxPartitionsInOneRequest));
  }

  base::Result<Assignment> place(const CreateTopicsRequest::CreatableTopic& topic) {
    std::int64_t partitions = topic.num_partitions;
    if (partitions == -1) partitions = inputs_.settings.number("num.partitions");
    if (partitions <= 0) {
      return base::fail(
          ErrorCode::kInvalidPartitions,
          fmt::format("Number of partitions was set to an invalid non-positive value: "
                      "{}; 1 or more, or -1 for num.partitions, is allowed.",
                      topic.num_partitions));
    }
    if (auto valid = check_total(partitions); !valid) return base::fail(std::move(valid));
    std::int64_t factor = topic.replication_factor;
    if (factor == -1) factor = inputs_.settings.number("default.replication.factor");
    if (factor <= 0) {
      return base::fail(
          ErrorCode::kInvalidReplicationFactor,
          fmt::format("Replication factor was {}; it must be larger than 0, or -1 to use "
                      "the default value.",
                      topic.replication_factor));
    }
    auto placed =
        placer_.place(static_cast<std::int32_t>(partitions), static_cast<std::int16_t>(factor));
    if (placed) return placed;
    return base::fail(placed.error().code,
                      fmt::format("Unable to replicate the partition {} time(s): {}", factor,
                                  placed.error().message));
  }

  base::Result<Assignment> take_assignment(const CreateTopicsRequest::CreatableTopic& topic) const {
    if (topic.num_partitions != -1) {
      return base::fail(
          ErrorCode::kInvalidRequest,
          "A manual partition assignment was specified, but numPartitions was not set to "
          "-1.");
    }
    if (topic.replication_factor != -1) {
      return base::fail(
          ErrorCode::kInvalidRequest,
          "A manual partition assignment was specified, but replicationFactor was not "
          "set to -1.");
    }
    if (auto valid = check_total(std::ssize(topic.assignments)); !valid) {
      return base::fail(std::move(valid));
    }
    std::map<std::int32_t, std::vector<base::BrokerId>> by_partition;
    for (const auto& partition : topic.assignments) {
      if (!by_partition.emplace(partition.partition_index, partition.broker_ids).second) {
        return base::fail(
            ErrorCode::kInvalidReplicaAssignment,
            fmt::format("Found multiple manual partition assignments for partition {}.",
                        partition.partition_index));
      }
      if (auto valid =
              check_new_assignment(image_, partition.partition_index, partition.broker_ids);
          !valid) {
        return base::fail(std::move(valid));
      }
    }
    return to_consecutive(std::move(by_partition));
  }

  static base::Result<Assignment> to_consecutive(
      std::map<std::int32_t, std::vector<base::BrokerId>> by_partition) {
    const std::size_t factor = by_partition.begin()->second.size();
    Assignment assignment;
    for (auto& [index, replicas] : by_partition) {
      if (index != static_cast<std::int32_t>(assignment.size())) {
        return base::fail(ErrorCode::kInvalidReplicaAssignment,
                          "partitions should be a consecutive 0-based integer sequence");
      }
      if (replicas.size() != factor) {
        return base::fail(
            ErrorCode::kInvalidReplicaAssignment,
            fmt::format("The manual partition assignment includes a partition with {} replica(s), "
                        "but this is not consistent with previous partitions, which have {} "
                        "replica(s).",
                        replicas.size(), factor));
      }
      assignment.push_back(std::move(replicas));
    }
    return assignment;
  }

  base::Result<config::TopicOverrides> take_configs(
      const CreateTopicsRequest::CreatableTopic& topic) const {
    config::TopicOverrides overrides;
    for (const auto& entry : topic.configs) {
      if (!entry.value) {
        return base::fail(
            ErrorCode::kInvalidConfig,
            fmt::format("Null value not supported for topic configs: {}", entry.name));
      }
      overrides[entry.name] = *entry.value;
    }
    if (auto valid = config::check_topic_config(inputs_.settings, overrides); !valid) {
      return base::fail(std::move(valid));
    }
    return overrides;
  }

  void add_records(const std::string& name, const Assignment& assignment,
                   const config::TopicOverrides& overrides,
                   CreateTopicsResponse::CreatableTopicResult& result) {
    wire::TopicRecord record;
    record.name = name;
    record.topic_id = inputs_.new_id();
    result.topic_id = record.topic_id;
    for (const auto& [key, value] : overrides) {
      wire::ConfigRecord config;
      config.resource_type = static_cast<std::int8_t>(ConfigResourceType::kTopic);
      config.resource_name = name;
      config.name = key;
      config.value = value;
      decision_.records.emplace_back(std::move(config));
    }
    decision_.records.emplace_back(record);
    for (std::size_t i = 0; i < assignment.size(); ++i) {
      decision_.records.emplace_back(
          new_partition(image_, record.topic_id, static_cast<std::int32_t>(i), assignment[i]));
    }
    describe(assignment, overrides, result);
  }

  void describe(const Assignment& assignment, const config::TopicOverrides& overrides,
                CreateTopicsResponse::CreatableTopicResult& result) const {
    result.error_message.reset();
    result.num_partitions = static_cast<std::int32_t>(assignment.size());
    result.replication_factor = static_cast<std::int16_t>(assignment.front().size());
    for (const config::Setting& setting : config::topic_settings()) {
      if (setting.is_internal) continue;
      CreateTopicsResponse::CreatableTopicConfigs entry;
      entry.name = setting.name;
      entry.value = config::topic_value(inputs_.settings, &overrides, setting.name);
      const auto broker_key = config::broker_key_of(setting.name);
      entry.config_source = overrides.contains(setting.name) ? kTopicSource
                            : !broker_key.empty() && is_given(inputs_.settings, broker_key)
                                ? kStaticBrokerSource
                                : kDefaultSource;
      result.configs->push_back(std::move(entry));
    }
  }

  const ClusterImage& image_;
  const ControllerInputs& inputs_;
  const CreateTopicsRequest& request_;
  ReplicaPlacer placer_;
  std::set<std::string> duplicates_;
  std::map<std::string, std::string> names_by_collision_key_;
  std::int32_t partitions_so_far_ = 0;
  CreateTopicsDecision decision_;
};

}  // namespace

CreateTopicsDecision create_topics(const ClusterImage& image, const ControllerInputs& inputs,
                                   const CreateTopicsRequest& request) {
  return TopicCreator(image, inputs, request).run();
}

}  // namespace odradek::metadata
