// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metadata/controller/partition_change.h"
#include "metadata/controller/partitions.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::ElectLeadersRequest;
using wire::ElectLeadersResponse;

enum class ElectionType : std::int8_t { kPreferred = 0, kUnclean = 1 };

base::Result<PartitionChange::Built> elect_in(const ControllerView& view, const TopicImage& topic,
                                              std::int32_t index, ElectionType type) {
  const auto& partition = topic.partitions[static_cast<std::size_t>(index)];
  const bool is_preferred = type == ElectionType::kPreferred;
  const bool is_led = is_preferred ? partition.leader == partition.replicas.front()
                                   : partition.leader != base::kNoBroker;
  if (is_led) return base::fail(ErrorCode::kElectionNotNeeded);
  const TopicRules rules = rules_of(view.image, view.settings, topic);
  PartitionChange change(view.image, topic, index, rules);
  change.set_policy(is_preferred ? ElectionPolicy::kPreferred : ElectionPolicy::kUnclean);
  auto built = change.build({Reason::kAskedByAdmin});
  // An election that changes something else than who leads is none.
  if (built && built->event.election != Election::kNone &&
      built->event.election != Election::kLost) {
    return std::move(*built);
  }
  return base::fail(is_preferred ? ErrorCode::kPreferredLeaderNotAvailable
                                 : ErrorCode::kEligibleLeadersNotAvailable);
}

base::Result<PartitionChange::Built> elect(const ControllerView& view, const std::string& name,
                                           std::int32_t index, ElectionType type) {
  const auto& topic = view.image.find_topic(name);
  if (topic == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition, "No such topic as " + name);
  }
  if (!topic->has_partition(index)) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("No such partition as {}-{}", name, index));
  }
  return elect_in(view, *topic, index, type);
}

class Elections {
 public:
  Elections(const ControllerView& view, ElectionType type) : view_(view), type_(type) {}

  void elect_named(const std::vector<ElectLeadersRequest::TopicPartitions>& topics) {
    for (const auto& topic : topics) {
      auto& answer = begin(topic.topic);
      for (const std::int32_t index : topic.partitions) run(answer, index, true);
    }
  }
  void elect_all() {
    std::vector<std::shared_ptr<const TopicImage>> topics;
    view_.image.topics_by_name.for_each(
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
    auto elected = elect(view_, answer.topic, index, type_);
    if (!elected && elected.error().code == ErrorCode::kElectionNotNeeded && !says_not_needed) {
      return;
    }
    auto& result = answer.partition_result.emplace_back();
    result.partition_id = index;
    if (elected) {
      result.error_message.reset();
      decision_.records.emplace_back(std::move(elected->record));
      decision_.events.emplace_back(std::move(elected->event));
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

  const ControllerView& view_;
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

ElectLeadersDecision elect_leaders(const ControllerView& view, const ElectLeadersRequest& request) {
  const bool asks_nothing = request.topic_partitions && request.topic_partitions->empty();
  if (asks_nothing) return {};
  const auto type = static_cast<ElectionType>(request.election_type);
  if (type != ElectionType::kPreferred && type != ElectionType::kUnclean) return refuse(request);
  Elections elections(view, type);
  if (request.topic_partitions) {
    elections.elect_named(*request.topic_partitions);
  } else {
    elections.elect_all();
  }
  return elections.take();
}

}  // namespace odradek::metadata
