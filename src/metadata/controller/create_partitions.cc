// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <map>
#include <set>
#include <utility>

#include "metadata/controller/placement.h"
#include "metadata/controller/topics.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::CreatePartitionsRequest;
using Assignment = std::vector<std::vector<base::BrokerId>>;

base::Result<> check_count(const TopicImage& topic, std::int32_t wanted) {
  const auto present = static_cast<std::int32_t>(topic.partitions.size());
  if (wanted < present) {
    return base::fail(ErrorCode::kInvalidPartitions,
                      fmt::format("The topic {} currently has {} partition(s); {} would not be an "
                                  "increase.",
                                  topic.name, present, wanted));
  }
  if (wanted == present) {
    return base::fail(ErrorCode::kInvalidPartitions,
                      fmt::format("Topic already has {} partition(s).", present));
  }
  constexpr std::int32_t kMaxPartitionsPerTopic = 100'000;
  if (wanted > kMaxPartitionsPerTopic) {
    return base::fail(
        ErrorCode::kInvalidPartitions,
        fmt::format("{} partitions; a topic has at most {}.", wanted, kMaxPartitionsPerTopic));
  }
  return {};
}

base::Result<Assignment> take_assignment(
    const ClusterImage& image, std::size_t factor, std::int32_t present, std::size_t count,
    const std::vector<CreatePartitionsRequest::CreatePartitionsAssignment>& given) {
  if (given.size() != count) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment,
                      fmt::format("Attempted to add {} additional partition(s), but only {} "
                                  "assignment(s) were specified.",
                                  count, given.size()));
  }
  Assignment assignment;
  for (const auto& partition : given) {
    const auto index = present + static_cast<std::int32_t>(assignment.size());
    if (auto valid = check_new_assignment(image, index, partition.broker_ids); !valid) {
      return base::fail(std::move(valid));
    }
    if (partition.broker_ids.size() != factor) {
      return base::fail(
          ErrorCode::kInvalidReplicaAssignment,
          fmt::format("The manual partition assignment includes a partition with {} replica(s), "
                      "but this is not consistent with previous partitions, which have {} "
                      "replica(s).",
                      partition.broker_ids.size(), factor));
    }
    assignment.push_back(partition.broker_ids);
  }
  return assignment;
}

base::Result<> grow(const ClusterImage& image, ReplicaPlacer& placer,
                    const CreatePartitionsRequest::CreatePartitionsTopic& wanted,
                    std::vector<MetadataRecord>& records) {
  const auto& topic = image.find_topic(wanted.name);
  if (topic == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("There is no topic '{}'.", wanted.name));
  }
  if (auto valid = check_count(*topic, wanted.count); !valid) return valid;
  const auto present = static_cast<std::int32_t>(topic->partitions.size());
  const std::int32_t count = wanted.count - present;
  const std::size_t factor = topic->partitions.front().replicas.size();
  auto assignment = wanted.assignments
                        ? take_assignment(image, factor, present, static_cast<std::size_t>(count),
                                          *wanted.assignments)
                        : placer.place(count, static_cast<std::int16_t>(factor));
  if (!assignment) return base::fail(std::move(assignment));
  for (std::int32_t i = 0; i < count; ++i) {
    records.emplace_back(
        new_partition(image, topic->id, present + i, (*assignment)[static_cast<std::size_t>(i)]));
  }
  return {};
}

}  // namespace

CreatePartitionsDecision create_partitions(const ClusterImage& image, const ControllerInputs&,
                                           const CreatePartitionsRequest& request) {
  CreatePartitionsDecision decision;
  std::map<std::string, int> counts;
  for (const auto& topic : request.topics) ++counts[topic.name];
  std::set<std::string> answered;
  ReplicaPlacer placer(image);
  for (const auto& topic : request.topics) {
    if (!answered.insert(topic.name).second) continue;
    auto& result = decision.reply.results.emplace_back();
    result.name = topic.name;
    auto grown = counts[topic.name] > 1
                     ? base::fail(ErrorCode::kInvalidRequest, "Duplicate topic name.")
                     : grow(image, placer, topic, decision.records);
    if (grown) continue;
    result.error_code = grown.error().code;
    result.error_message = std::move(grown).error().message;
  }
  if (request.validate_only) decision.records.clear();
  return decision;
}

}  // namespace odradek::metadata
