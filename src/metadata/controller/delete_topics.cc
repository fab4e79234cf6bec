// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "metadata/controller/topics.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::DeleteTopicsRequest;
using State = DeleteTopicsRequest::DeleteTopicState;

std::vector<State> states_of(const DeleteTopicsRequest& request, wire::Version version) {
  if (version >= 6) return request.topics;
  std::vector<State> states;
  for (const std::string& name : request.topic_names) {
    auto& state = states.emplace_back();
    state.name = name;
  }
  return states;
}

base::Result<std::shared_ptr<const TopicImage>> find(const ClusterImage& image,
                                                     const State& state) {
  if (state.name && !state.topic_id.is_zero()) {
    return base::fail(ErrorCode::kInvalidRequest,
                      "You may not specify both topic name and topic id.");
  }
  if (state.name) {
    const auto& topic = image.find_topic(*state.name);
    if (topic != nullptr) return topic;
    return base::fail(ErrorCode::kUnknownTopicOrPartition,
                      "This server does not host this topic-partition.");
  }
  if (state.topic_id.is_zero()) {
    return base::fail(ErrorCode::kInvalidRequest, "Neither topic name nor id were specified.");
  }
  const auto& topic = image.find_topic(state.topic_id);
  if (topic != nullptr) return topic;
  return base::fail(ErrorCode::kUnknownTopicId, "This server does not host this topic ID.");
}

// What the request names more than once: none of it is deleted.
class Repeated {
 public:
  Repeated(const ClusterImage& image, const std::vector<State>& states) : image_(image) {
    for (const State& state : states) {
      ++times_[{state.name, state.topic_id}];
      if (!state.name && !state.topic_id.is_zero()) ids_.insert(state.topic_id);
      if (state.name && state.topic_id.is_zero()) names_.insert(*state.name);
    }
  }

  bool is_repeated(const State& state) const {
    return times_.at({state.name, state.topic_id}) > 1 && (state.name || !state.topic_id.is_zero());
  }
  // By its id and by its name: answered once, under the name.
  bool is_answered_by_name(const State& state) const {
    if (state.name) return false;
    const auto& topic = image_.find_topic(state.topic_id);
    return topic != nullptr && names_.contains(topic->name);
  }
  // The topic's id, where the request has it beside the name.
  std::optional<base::TopicId> id_of(const std::string& name) const {
    const auto& topic = image_.find_topic(name);
    if (topic == nullptr || !ids_.contains(topic->id)) return std::nullopt;
    return topic->id;
  }

 private:
  const ClusterImage& image_;
  std::map<std::pair<std::optional<std::string>, base::TopicId>, int> times_;
  std::set<base::TopicId> ids_;
  std::set<std::string> names_;
};

base::Result<std::shared_ptr<const TopicImage>> choose(const ClusterImage& image,
                                                       const Repeated& repeated,
                                                       const State& state) {
  if (repeated.is_repeated(state)) {
    return base::fail(ErrorCode::kInvalidRequest,
                      state.name ? fmt::format("Duplicate topic name: {}.", *state.name)
                                 : "Duplicate topic id: " + state.topic_id.to_string() + '.');
  }
  auto topic = find(image, state);
  if (topic && state.name && repeated.id_of(*state.name)) {
    return base::fail(
        ErrorCode::kInvalidRequest,
        fmt::format("Topic {} is in the request by its name and by its id.", *state.name));
  }
  return topic;
}

base::Error disabled(wire::Version version) {
  return {version < 3 ? ErrorCode::kInvalidRequest : ErrorCode::kTopicDeletionDisabled,
          "Topic deletion is disabled: delete.topic.enable=false.", 0};
}

}  // namespace

DeleteTopicsDecision delete_topics(const ClusterImage& image, const ControllerInputs& inputs,
                                   const DeleteTopicsRequest& request, wire::Version version) {
  DeleteTopicsDecision decision;
  const bool is_enabled = inputs.settings.flag("delete.topic.enable");
  const std::vector<State> states = states_of(request, version);
  const Repeated repeated(image, states);
  std::set<std::pair<std::optional<std::string>, base::TopicId>> answered;
  for (const State& state : states) {
    const bool is_again =
        repeated.is_repeated(state) && !answered.emplace(state.name, state.topic_id).second;
    if (is_again || repeated.is_answered_by_name(state)) continue;
    auto& result = decision.reply.responses.emplace_back();
    result.name = state.name;
    result.topic_id = state.topic_id;
    auto topic = is_enabled ? choose(image, repeated, state) : base::fail(disabled(version));
    if (!topic) {
      if (state.name) result.topic_id = repeated.id_of(*state.name).value_or(state.topic_id);
      result.error_code = topic.error().code;
      result.error_message = std::move(topic).error().message;
      continue;
    }
    result.name = (*topic)->name;
    result.topic_id = (*topic)->id;
    wire::RemoveTopicRecord record;
    record.topic_id = (*topic)->id;
    decision.records.emplace_back(record);
  }
  return decision;
}

}  // namespace odradek::metadata
