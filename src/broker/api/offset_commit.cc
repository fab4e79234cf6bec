// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/offset_commit.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/group_call.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::OffsetCommitRequest;
using wire::OffsetCommitResponse;

constexpr wire::Version kTopicIdVersion = 10;

// Splits the request into what the group is asked to keep, and the answer for what does not exist.
class CommitSplit {
 public:
  CommitSplit(const metadata::ClusterImage& image, const OffsetCommitRequest& request, bool by_id)
      : kept_(request) {
    kept_.topics.clear();
    for (const auto& topic : request.topics) add(image, topic, by_id);
  }

  OffsetCommitRequest take_kept() { return std::move(kept_); }
  OffsetCommitResponse take_refused() { return std::move(refused_); }
  bool keeps_any() const { return !kept_.topics.empty(); }

 private:
  void add(const metadata::ClusterImage& image,
           const OffsetCommitRequest::OffsetCommitRequestTopic& topic, bool by_id) {
    const auto& known = by_id ? image.find_topic(topic.topic_id) : image.find_topic(topic.name);
    OffsetCommitRequest::OffsetCommitRequestTopic kept;
    OffsetCommitResponse::OffsetCommitResponseTopic refused;
    kept.name = known != nullptr ? known->name : topic.name;
    kept.topic_id = known != nullptr ? known->id : topic.topic_id;
    refused.name = topic.name;
    refused.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      if (known != nullptr && known->has_partition(partition.partition_index)) {
        kept.partitions.push_back(partition);
      } else {
        const bool is_unknown_id = by_id && known == nullptr;
        refused.partitions.push_back(
            {partition.partition_index,
             is_unknown_id ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition});
      }
    }
    if (!kept.partitions.empty()) kept_.topics.push_back(std::move(kept));
    if (!refused.partitions.empty()) refused_.topics.push_back(std::move(refused));
  }

  OffsetCommitRequest kept_;
  OffsetCommitResponse refused_;
};

OffsetCommitResponse all_with(const OffsetCommitRequest& request, ErrorCode code) {
  OffsetCommitResponse response;
  for (const auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = topic.name;
    answer.topic_id = topic.topic_id;
    for (const auto& partition : topic.partitions) {
      answer.partitions.push_back({partition.partition_index, code});
    }
  }
  return response;
}

// A version carries names or ids, not both.
void send(Responder<OffsetCommitResponse>& responder, OffsetCommitResponse kept,
          OffsetCommitResponse refused) {
  const bool by_id = responder.context().version >= kTopicIdVersion;
  std::ranges::move(refused.topics, std::back_inserter(kept.topics));
  for (auto& topic : kept.topics) {
    if (by_id) {
      topic.name.clear();
    } else {
      topic.topic_id = {};
    }
  }
  responder.send(kept);
}

}  // namespace

void handle_offset_commit(Services& services, OffsetCommitRequest request,
                          Responder<OffsetCommitResponse> responder) {
  const wire::Version version = responder.context().version;
  const std::string group_id = request.group_id;
  if (group_id.empty()) {
    send(responder, all_with(request, ErrorCode::kInvalidGroupId), {});
    return;
  }
  CommitSplit split(*services.image.load(), request, version >= kTopicIdVersion);
  OffsetCommitResponse refused = split.take_refused();
  if (!split.keeps_any()) {
    send(responder, {}, std::move(refused));
    return;
  }
  auto kept = std::make_shared<OffsetCommitRequest>(split.take_kept());
  call_group<OffsetCommitResponse>(
      services, group_id,
      [kept, version](group::GroupMachine& machine, const group::Now& now) {
        return machine.commit_offsets(*kept, version, now);
      },
      [kept, refused = std::move(refused),
       responder = std::move(responder)](base::Result<OffsetCommitResponse> reply) mutable {
        send(responder, reply ? std::move(*reply) : all_with(*kept, reply.error().code),
             std::move(refused));
      });
}

}  // namespace odradek::broker::api
