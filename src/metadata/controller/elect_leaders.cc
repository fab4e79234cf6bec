// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "metadata/controller/partitions.h"
#include "metadata/controller/placement.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::ElectLeadersRequest;
using wire::ElectLeadersResponse;

enum class ElectionType : std::int8_t { kPreferred = 0, kUnclean = 1 };

bool contains(const std::vector<base::BrokerId>& brokers, base::BrokerId broker) {
  return std::ranges::find(brokers, broker) != brokers.end();
}

wire::PartitionChangeRecord change_of(const TopicImage& topic, std::int32_t index,
                                      base::BrokerId leader) {
  wire::PartitionChangeRecord change;
  change.topic_id = topic.id;
  change.partition_id = index;
  change.leader = leader;
  return change;
}

base::Result<MetadataRecord> elect_preferred(const ClusterImage& image, const TopicImage& topic,
                                             std::int32_t index, const PartitionImage& partition) {
  const base::BrokerId preferred = partition.replicas.front();
  if (partition.leader == preferred) return base::fail(ErrorCode::kElectionNotNeeded);
  if (!contains(partition.in_sync_replicas, preferred) || !is_live(image, preferred)) {
    return base::fail(ErrorCode::kPreferredLeaderNotAvailable);
  }
  return change_of(topic, index, preferred);
}

// The live replica that most likely has everything: one in sync, else an eligible one, else any.
std::optional<base::BrokerId> choose_unclean(const ClusterImage& image,
                                             const PartitionImage& partition) {
  for (const auto* candidates :
       {&partition.in_sync_replicas, &partition.eligible_leader_replicas, &partition.replicas}) {
    for (const base::BrokerId replica : *candidates) {
      if (is_live(image, replica)) return replica;
    }
  }
  return std::nullopt;
}

base::Result<MetadataRecord> elect_unclean(const ClusterImage& image, const TopicImage& topic,
                                           std::int32_t index, const PartitionImage& partition) {
  if (partition.leader != base::kNoBroker) return base::fail(ErrorCode::kElectionNotNeeded);
  const auto chosen = choose_unclean(image, partition);
  if (!chosen) return base::fail(ErrorCode::kEligibleLeadersNotAvailable);
  auto change = change_of(topic, index, *chosen);
  if (!contains(partition.in_sync_replicas, *chosen)) {
    change.isr = {*chosen};
    change.eligible_leader_replicas.emplace();
    change.last_known_elr.emplace();
  }
  return change;
}

base::Result<MetadataRecord> elect(const ClusterImage& image, const std::string& name,
                                   std::int32_t index, ElectionType type) {
  const auto& topic = image.find_topic(name);
  if (topic == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition, "No such topic as " + name);
  }
  if (!topic->has_partition(index)) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("No such partition as {}-{}", name, index));
  }
  const PartitionImage& partition = topic->partitions[static_cast<std::size_t>(index)];
  return type == ElectionType::kPreferred ? elect_preferred(image, *topic, index, partition)
                                          : elect_unclean(image, *topic, index, partition);
}

class Elections {
 public:
  Elections(const ClusterImage& image, ElectionType type) : image_(image), type_(type) {}

  void elect_named(const std::vector<ElectLeadersRequest::TopicPartitions>& topics) {
    for (const auto& topic : topics) {
      auto& answer = begin(topic.topic);
      for (const std::int32_t index : topic.partitions) run(answer, index, true);
    }
  }
  void elect_all() {
    std::vector<std::shared_ptr<const TopicImage>> topics;
    image_.topics_by_name.for_each(
        [&topics](const std::string&, const auto& topic) { topics.push_back(topic); });
    std::ranges::sort(topics, {}, [](const auto& topic) { return topic->name; });
    for (const auto& topic : topics) {
      auto& answer = begin(topic->name);
      for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
        run(answer, static_cast<std::int32_t>(i), false);
      }
    }
  }
  ElectLeadersDecision take() { return std::move(decision_); }

 private:
  using TopicAnswer = ElectLeadersResponse::ReplicaElectionResult;

  TopicAnswer& begin(const std::string& topic) {
    auto& answer = decision_.reply.replica_election_results.emplace_back();
    answer.topic = topic;
    return answer;
  }
  void run(TopicAnswer& answer, std::int32_t index, bool says_not_needed) {
    auto elected = elect(image_, answer.topic, index, type_);
    if (!elected && elected.error().code == ErrorCode::kElectionNotNeeded && !says_not_needed) {
      return;
    }
    auto& result = answer.partition_result.emplace_back();
    result.partition_id = index;
    if (elected) {
      result.error_message.reset();
      decision_.records.push_back(std::move(*elected));
      return;
    }
    result.error_code = elected.error().code;
    result.error_message = describe(elected.error());
  }
  static std::string describe(const base::Error& error) {
    switch (error.code) {
      case ErrorCode::kElectionNotNeeded:
        return "Leader election not needed for topic partition.";
      case ErrorCode::kPreferredLeaderNotAvailable:
        return "The preferred leader was not available.";
      case ErrorCode::kEligibleLeadersNotAvailable:
        return "Eligible topic partition leaders are not available.";
      default:
        return error.message;
    }
  }

  const ClusterImage& image_;
  const ElectionType type_;
  ElectLeadersDecision decision_;
};

ElectLeadersDecision refuse(const ElectLeadersRequest& request) {
  ElectLeadersDecision decision;
  decision.reply.error_code = ErrorCode::kInvalidRequest;
  if (!request.topic_partitions) return decision;
  for (const auto& topic : *request.topic_partitions) {
    auto& answer = decision.reply.replica_election_results.emplace_back();
    answer.topic = topic.topic;
    for (const std::int32_t index : topic.partitions) {
      answer.partition_result.push_back(
          {index, ErrorCode::kInvalidRequest,
           fmt::format("Unknown election type {}", request.election_type)});
    }
  }
  return decision;
}

}  // namespace

ElectLeadersDecision elect_leaders(const ClusterImage& image, const ElectLeadersRequest& request) {
  const bool asks_nothing = request.topic_partitions && request.topic_partitions->empty();
  if (asks_nothing) return {};
  const auto type = static_cast<ElectionType>(request.election_type);
  if (type != ElectionType::kPreferred && type != ElectionType::kUnclean) return refuse(request);
  Elections elections(image, type);
  if (request.topic_partitions) {
    elections.elect_named(*request.topic_partitions);
  } else {
    elections.elect_all();
  }
  return elections.take();
}

}  // namespace odradek::metadata
