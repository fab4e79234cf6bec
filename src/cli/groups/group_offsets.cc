// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "cli/admin/error_text.h"
#include "cli/groups/group_client.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> failed(ErrorCode code) {
  return base::fail(code, error_text(code, std::nullopt));
}

template <typename Partition>
std::optional<CommittedOffset> committed(const Partition& partition) {
  if (partition.committed_offset.value() < 0) return std::nullopt;
  CommittedOffset offset{partition.committed_offset.value(), std::nullopt};
  if (partition.committed_leader_epoch.value() >= 0) {
    offset.leader_epoch = partition.committed_leader_epoch.value();
  }
  return offset;
}

template <typename Topic>
void add_offsets(const std::vector<Topic>& found, const TopicTable& topics,
                 CommittedOffsets& offsets) {
  for (const Topic& topic : found) {
    std::string name = topic.name;
    if constexpr (requires { topic.topic_id; }) {
      if (name.empty()) name = topics.name_of(topic.topic_id);
    }
    for (const auto& partition : topic.partitions) {
      if (const auto offset = committed(partition)) {
        offsets[{name, partition.partition_index}] = *offset;
      }
    }
  }
}

wire::OffsetFetchRequest all_offsets_of(const std::string& group) {
  wire::OffsetFetchRequest request;
  request.group_id = group;
  request.topics.reset();
  return request;
}

// As servers before Kafka 3.0 have to be asked.
base::Result<> fetch_one_by_one(Admin& admin, base::BrokerId coordinator,
                                const std::vector<std::string>& groups,
                                std::map<std::string, CommittedOffsets>& offsets) {
  for (const std::string& group : groups) {
    auto answer = admin.ask<wire::OffsetFetchResponse>(coordinator, all_offsets_of(group));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code == ErrorCode::kGroupIdNotFound) continue;
    if (answer->error_code != ErrorCode::kNone) return failed(answer->error_code);
    add_offsets(answer->topics, TopicTable(), offsets[group]);
  }
  return {};
}

using Questions = std::map<base::BrokerId, wire::ListOffsetsRequest>;

Questions questions(const TopicTable& topics, const std::vector<base::TopicPartition>& of,
                    std::int64_t timestamp, bool stable_only) {
  Questions questions;
  for (const base::TopicPartition& partition : of) {
    const auto* topic = topics.find(partition.topic);
    if (topic == nullptr) continue;
    const auto leader = topic->leaders.find(partition.partition);
    if (leader == topic->leaders.end() || leader->second == base::kNoBroker) continue;
    auto& request = questions[leader->second];
    request.replica_id = base::kNoBroker;
    request.isolation_level = stable_only ? 1 : 0;
    request.timeout_ms = 30'000;
    auto found = std::ranges::find(request.topics, partition.topic,
                                   &wire::ListOffsetsRequest::ListOffsetsTopic::name);
    if (found == request.topics.end()) {
      request.topics.push_back({partition.topic, {}});
      found = std::prev(request.topics.end());
    }
    found->partitions.push_back(
        {partition.partition, base::kNoLeaderEpoch, base::Timestamp(timestamp), 1});
  }
  return questions;
}

base::Result<std::map<std::string, CommittedOffsets>> committed_offsets_once(
    Admin& admin, const TopicTable& topics, const std::vector<std::string>& groups) {
  auto located = admin.by_coordinator(groups);
  if (!located) return base::fail(std::move(located));
  std::map<std::string, CommittedOffsets> offsets;
  for (const auto& [coordinator, ids] : *located) {
    wire::OffsetFetchRequest request;
    for (const std::string& id : ids)
      request.groups.push_back({id, std::nullopt, -1, std::nullopt});
    auto answer = admin.ask<wire::OffsetFetchResponse>(coordinator, std::move(request));
    if (!answer && answer.error().code == ErrorCode::kUnsupportedVersion) {
      if (auto done = fetch_one_by_one(admin, coordinator, ids, offsets); !done) {
        return base::fail(std::move(done));
      }
      continue;
    }
    if (!answer) return base::fail(std::move(answer));
    for (const auto& found : answer->groups) {
      if (found.error_code == ErrorCode::kGroupIdNotFound) continue;
      if (found.error_code != ErrorCode::kNone) return failed(found.error_code);
      add_offsets(found.topics, topics, offsets[found.group_id]);
    }
  }
  return offsets;
}

base::Result<> commit_offsets_once(Admin& admin, const TopicTable& topics, const std::string& group,
                                   const OffsetPlan& offsets) {
  if (offsets.empty()) return {};
  auto coordinator = admin.coordinator_of(group);
  if (!coordinator) return base::fail(std::move(coordinator));
  wire::OffsetCommitRequest request;
  request.group_id = group;
  for (const auto& [partition, offset] : offsets) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      const auto* topic = topics.find(partition.topic);
      request.topics.push_back({partition.topic, topic == nullptr ? base::Uuid{} : topic->id, {}});
    }
    auto& committed = request.topics.back().partitions.emplace_back();
    committed.partition_index = partition.partition;
    committed.committed_offset = base::Offset(offset);
  }
  auto answer = admin.ask<wire::OffsetCommitResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      if (partition.error_code != ErrorCode::kNone) return failed(partition.error_code);
    }
  }
  return {};
}

base::Result<OffsetDeletion> delete_offsets_once(
    Admin& admin, const std::string& group, const std::vector<base::TopicPartition>& partitions) {
  auto coordinator = admin.coordinator_of(group);
  if (!coordinator) return base::fail(std::move(coordinator));
  wire::OffsetDeleteRequest request;
  request.group_id = group;
  for (const base::TopicPartition& partition : partitions) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      request.topics.push_back({partition.topic, {}});
    }
    request.topics.back().partitions.push_back({partition.partition});
  }
  auto answer = admin.ask<wire::OffsetDeleteResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  OffsetDeletion deletion{answer->error_code, {}};
  for (const auto& topic : answer->topics) {
    for (const auto& partition : topic.partitions) {
      deletion.partitions[{topic.name, partition.partition_index}] = partition.error_code;
    }
  }
  return deletion;
}

}  // namespace

base::Result<TopicTable> TopicTable::load(Admin& admin) {
  wire::MetadataRequest request;
  request.topics.reset();
  request.allow_auto_topic_creation = false;
  auto answer = admin.ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  TopicTable table;
  for (const auto& found : answer->topics) {
    const std::string name = found.name.value_or("");
    Topic& topic = table.topics_[name];
    topic.id = found.topic_id;
    for (const auto& partition : found.partitions) {
      topic.leaders[partition.partition_index] = partition.leader_id;
    }
    table.names_[found.topic_id] = name;
  }
  return table;
}

std::vector<std::string> TopicTable::names() const {
  std::vector<std::string> names;
  for (const auto& [name, topic] : topics_) names.push_back(name);
  return names;
}

const TopicTable::Topic* TopicTable::find(const std::string& name) const {
  const auto found = topics_.find(name);
  return found == topics_.end() ? nullptr : &found->second;
}

std::string TopicTable::name_of(const base::Uuid& id) const {
  const auto found = names_.find(id);
  return found == names_.end() ? std::string() : found->second;
}

std::vector<base::TopicPartition> TopicTable::partitions_of(const std::string& topic) const {
  std::vector<base::TopicPartition> partitions;
  if (const Topic* found = find(topic)) {
    for (const auto& [index, leader] : found->leaders) partitions.push_back({topic, index});
  }
  return partitions;
}

base::Result<CommittedOffsets> committed_offsets(Admin& admin, const TopicTable& topics,
                                                 const std::string& group) {
  auto offsets = committed_offsets(admin, topics, std::vector<std::string>{group});
  if (!offsets) return base::fail(std::move(offsets));
  return std::move((*offsets)[group]);
}

base::Result<OffsetPlan> list_offsets(Admin& admin, const TopicTable& topics,
                                      const std::vector<base::TopicPartition>& of,
                                      std::int64_t timestamp, bool stable_only) {
  OffsetPlan offsets;
  for (auto& [leader, request] : questions(topics, of, timestamp, stable_only)) {
    auto answer = admin.ask<wire::ListOffsetsResponse>(leader, request);
    if (!answer) return base::fail(std::move(answer));
    for (const auto& topic : answer->topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != ErrorCode::kNone) return failed(partition.error_code);
        offsets[{topic.name, partition.partition_index}] = partition.offset.value();
      }
    }
  }
  return offsets;
}

base::Result<std::map<std::string, CommittedOffsets>> committed_offsets(
    Admin& admin, const TopicTable& topics, const std::vector<std::string>& groups) {
  return admin.retry([&] { return committed_offsets_once(admin, topics, groups); });
}

base::Result<> commit_offsets(Admin& admin, const TopicTable& topics, const std::string& group,
                              const OffsetPlan& offsets) {
  return admin.retry([&] { return commit_offsets_once(admin, topics, group, offsets); });
}

base::Result<OffsetDeletion> delete_offsets(Admin& admin, const std::string& group,
                                            const std::vector<base::TopicPartition>& partitions) {
  return admin.retry([&] { return delete_offsets_once(admin, group, partitions); },
                     [](const OffsetDeletion& deletion) { return deletion.code; });
}

}  // namespace odradek::cli
