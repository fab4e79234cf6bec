// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "metadata/controller/directories.h"
#include "metadata/controller/partition_change.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/registration.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {

std::vector<MetadataRecord> assign_directories(const ClusterImage& image, base::BrokerId broker,
                                               std::span<const DirectoryAssignment> assignments) {
  std::vector<MetadataRecord> records;
  for (const DirectoryAssignment& assignment : assignments) {
    const auto& topic = image.find_topic(assignment.topic_id);
    if (topic == nullptr || !topic->has_partition(assignment.partition)) continue;
    const auto& partition = topic->partitions[static_cast<std::size_t>(assignment.partition)];
    const auto replica = std::ranges::find(partition.replicas, broker);
    if (replica == partition.replicas.end()) continue;
    const auto index = static_cast<std::size_t>(replica - partition.replicas.begin());
    if (partition.directories[index] == assignment.directory) continue;
    wire::PartitionChangeRecord change;
    change.topic_id = topic->id;
    change.partition_id = assignment.partition;
    change.directories = partition.directories;
    (*change.directories)[index] = assignment.directory;
    records.emplace_back(std::move(change));
  }
  return records;
}

namespace {

using base::ErrorCode;

// What the broker has is damaged: it counts for nothing until it says again where its replica lies.
// Only where somebody else leads then; else it stays what it is, for better is not to be had.
ErrorCode lose_log(const ControllerView& view, base::BrokerId broker, const TopicImage& topic,
                   std::int32_t index, const TopicRules& rules, Changes& changes) {
  PartitionChange change(view.image, topic, index, rules);
  change.set_directory(broker, base::kDirectoryLost);
  change.broker_lost_log(broker);
  auto built = change.build({Reason::kLogDamaged, broker});
  const PartitionImage& partition = topic.partitions[static_cast<std::size_t>(index)];
  const base::BrokerId leader = built ? after(partition, built->record).leader : partition.leader;
  if (leader == base::kNoBroker) return ErrorCode::kEligibleLeadersNotAvailable;
  add(std::move(built), changes);
  return ErrorCode::kNone;
}

ErrorCode assign(const ControllerView& view, base::BrokerId broker, const base::Uuid& directory,
                 const TopicImage& topic, std::int32_t index, Changes& changes) {
  if (!topic.has_partition(index)) return ErrorCode::kUnknownTopicOrPartition;
  const PartitionImage& partition = topic.partitions[static_cast<std::size_t>(index)];
  if (!contains(partition.replicas, broker)) return ErrorCode::kNotLeaderOrFollower;
  const TopicRules rules = rules_of(view.image, view.settings, topic);
  if (directory == base::kDirectoryLost)
    return lose_log(view, broker, topic, index, rules, changes);
  PartitionChange change(view.image, topic, index, rules);
  change.set_directory(broker, directory);
  if (rules.may_elect_uncleanly) change.set_policy(ElectionPolicy::kUnclean);
  if (!has_directory(*view.image.find_broker(broker), directory)) {
    change.broker_goes(broker);
    change.set_in_sync(without(partition.in_sync_replicas, broker));
  }
  add(change.build({Reason::kDirectoryAssigned, broker}), changes);
  return ErrorCode::kNone;
}

}  // namespace

AssignReplicasDecision assign_replicas_to_dirs(const ControllerView& view,
                                               const wire::AssignReplicasToDirsRequest& request) {
  AssignReplicasDecision decision;
  if (auto known = check_broker_epoch(view.image, request.broker_id, request.broker_epoch);
      !known) {
    decision.reply.error_code = known.error().code;
    return decision;
  }
  Changes changes;
  for (const auto& directory : request.directories) {
    auto& answer = decision.reply.directories.emplace_back();
    answer.id = directory.id;
    for (const auto& asked : directory.topics) {
      auto& answered = answer.topics.emplace_back();
      answered.topic_id = asked.topic_id;
      const auto& topic = view.image.find_topic(asked.topic_id);
      for (const auto& partition : asked.partitions) {
        const std::int32_t index = partition.partition_index;
        answered.partitions.push_back(
            {index, topic == nullptr
                        ? ErrorCode::kUnknownTopicId
                        : assign(view, request.broker_id, directory.id, *topic, index, changes)});
      }
    }
  }
  decision.records = std::move(changes.records);
  decision.events = std::move(changes.events);
  return decision;
}

}  // namespace odradek::metadata
