// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/alter_partition.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "metadata/controller/cluster.h"
#include "metadata/controller/partition_change.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/registration.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::AlterPartitionRequest;
using wire::AlterPartitionResponse;
using Asked = AlterPartitionRequest::PartitionData;
using Answer = AlterPartitionResponse::PartitionData;

constexpr wire::Version kFirstWithBrokerEpochs = 3;
constexpr std::int64_t kAnyEpoch = -1;

// The set that is asked for, with the epochs in which the leader saw its members.
std::vector<AlterPartitionRequest::BrokerState> members_of(const Asked& asked,
                                                           wire::Version version) {
  if (version >= kFirstWithBrokerEpochs) return asked.new_isr_with_epochs;
  std::vector<AlterPartitionRequest::BrokerState> members;
  for (const base::BrokerId replica : asked.new_isr) members.push_back({replica, kAnyEpoch});
  return members;
}

bool has_doubles(const ReplicaList& replicas) {
  ReplicaList sorted = replicas;
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

// What is wrong with a request for one partition; kNone: nothing.
ErrorCode check_epochs(const PartitionImage& partition, const Asked& asked, base::BrokerId leader) {
  if (asked.leader_epoch > partition.leader_epoch ||
      asked.partition_epoch > partition.partition_epoch) {
    return ErrorCode::kNotController;
  }
  if (asked.leader_epoch < partition.leader_epoch) return ErrorCode::kFencedLeaderEpoch;
  if (leader != partition.leader) return ErrorCode::kInvalidRequest;
  if (asked.partition_epoch < partition.partition_epoch) return ErrorCode::kInvalidUpdateVersion;
  return ErrorCode::kNone;
}

ErrorCode check_set(const PartitionImage& partition, const Asked& asked,
                    const ReplicaList& in_sync) {
  const bool recovers = asked.leader_recovery_state == kRecovering;
  const bool is_known_state = recovers || asked.leader_recovery_state == kRecovered;
  const bool is_possible =
      !in_sync.empty() && !has_doubles(in_sync) && contains_all(partition.replicas, in_sync) &&
      contains(in_sync, partition.leader) && is_known_state && !(recovers && in_sync.size() > 1) &&
      !(recovers && partition.leader_recovery_state == kRecovered);
  return is_possible ? ErrorCode::kNone : ErrorCode::kInvalidRequest;
}

ErrorCode check_members(const ClusterImage& image, const PartitionImage& partition,
                        const std::vector<AlterPartitionRequest::BrokerState>& members) {
  for (const auto& member : members) {
    const BrokerImage* broker = image.find_broker(member.broker_id);
    const auto at = std::ranges::find(partition.replicas, member.broker_id);
    const auto index = static_cast<std::size_t>(at - partition.replicas.begin());
    const bool is_eligible =
        at != partition.replicas.end() && is_live(image, member.broker_id) &&
        (member.broker_epoch == kAnyEpoch || member.broker_epoch == broker->epoch) &&
        has_directory(*broker, partition.directories[index]);
    if (!is_eligible) return ErrorCode::kIneligibleReplica;
  }
  return ErrorCode::kNone;
}

class Alterer {
 public:
  Alterer(const ControllerView& view, const AlterPartitionRequest& request, wire::Version version)
      : view_(view), request_(request), version_(version) {}

  AlterPartitionDecision run() {
    if (auto known = check_broker_epoch(view_.image, request_.broker_id, request_.broker_epoch);
        !known) {
      decision_.reply.error_code = known.error().code;
      return std::move(decision_);
    }
    for (const auto& asked : request_.topics) {
      auto& answer = decision_.reply.topics.emplace_back();
      answer.topic_name = asked.topic_name;
      answer.topic_id = asked.topic_id;
      const auto& topic = view_.image.find_topic(asked.topic_id);
      std::optional<TopicRules> rules;
      if (topic != nullptr) rules = rules_of(view_.image, view_.settings, *topic);
      for (const auto& partition : asked.partitions) {
        auto& result = answer.partitions.emplace_back();
        result.partition_index = partition.partition_index;
        result.error_code = topic == nullptr ? ErrorCode::kUnknownTopicId
                                             : alter(*topic, *rules, partition, result);
      }
    }
    return std::move(decision_);
  }

 private:
  ErrorCode alter(const TopicImage& topic, const TopicRules& rules, const Asked& asked,
                  Answer& answer) {
    if (!topic.has_partition(asked.partition_index)) return ErrorCode::kUnknownTopicOrPartition;
    const auto& partition = topic.partitions[static_cast<std::size_t>(asked.partition_index)];
    const auto members = members_of(asked, version_);
    ReplicaList in_sync;
    for (const auto& member : members) in_sync.push_back(member.broker_id);
    for (const ErrorCode error :
         {check_epochs(partition, asked, request_.broker_id), check_set(partition, asked, in_sync),
          check_members(view_.image, partition, members)}) {
      if (error != ErrorCode::kNone) return error;
    }
    PartitionChange change(view_.image, topic, asked.partition_index, rules);
    if (rules.may_elect_uncleanly) change.set_policy(ElectionPolicy::kUnclean);
    change.set_in_sync(std::move(in_sync));
    change.set_recovery_state(asked.leader_recovery_state);
    auto built = change.build({Reason::kAskedByLeader, request_.broker_id});
    const PartitionImage altered = built ? after(partition, built->record) : partition;
    if (built) {
      decision_.records.emplace_back(std::move(built->record));
      decision_.events.emplace_back(std::move(built->event));
    }
    if (altered.leader != request_.broker_id) return ErrorCode::kNewLeaderElected;
    answer.leader_id = altered.leader;
    answer.leader_epoch = altered.leader_epoch;
    answer.isr = altered.in_sync_replicas;
    answer.leader_recovery_state = altered.leader_recovery_state;
    answer.partition_epoch = altered.partition_epoch;
    return ErrorCode::kNone;
  }

  const ControllerView& view_;
  const AlterPartitionRequest& request_;
  const wire::Version version_;
  AlterPartitionDecision decision_;
};

}  // namespace

AlterPartitionDecision alter_partition(const ControllerView& view,
                                       const AlterPartitionRequest& request,
                                       wire::Version version) {
  return Alterer(view, request, version).run();
}

AllocateProducerIdsDecision allocate_producer_ids(const ClusterImage& image,
                                                  const wire::AllocateProducerIdsRequest& request) {
  AllocateProducerIdsDecision decision;
  if (auto known = check_broker_epoch(image, request.broker_id, request.broker_epoch); !known) {
    decision.reply.error_code = known.error().code;
    return decision;
  }
  if (image.next_producer_id.value() >
      std::numeric_limits<std::int64_t>::max() - kProducerIdBlockSize) {
    decision.reply.error_code = ErrorCode::kUnknownServerError;
    return decision;
  }
  decision.reply.producer_id_start = image.next_producer_id;
  decision.reply.producer_id_len = kProducerIdBlockSize;
  decision.records.push_back(allocate_producer_ids(image, *image.find_broker(request.broker_id)));
  return decision;
}

}  // namespace odradek::metadata
