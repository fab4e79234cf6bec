// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "metadata/controller/partition_change.h"
#include "metadata/controller/partitions.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::AlterPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsResponse;

base::Result<> check_factor_kept(const PartitionImage& partition, const ReplicaList& target) {
  const std::size_t factor = without(partition.replicas, partition.removing_replicas).size();
  if (factor == target.size()) return {};
  return base::fail(
      ErrorCode::kInvalidReplicationFactor,
      fmt::format("The replication factor is changed from {} to {}", factor, target.size()));
}

// In ascending order, as Kafka writes them down.
ReplicaList sorted(ReplicaList list) {
  std::ranges::sort(list);
  return list;
}

// To `target`, from wherever the partition is: what an earlier reassignment added and this one does
// not want goes, what both want is still waited for.
void begin(PartitionChange& change, const PartitionImage& partition, const ReplicaList& target) {
  const ReplicaList original = without(partition.replicas, partition.adding_replicas);
  const ReplicaList removing = sorted(without(partition.replicas, target));
  ReplicaList replicas = target;
  std::ranges::copy(removing, std::back_inserter(replicas));
  change.set_replicas(std::move(replicas));
  change.set_reassignment(removing, sorted(without(target, original)));
}

// Back to the replicas that there were. Where only new ones have everything one of the old ones has
// to lead with what it has: only where unclean elections are allowed.
base::Result<> cancel(PartitionChange& change, const TopicImage& topic, std::int32_t index,
                      const PartitionImage& partition, const TopicRules& rules) {
  if (!is_reassigning(partition)) {
    return base::fail(ErrorCode::kNoReassignmentInProgress, "No partition reassignment found.");
  }
  const ReplicaList replicas = without(partition.replicas, partition.adding_replicas);
  const ReplicaList& complete = partition.in_sync_replicas.empty()
                                    ? partition.eligible_leader_replicas
                                    : partition.in_sync_replicas;
  const bool is_unclean = !complete.empty() && without(complete, partition.adding_replicas).empty();
  if (is_unclean && !rules.may_elect_uncleanly) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment,
                      fmt::format("Unable to revert partition assignment for {}:{} because it "
                                  "would require an unclean leader election.",
                                  topic.name, index));
  }
  if (replicas.empty()) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment,
                      "Invalid replica assignment: addingReplicas contains all replicas.");
  }
  change.set_replicas(replicas);
  change.set_in_sync(without(partition.in_sync_replicas, partition.adding_replicas));
  change.set_reassignment({}, {});
  if (rules.may_elect_uncleanly) change.set_policy(ElectionPolicy::kUnclean);
  return {};
}

using Wanted = AlterPartitionReassignmentsRequest::ReassignablePartition;

base::Result<> prepare(PartitionChange& change, const ClusterImage& image, const TopicImage& topic,
                       const TopicRules& rules, const Wanted& wanted, bool may_change_factor) {
  const std::int32_t index = wanted.partition_index;
  const PartitionImage& partition = topic.partitions[static_cast<std::size_t>(index)];
  if (!wanted.replicas) return cancel(change, topic, index, partition, rules);
  if (auto valid = check_assignment(image, *wanted.replicas); !valid) return valid;
  if (!may_change_factor) {
    if (auto kept = check_factor_kept(partition, *wanted.replicas); !kept) return kept;
  }
  begin(change, partition, *wanted.replicas);
  return {};
}

base::Result<std::optional<PartitionChange::Built>> reassign(const ControllerView& view,
                                                             const std::string& name,
                                                             const Wanted& wanted,
                                                             bool may_change_factor) {
  const auto& topic = view.image.find_topic(name);
  if (topic == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("Unable to find a topic named {}.", name));
  }
  if (!topic->has_partition(wanted.partition_index)) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("Unable to find partition {}:{}.", name, wanted.partition_index));
  }
  const TopicRules rules = rules_of(view.image, view.settings, *topic);
  PartitionChange change(view.image, *topic, wanted.partition_index, rules);
  if (auto ready = prepare(change, view.image, *topic, rules, wanted, may_change_factor); !ready) {
    return base::fail(std::move(ready));
  }
  return change.build({Reason::kAskedByAdmin});
}

// The partitions asked for, or all of the topic's, where they are being reassigned.
void list(const TopicImage& topic, const std::vector<std::int32_t>* indexes,
          ListPartitionReassignmentsResponse& response) {
  ListPartitionReassignmentsResponse::OngoingTopicReassignment ongoing;
  ongoing.name = topic.name;
  const auto add = [&](std::int32_t index) {
    if (!topic.has_partition(index)) return;
    const PartitionImage& partition = topic.partitions[static_cast<std::size_t>(index)];
    if (!is_reassigning(partition)) return;
    ongoing.partitions.push_back(
        {index, partition.replicas, partition.adding_replicas, partition.removing_replicas});
  };
  if (indexes != nullptr) {
    std::ranges::for_each(*indexes, add);
  } else {
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) add(static_cast<std::int32_t>(i));
  }
  if (!ongoing.partitions.empty()) response.topics.push_back(std::move(ongoing));
}

}  // namespace

AlterReassignmentsDecision alter_partition_reassignments(
    const ControllerView& view, const AlterPartitionReassignmentsRequest& request) {
  AlterReassignmentsDecision decision;
  if (request.topics.empty()) return decision;
  decision.reply.error_message.reset();
  decision.reply.allow_replication_factor_change = request.allow_replication_factor_change;
  for (const auto& topic : request.topics) {
    auto& answer = decision.reply.responses.emplace_back();
    answer.name = topic.name;
    for (const auto& partition : topic.partitions) {
      auto& result = answer.partitions.emplace_back();
      result.partition_index = partition.partition_index;
      auto built = reassign(view, topic.name, partition, request.allow_replication_factor_change);
      if (!built) {
        result.error_code = built.error().code;
        result.error_message = std::move(built).error().message;
        continue;
      }
      result.error_message.reset();
      if (!*built) continue;
      decision.records.emplace_back(std::move((*built)->record));
      decision.events.emplace_back(std::move((*built)->event));
    }
  }
  return decision;
}

ListPartitionReassignmentsResponse list_partition_reassignments(
    const ClusterImage& image, const ListPartitionReassignmentsRequest& request) {
  ListPartitionReassignmentsResponse response;
  response.error_message.reset();
  if (!request.topics) {
    image.topics_by_name.for_each(
        [&](const std::string&, const auto& topic) { list(*topic, nullptr, response); });
    std::ranges::sort(response.topics, {}, [](const auto& topic) { return topic.name; });
    return response;
  }
  for (const auto& wanted : *request.topics) {
    const auto& topic = image.find_topic(wanted.name);
    if (topic != nullptr) list(*topic, &wanted.partition_indexes, response);
  }
  return response;
}

}  // namespace odradek::metadata
