// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_quorum.h"

#include <string>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/cluster_view.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DescribeQuorumRequest;
using wire::DescribeQuorumResponse;

constexpr std::string_view kMetadataTopic = "__cluster_metadata";
// The response names the quorum's nodes from here on.
constexpr wire::Version kNodesVersion = 2;

// Kafka answers a request for exactly the metadata partition, and says of all others that it does
// not have them.
bool asks_for_metadata(const DescribeQuorumRequest& request) {
  return request.topics.size() == 1 && request.topics.front().topic_name == kMetadataTopic &&
         request.topics.front().partitions.size() == 1 &&
         request.topics.front().partitions.front().partition_index == 0;
}

DescribeQuorumResponse refusal(const DescribeQuorumRequest& request) {
  DescribeQuorumResponse response;
  for (const auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.topic_name = topic.topic_name;
    for (const auto& partition : topic.partitions) {
      auto& refused = answer.partitions.emplace_back();
      refused.partition_index = partition.partition_index;
      refused.error_code = ErrorCode::kUnknownTopicOrPartition;
      refused.error_message = "This server does not host this topic-partition.";
    }
  }
  return response;
}

// Where the quorum's one voter is reached: it has no listener of its own but the broker's.
DescribeQuorumResponse::Node describe_node(const metadata::BrokerImage& broker) {
  DescribeQuorumResponse::Node node;
  node.node_id = broker.id;
  for (const auto& endpoint : broker.endpoints) {
    node.listeners.push_back({endpoint.listener, endpoint.host, endpoint.port});
  }
  return node;
}

}  // namespace

// The controller is all of the quorum; what is committed is all that there is.
void handle_describe_quorum(Services& services, DescribeQuorumRequest request,
                            Responder<DescribeQuorumResponse> responder) {
  if (!asks_for_metadata(request)) {
    responder.send(refusal(request));
    return;
  }
  const auto image = services.image.load();
  const std::int64_t now = services.world.clock().wall().value();
  DescribeQuorumResponse response;
  auto& topic = response.topics.emplace_back();
  topic.topic_name = kMetadataTopic;
  auto& partition = topic.partitions.emplace_back();
  const base::BrokerId controller = shown_controller(services, *image);
  partition.leader_id = controller;
  partition.leader_epoch = image->epoch;
  partition.high_watermark = image->end_offset;
  auto& voter = partition.current_voters.emplace_back();
  voter.replica_id = controller;
  voter.log_end_offset = image->end_offset;
  voter.last_fetch_timestamp = now;
  voter.last_caught_up_timestamp = now;
  const auto* broker = image->find_broker(controller);
  if (broker != nullptr && responder.context().version >= kNodesVersion) {
    response.nodes.push_back(describe_node(*broker));
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
