// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <set>
#include <utility>

#include "metadata/controller/topics.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using wire::DeleteTopicsRequest;

std::vector<DeleteTopicsRequest::DeleteTopicState> states_of(const DeleteTopicsRequest& request,
                                                             wire::Version version) {
  if (version >= 6) return request.topics;
  std::vector<DeleteTopicsRequest::DeleteTopicState> states;
  for (const std::string& name : request.topic_names) {
    auto& state = states.emplace_back();
    state.name = name;
  }
  return states;
}

base::Result<std::shared_ptr<const TopicImage>> find(
    const ClusterImage& image, const DeleteTopicsRequest::DeleteTopicState& state) {
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

}  // namespace

DeleteTopicsDecision delete_topics(const ClusterImage& image, const ControllerInputs& inputs,
                                   const DeleteTopicsRequest& request, wire::Version version) {
  DeleteTopicsDecision decision;
  const bool is_enabled = inputs.settings.flag("delete.topic.enable");
  std::set<base::TopicId> deleted;
  for (const auto& state : states_of(request, version)) {
    auto& result = decision.reply.responses.emplace_back();
    result.name = state.name;
    result.topic_id = state.topic_id;
    auto topic = is_enabled ? find(image, state)
                            : base::fail(version < 3 ? ErrorCode::kInvalidRequest
                                                     : ErrorCode::kTopicDeletionDisabled,
                                         "Topic deletion is disabled: delete.topic.enable=false.");
    if (topic && !deleted.insert((*topic)->id).second) {
      topic = base::fail(ErrorCode::kInvalidRequest, "Duplicate topic name or id.");
    }
    if (!topic) {
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
