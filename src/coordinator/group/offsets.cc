// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <utility>

#include "coordinator/group/group_machine.h"
#include "coordinator/group/membership.h"
#include "coordinator/group/rebalance.h"
#include "coordinator/group/records.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;
using wire::OffsetCommitRequest;

// Whether a commit comes from the group as it is. `group` may be null.
ErrorCode check_commit(const Group* group, const OffsetCommitRequest& request) {
  const std::int32_t generation = request.generation_id_or_member_epoch;
  if (group == nullptr) {
    return generation >= 0 ? ErrorCode::kIllegalGeneration : ErrorCode::kNone;
  }
  // Administrators, and consumers that assign themselves, commit to a group without members.
  if (generation < 0 && group->state == GroupState::kEmpty) return ErrorCode::kNone;
  if (generation < 0 && request.member_id.empty() && !request.group_instance_id) {
    return ErrorCode::kUnknownMemberId;
  }
  const ErrorCode member = check_member(*group, request.member_id, request.group_instance_id);
  if (member != ErrorCode::kNone) return member;
  if (generation != group->generation) return ErrorCode::kIllegalGeneration;
  return group->state == GroupState::kCompletingRebalance ? ErrorCode::kRebalanceInProgress
                                                          : ErrorCode::kNone;
}

CommittedOffset to_committed(const OffsetCommitRequest& request,
                             const OffsetCommitRequest::OffsetCommitRequestTopic& topic,
                             const OffsetCommitRequest::OffsetCommitRequestPartition& partition,
                             const Now& now) {
  CommittedOffset offset;
  offset.offset = partition.committed_offset;
  offset.leader_epoch = partition.committed_leader_epoch;
  offset.metadata = partition.committed_metadata.value_or("");
  offset.commit_time =
      partition.commit_timestamp >= 0 ? base::Timestamp(partition.commit_timestamp) : now.wall;
  if (request.retention_time_ms >= 0) {
    // The client's numbers: their sum may lie beyond the end of time.
    const std::int64_t left = std::numeric_limits<std::int64_t>::max() - offset.commit_time.value();
    offset.expire_time =
        base::Timestamp(offset.commit_time.value() + std::min(request.retention_time_ms, left));
  }
  offset.topic_id = topic.topic_id;
  return offset;
}

using FetchedTopics = std::vector<wire::OffsetFetchResponse::OffsetFetchResponseTopics>;

wire::OffsetFetchResponse::OffsetFetchResponsePartitions to_fetched(std::int32_t partition,
                                                                    const CommittedOffset* offset) {
  wire::OffsetFetchResponse::OffsetFetchResponsePartitions answer;
  answer.partition_index = partition;
  answer.committed_offset = offset == nullptr ? base::kNoOffset : offset->offset;
  if (offset != nullptr) {
    answer.committed_leader_epoch = offset->leader_epoch;
    answer.metadata = offset->metadata;
  }
  return answer;
}

FetchedTopics all_offsets(const Group* group) {
  FetchedTopics topics;
  if (group == nullptr) return topics;
  for (const auto& [key, offset] : group->offsets) {
    if (topics.empty() || topics.back().name != key.first) topics.emplace_back().name = key.first;
    topics.back().topic_id = offset.topic_id;
    topics.back().partitions.push_back(to_fetched(key.second, &offset));
  }
  return topics;
}

}  // namespace

Answer<wire::OffsetCommitResponse> GroupMachine::commit_offsets(const OffsetCommitRequest& request,
                                                                wire::Version version,
                                                                const Now& now) {
  Answer<wire::OffsetCommitResponse> answer;
  // However many partitions a client commits at once, they need not be one batch.
  answer.outcome.is_divisible = true;
  Group* group = find(request.group_id);
  ErrorCode code = check_commit(group, request);
  // Version 0 came before generations: its code for a wrong one is not known there.
  if (version < 1 && code == ErrorCode::kIllegalGeneration) code = ErrorCode::kUnknownMemberId;
  if (code == ErrorCode::kNone && group == nullptr) group = &get_or_create(request.group_id, now);
  if (code == ErrorCode::kNone && !request.member_id.empty()) {
    const auto member = group->members.find(request.member_id);
    if (member != group->members.end()) {
      Rebalance(settings_, *group, now, answer.outcome).renew_session(member->second);
    }
  }
  for (const auto& topic : request.topics) {
    auto& topic_answer = answer.reply.topics.emplace_back();
    topic_answer.name = topic.name;
    topic_answer.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      auto& partition_answer = topic_answer.partitions.emplace_back();
      partition_answer.partition_index = partition.partition_index;
      partition_answer.error_code = code;
      if (code != ErrorCode::kNone) continue;
      const std::size_t size = partition.committed_metadata.value_or("").size();
      if (size > static_cast<std::size_t>(settings_.offset_metadata_max_bytes)) {
        partition_answer.error_code = ErrorCode::kOffsetMetadataTooLarge;
        continue;
      }
      OffsetKey key{topic.name, partition.partition_index};
      CommittedOffset offset = to_committed(request, topic, partition, now);
      answer.outcome.records.push_back(offset_record(group->id, key, offset));
      group->offsets[std::move(key)] = std::move(offset);
    }
  }
  return answer;
}

wire::OffsetFetchResponse::OffsetFetchResponseGroup GroupMachine::fetch_offsets(
    const wire::OffsetFetchRequest::OffsetFetchRequestGroup& request) const {
  wire::OffsetFetchResponse::OffsetFetchResponseGroup answer;
  answer.group_id = request.group_id;
  const Group* group = find(request.group_id);
  if (!request.topics) {
    answer.topics = all_offsets(group);
    return answer;
  }
  for (const auto& topic : *request.topics) {
    auto& topic_answer = answer.topics.emplace_back();
    topic_answer.name = topic.name;
    topic_answer.topic_id = topic.topic_id;
    for (const std::int32_t partition : topic.partition_indexes) {
      const CommittedOffset* offset = nullptr;
      if (group != nullptr) {
        const auto found = group->offsets.find(OffsetKey(topic.name, partition));
        if (found != group->offsets.end()) offset = &found->second;
      }
      topic_answer.partitions.push_back(to_fetched(partition, offset));
    }
  }
  return answer;
}

Answer<wire::OffsetDeleteResponse> GroupMachine::delete_offsets(
    const wire::OffsetDeleteRequest& request) {
  Answer<wire::OffsetDeleteResponse> answer;
  answer.outcome.is_divisible = true;
  Group* group = find(request.group_id);
  if (group == nullptr) {
    answer.reply.error_code = ErrorCode::kGroupIdNotFound;
    return answer;
  }
  const bool is_consumer = group->protocol_type == kConsumerProtocolType;
  if (!group->members.empty() && !is_consumer) {
    answer.reply.error_code = ErrorCode::kNonEmptyGroup;
    return answer;
  }
  const auto subscribed =
      group->members.empty() ? std::optional(std::set<std::string>{}) : subscribed_topics(*group);
  for (const auto& topic : request.topics) {
    auto& topic_answer = answer.reply.topics.emplace_back();
    topic_answer.name = topic.name;
    // Metadata that can't be read may mean a subscription.
    const bool is_subscribed = !subscribed || subscribed->contains(topic.name);
    for (const auto& partition : topic.partitions) {
      auto& partition_answer = topic_answer.partitions.emplace_back();
      partition_answer.partition_index = partition.partition_index;
      if (is_subscribed) {
        partition_answer.error_code = ErrorCode::kGroupSubscribedToTopic;
        continue;
      }
      const OffsetKey key{topic.name, partition.partition_index};
      if (group->offsets.erase(key) > 0) {
        answer.outcome.records.push_back(offset_tombstone(group->id, key));
      }
    }
  }
  return answer;
}

Outcome GroupMachine::forget_offsets(const IsTopicGone& is_gone) {
  Outcome outcome;
  outcome.is_divisible = true;
  for (const auto& [id, group] : groups_) {
    std::erase_if(group->offsets, [&](const auto& entry) {
      if (!is_gone(entry.first.first, entry.second.topic_id)) return false;
      outcome.records.push_back(offset_tombstone(id, entry.first));
      return true;
    });
  }
  return outcome;
}

}  // namespace odradek::coordinator::group
