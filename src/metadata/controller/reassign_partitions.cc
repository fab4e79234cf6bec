// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "metadata/controller/partitions.h"
#include "metadata/controller/placement.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::AlterPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsRequest;
using wire::ListPartitionReassignmentsResponse;
using Brokers = std::vector<base::BrokerId>;

bool contains(const Brokers& brokers, base::BrokerId broker) {
  return std::ranges::find(brokers, broker) != brokers.end();
}

bool contains_all(const Brokers& brokers, const Brokers& wanted) {
  return std::ranges::all_of(wanted,
                             [&](base::BrokerId broker) { return contains(brokers, broker); });
}

Brokers without(const Brokers& brokers, const Brokers& left_out) {
  Brokers rest;
  std::ranges::copy_if(brokers, std::back_inserter(rest),
                       [&](base::BrokerId broker) { return !contains(left_out, broker); });
  return rest;
}

bool is_reassigning(const PartitionImage& partition) {
  return !partition.removing_replicas.empty() || !partition.adding_replicas.empty();
}

// Makes the change from one state of a partition to another; only what differs is recorded.
class Change {
 public:
  Change(const ClusterImage& image, const PartitionImage& partition)
      : image_(image), partition_(partition), next_(partition) {}

  void set_replicas(Brokers replicas) {
    next_.directories.clear();
    for (const base::BrokerId replica : replicas) {
      next_.directories.push_back(directory_of(replica));
    }
    next_.replicas = std::move(replicas);
  }
  void set_in_sync(Brokers replicas) { next_.in_sync_replicas = std::move(replicas); }
  void set_reassignment(Brokers removing, Brokers adding) {
    next_.removing_replicas = std::move(removing);
    next_.adding_replicas = std::move(adding);
  }

  // Nothing, where nothing changes.
  std::optional<MetadataRecord> record(const TopicImage& topic, std::int32_t index) {
    choose_leader();
    if (next_ == partition_) return std::nullopt;
    wire::PartitionChangeRecord change;
    change.topic_id = topic.id;
    change.partition_id = index;
    put(partition_.replicas, next_.replicas, change.replicas);
    put(partition_.directories, next_.directories, change.directories);
    put(partition_.in_sync_replicas, next_.in_sync_replicas, change.isr);
    put(partition_.removing_replicas, next_.removing_replicas, change.removing_replicas);
    put(partition_.adding_replicas, next_.adding_replicas, change.adding_replicas);
    if (next_.leader != partition_.leader) change.leader = next_.leader;
    return change;
  }

 private:
  template <typename Value>
  static void put(const Value& before, const Value& after, std::optional<Value>& field) {
    if (before != after) field = after;
  }
  // A replica stays in its directory; a new one's broker chooses.
  base::Uuid directory_of(base::BrokerId replica) const {
    for (std::size_t i = 0; i < partition_.replicas.size(); ++i) {
      if (partition_.replicas[i] == replica) return partition_.directories[i];
    }
    return default_directory(image_, replica);
  }
  void choose_leader() {
    if (contains(next_.in_sync_replicas, next_.leader)) return;
    const auto live = std::ranges::find_if(next_.replicas, [this](base::BrokerId replica) {
      return contains(next_.in_sync_replicas, replica) && is_live(image_, replica);
    });
    next_.leader = live == next_.replicas.end() ? base::kNoBroker : *live;
  }

  const ClusterImage& image_;
  const PartitionImage& partition_;
  PartitionImage next_;
};

base::Result<> check_factor_kept(const PartitionImage& partition, const Brokers& target) {
  const std::size_t factor = without(partition.replicas, partition.removing_replicas).size();
  if (factor == target.size()) return {};
  return base::fail(
      ErrorCode::kInvalidReplicationFactor,
      fmt::format("The replication factor is changed from {} to {}", factor, target.size()));
}

void begin(Change& change, const PartitionImage& partition, const Brokers& target) {
  const Brokers removing = without(partition.replicas, target);
  const Brokers adding = without(target, partition.replicas);
  const Brokers in_sync = without(partition.in_sync_replicas, removing);
  const bool shrinks = adding.size() < removing.size();
  const bool is_reached = !in_sync.empty() && contains_all(in_sync, adding) &&
                          (!shrinks || contains_all(in_sync, target));
  if (is_reached) {
    change.set_replicas(target);
    change.set_in_sync(in_sync);
    change.set_reassignment({}, {});
    return;
  }
  Brokers replicas = target;
  std::ranges::copy(removing, std::back_inserter(replicas));
  change.set_replicas(std::move(replicas));
  change.set_reassignment(removing, adding);
}

base::Result<> cancel(Change& change, const std::string& topic, std::int32_t index,
                      const PartitionImage& partition) {
  if (!is_reassigning(partition)) {
    return base::fail(ErrorCode::kNoReassignmentInProgress, "No partition reassignment found.");
  }
  const Brokers in_sync = without(partition.in_sync_replicas, partition.adding_replicas);
  if (in_sync.empty()) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment,
                      fmt::format("Unable to revert partition assignment for {}:{} because it "
                                  "would require an unclean leader election.",
                                  topic, index));
  }
  change.set_replicas(without(partition.replicas, partition.adding_replicas));
  change.set_in_sync(in_sync);
  change.set_reassignment({}, {});
  return {};
}

base::Result<std::optional<MetadataRecord>> reassign(
    const ClusterImage& image, const std::string& name,
    const AlterPartitionReassignmentsRequest::ReassignablePartition& wanted,
    bool may_change_factor) {
  const auto& topic = image.find_topic(name);
  if (topic == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("Unable to find a topic named {}.", name));
  }
  const std::int32_t index = wanted.partition_index;
  if (!topic->has_partition(index)) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("Unable to find partition {}:{}.", name, index));
  }
  const PartitionImage& partition = topic->partitions[static_cast<std::size_t>(index)];
  Change change(image, partition);
  if (!wanted.replicas) {
    if (auto done = cancel(change, name, index, partition); !done) {
      return base::fail(std::move(done));
    }
    return change.record(*topic, index);
  }
  if (auto valid = check_assignment(image, *wanted.replicas); !valid) {
    return base::fail(std::move(valid));
  }
  if (!may_change_factor) {
    if (auto kept = check_factor_kept(partition, *wanted.replicas); !kept) {
      return base::fail(std::move(kept));
    }
  }
  begin(change, partition, *wanted.replicas);
  return change.record(*topic, index);
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
    const ClusterImage& image, const AlterPartitionReassignmentsRequest& request) {
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
      auto record = reassign(image, topic.name, partition, request.allow_replication_factor_change);
      if (!record) {
        result.error_code = record.error().code;
        result.error_message = std::move(record).error().message;
        continue;
      }
      result.error_message.reset();
      if (*record) decision.records.push_back(std::move(**record));
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
