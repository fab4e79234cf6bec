// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_producers.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/topic_lookup.h"
#include "metadata/controller/topic_name.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DescribeProducersRequest;
using wire::DescribeProducersResponse;
using PartitionAnswer = DescribeProducersResponse::PartitionResponse;

base::Result<std::shared_ptr<replica::Partition>> find(Services& services,
                                                       const metadata::ClusterImage& image,
                                                       const std::string& topic,
                                                       std::int32_t partition) {
  if (auto valid = metadata::check_topic_name(topic); !valid) return base::fail(std::move(valid));
  if (image.find_topic(topic) == nullptr) {
    return base::fail(ErrorCode::kUnknownTopicOrPartition, "There is no topic '" + topic + "'.");
  }
  return find_partition(services, image, topic, partition);
}

void add_producers(replica::Partition& partition, PartitionAnswer& answer) {
  for (const log::ActiveProducer& producer : partition.log().active_producers()) {
    auto& state = answer.active_producers.emplace_back();
    state.producer_id = producer.producer_id;
    state.producer_epoch = producer.producer_epoch.value();
    state.last_sequence = producer.last_sequence;
    state.last_timestamp = producer.last_timestamp;
    state.coordinator_epoch = producer.coordinator_epoch;
    state.current_txn_start_offset = producer.current_transaction_start_offset;
  }
}

}  // namespace

void handle_describe_producers(Services& services, DescribeProducersRequest request,
                               Responder<DescribeProducersResponse> responder) {
  const auto image = services.image.load();
  DescribeProducersResponse response;
  for (const auto& topic : request.topics) {
    auto& answer = response.topics.emplace_back();
    answer.name = topic.name;
    for (const std::int32_t index : topic.partition_indexes) {
      auto& partition_answer = answer.partitions.emplace_back();
      partition_answer.partition_index = index;
      auto partition = find(services, *image, topic.name, index);
      if (partition) {
        add_producers(**partition, partition_answer);
        continue;
      }
      partition_answer.error_code = partition.error().code;
      if (!partition.error().message.empty()) {
        partition_answer.error_message = std::move(partition).error().message;
      }
    }
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
