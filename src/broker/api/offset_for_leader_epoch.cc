// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/offset_for_leader_epoch.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/topic_lookup.h"

namespace odradek::broker::api {
namespace {

using wire::OffsetForLeaderEpochRequest;
using wire::OffsetForLeaderEpochResponse;
using PartitionAnswer = OffsetForLeaderEpochResponse::EpochEndOffset;

void answer_partition(Services& services, const metadata::ClusterImage& image,
                      const std::string& topic,
                      const OffsetForLeaderEpochRequest::OffsetForLeaderPartition& wanted,
                      PartitionAnswer& answer) {
  answer.partition = wanted.partition;
  auto partition = find_partition(services, image, topic, wanted.partition);
  if (!partition) {
    answer.error_code = partition.error().code;
    return;
  }
  if (auto leader = (*partition)->check_leader(wanted.current_leader_epoch); !leader) {
    answer.error_code = leader.error().code;
    return;
  }
  const log::EpochEndOffset end = (*partition)->log().end_offset_for_epoch(wanted.leader_epoch);
  if (end.end_offset == base::kNoOffset) return;
  answer.leader_epoch = end.leader_epoch;
  answer.end_offset = end.end_offset;
}

}  // namespace

void handle_offset_for_leader_epoch(Services& services, OffsetForLeaderEpochRequest request,
                                    Responder<OffsetForLeaderEpochResponse> responder) {
  const auto image = services.image.load();
  OffsetForLeaderEpochResponse response;
  for (const auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.topic = topic.topic;
    for (const auto& partition : topic.partitions) {
      answer_partition(services, *image, topic.topic, partition, answer.partitions.emplace_back());
    }
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
