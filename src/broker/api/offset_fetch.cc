// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/offset_fetch.h"

#include <atomic>
#include <memory>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::OffsetFetchRequest;
using wire::OffsetFetchResponse;
using GroupRequest = OffsetFetchRequest::OffsetFetchRequestGroup;
using GroupAnswer = OffsetFetchResponse::OffsetFetchResponseGroup;

constexpr wire::Version kBatchVersion = 8;
constexpr wire::Version kTopicIdVersion = 10;
constexpr wire::Version kGroupErrorVersion = 2;

std::vector<GroupRequest> groups_of(OffsetFetchRequest& request, wire::Version version) {
  if (version >= kBatchVersion) return std::move(request.groups);
  GroupRequest only;
  only.group_id = request.group_id;
  std::vector<OffsetFetchRequest::OffsetFetchRequestTopics> topics;
  const bool wants_all = !request.topics.has_value();
  if (!wants_all) {
    for (auto& topic : *request.topics) {
      auto& wanted = topics.emplace_back();
      wanted.name = std::move(topic.name);
      wanted.partition_indexes = std::move(topic.partition_indexes);
    }
    only.topics = std::move(topics);
  } else {
    only.topics.reset();
  }
  std::vector<GroupRequest> groups;
  groups.push_back(std::move(only));
  return groups;
}

// Names for ids, where the request has ids. Topics that are not there any more stay without a name.
void resolve_ids(const metadata::ClusterImage& image, GroupRequest& request) {
  if (!request.topics) return;
  for (auto& topic : *request.topics) {
    if (const auto& known = image.find_topic(topic.topic_id)) topic.name = known->name;
  }
}

// An answer in the form of the version: ids that are not known have their error, names are left
// out.
void to_ids(const metadata::ClusterImage& image, GroupAnswer& answer) {
  std::erase_if(answer.topics, [&image](auto& topic) {
    if (!topic.topic_id.is_zero()) return false;
    const auto& known = image.find_topic(topic.name);
    if (known == nullptr) return true;
    topic.topic_id = known->id;
    return false;
  });
  for (auto& topic : answer.topics) {
    const bool is_unknown = image.find_topic(topic.topic_id) == nullptr;
    for (auto& partition : topic.partitions) {
      if (is_unknown) partition.error_code = ErrorCode::kUnknownTopicId;
    }
    topic.name.clear();
  }
}

void to_names(GroupAnswer& answer) {
  for (auto& topic : answer.topics) topic.topic_id = {};
}

GroupAnswer failed(const GroupRequest& request, ErrorCode code) {
  GroupAnswer answer;
  answer.group_id = request.group_id;
  answer.error_code = code;
  return answer;
}

// Before version 2 the error stands with each partition.
void spread_error(const GroupRequest& request, ErrorCode code, OffsetFetchResponse& response) {
  if (!request.topics) return;
  for (const auto& topic : *request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = topic.name;
    for (const std::int32_t index : topic.partition_indexes) {
      auto& partition = answer.partitions.emplace_back();
      partition.partition_index = index;
      partition.committed_offset = base::kNoOffset;
      partition.error_code = code;
    }
  }
}

OffsetFetchResponse single_response(const GroupRequest& request, GroupAnswer answer,
                                    wire::Version version) {
  constexpr wire::Version kLeaderEpochVersion = 5;
  OffsetFetchResponse response;
  if (answer.error_code != ErrorCode::kNone) {
    if (version >= kGroupErrorVersion) {
      response.error_code = answer.error_code;
    } else {
      spread_error(request, answer.error_code, response);
    }
    return response;
  }
  for (auto& topic : answer.topics) {
    auto& single = response.topics.emplace_back();
    single.name = std::move(topic.name);
    for (auto& partition : topic.partitions) {
      auto& one = single.partitions.emplace_back();
      one.partition_index = partition.partition_index;
      one.committed_offset = partition.committed_offset;
      if (version >= kLeaderEpochVersion)
        one.committed_leader_epoch = partition.committed_leader_epoch;
      one.metadata = std::move(partition.metadata);
      one.error_code = partition.error_code;
    }
  }
  return response;
}

// Gathers the groups' answers, in the order of the request.
class OffsetFetch : public std::enable_shared_from_this<OffsetFetch> {
 public:
  OffsetFetch(Services& services, std::vector<GroupRequest> groups,
              Responder<OffsetFetchResponse> responder)
      : services_(services),
        groups_(std::move(groups)),
        answers_(groups_.size()),
        responder_(std::move(responder)) {}

  void start() {
    open_ = groups_.size() + 1;
    const auto image = services_.image.load();
    const bool by_id = responder_.context().version >= kTopicIdVersion;
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (by_id) resolve_ids(*image, groups_[i]);
      ask(i);
    }
    finish_one();
  }

 private:
  void ask(std::size_t index) {
    if (groups_[index].group_id.empty() && responder_.context().version >= kBatchVersion) {
      answers_[index] = failed(groups_[index], ErrorCode::kInvalidGroupId);
      finish_one();
      return;
    }
    call_group<GroupAnswer>(
        services_, groups_[index].group_id,
        [self = shared_from_this(), index](group::GroupMachine& machine, const group::Now&) {
          return group::Answer<GroupAnswer>{{}, machine.fetch_offsets(self->groups_[index])};
        },
        [self = shared_from_this(), index](base::Result<GroupAnswer> reply) {
          self->answers_[index] =
              reply ? std::move(*reply) : failed(self->groups_[index], reply.error().code);
          self->finish_one();
        });
  }

  void finish_one() {
    if (--open_ > 0) return;
    const wire::Version version = responder_.context().version;
    const auto image = services_.image.load();
    for (GroupAnswer& answer : answers_) {
      if (version >= kTopicIdVersion) {
        to_ids(*image, answer);
      } else {
        to_names(answer);
      }
    }
    if (version < kBatchVersion) {
      responder_.send(single_response(groups_.front(), std::move(answers_.front()), version));
      return;
    }
    OffsetFetchResponse response;
    response.groups = std::move(answers_);
    responder_.send(response);
  }

  Services& services_;
  std::vector<GroupRequest> groups_;
  std::vector<GroupAnswer> answers_;
  Responder<OffsetFetchResponse> responder_;
  std::atomic<std::size_t> open_ = 0;
};

}  // namespace

void handle_offset_fetch(Services& services, OffsetFetchRequest request,
                         Responder<OffsetFetchResponse> responder) {
  auto groups = groups_of(request, responder.context().version);
  std::make_shared<OffsetFetch>(services, std::move(groups), std::move(responder))->start();
}

}  // namespace odradek::broker::api
