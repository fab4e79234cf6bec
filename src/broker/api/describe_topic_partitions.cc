// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_topic_partitions.h"
#include "metadata/controller/offline_directory.h"

#include <algorithm>
#include <set>
#include <utility>

#include "broker/api/apis.h"
#include "broker/api/authorized_operations.h"
#include "broker/internal_topics.h"
#include "metadata/controller/topic_name.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DescribeTopicPartitionsRequest;
using wire::DescribeTopicPartitionsResponse;
using TopicAnswer = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponseTopic;
using PartitionAnswer = DescribeTopicPartitionsResponse::DescribeTopicPartitionsResponsePartition;

bool is_live(const metadata::ClusterImage& image, base::BrokerId id) {
  const metadata::BrokerImage* broker = image.find_broker(id);
  return broker != nullptr && !broker->fenced;
}

PartitionAnswer describe(const metadata::ClusterImage& image,
                         const metadata::PartitionImage& partition, std::int32_t index) {
  PartitionAnswer answer;
  answer.partition_index = index;
  answer.leader_id = is_live(image, partition.leader) ? partition.leader : base::kNoBroker;
  answer.leader_epoch = partition.leader_epoch;
  answer.replica_nodes = partition.replicas;
  answer.isr_nodes = partition.in_sync_replicas;
  answer.eligible_leader_replicas = partition.eligible_leader_replicas;
  answer.last_known_elr = partition.last_known_eligible_leader_replicas;
  for (std::size_t i = 0; i < partition.replicas.size(); ++i) {
    if (metadata::is_online(image, partition, i)) continue;
    answer.offline_replicas.push_back(partition.replicas[i]);
  }
  return answer;
}

base::Result<> check(const DescribeTopicPartitionsRequest& request) {
  if (!request.cursor) return {};
  const auto names_cursor = [&request](const auto& topic) {
    return topic.name == request.cursor->topic_name;
  };
  if (!request.topics.empty() && std::ranges::none_of(request.topics, names_cursor)) {
    return base::fail(ErrorCode::kInvalidRequest);
  }
  if (request.cursor->partition_index < 0) return base::fail(ErrorCode::kInvalidRequest);
  return {};
}

// One page: topics by name from the cursor on, until the limit of partitions is reached (KIP-966).
class Page {
 public:
  Page(const Services& services, const DescribeTopicPartitionsRequest& request)
      : request_(request), image_(services.image.load()) {
    const std::int64_t most = services.settings.number("max.request.partition.size.limit");
    left_ =
        std::max<std::int64_t>(std::min<std::int64_t>(most, request.response_partition_limit), 1);
  }

  DescribeTopicPartitionsResponse run() {
    for (const std::string& name : names()) {
      if (left_ == 0) {
        set_next(name, 0);
        break;
      }
      if (!add(name)) break;
    }
    return std::move(response_);
  }

 private:
  // Sorted, none twice, none before the cursor's.
  std::set<std::string> names() const {
    std::set<std::string> names;
    const std::string first = request_.cursor ? request_.cursor->topic_name : std::string();
    const auto take = [&](const std::string& name) {
      if (name >= first) names.insert(name);
    };
    if (request_.topics.empty()) {
      image_->topics_by_name.for_each([&](const std::string& name, const auto&) { take(name); });
    }
    for (const auto& topic : request_.topics) take(topic.name);
    return names;
  }

  // False when the page is full in the midst of the topic.
  bool add(const std::string& name) {
    TopicAnswer& answer = response_.topics.emplace_back();
    answer.name = name;
    answer.is_internal = is_internal_topic(name);
    answer.topic_authorized_operations = kAllTopicOperations;
    const auto& topic = image_->find_topic(name);
    if (topic == nullptr) {
      answer.error_code = metadata::check_topic_name(name) ? ErrorCode::kUnknownTopicOrPartition
                                                           : ErrorCode::kInvalidTopicException;
      return true;
    }
    answer.topic_id = topic->id;
    return add_partitions(*topic, answer);
  }

  bool add_partitions(const metadata::TopicImage& topic, TopicAnswer& answer) {
    const bool is_cursors = request_.cursor && request_.cursor->topic_name == topic.name;
    const std::int64_t first = is_cursors ? request_.cursor->partition_index : 0;
    const auto present = static_cast<std::int64_t>(topic.partitions.size());
    const std::int64_t end = std::min(present, first + left_);
    for (std::int64_t i = first; i < end; ++i) {
      answer.partitions.push_back(describe(*image_, topic.partitions[static_cast<std::size_t>(i)],
                                           static_cast<std::int32_t>(i)));
    }
    left_ -= static_cast<std::int64_t>(answer.partitions.size());
    if (end >= present) return true;
    set_next(topic.name, static_cast<std::int32_t>(end));
    return false;
  }

  void set_next(const std::string& topic, std::int32_t partition) {
    response_.next_cursor = DescribeTopicPartitionsResponse::Cursor{
        .topic_name = topic,
        .partition_index = partition,
    };
  }

  const DescribeTopicPartitionsRequest& request_;
  const std::shared_ptr<const metadata::ClusterImage> image_;
  std::int64_t left_ = 0;
  DescribeTopicPartitionsResponse response_;
};

DescribeTopicPartitionsResponse refuse_all(const DescribeTopicPartitionsRequest& request,
                                           ErrorCode code) {
  DescribeTopicPartitionsResponse response;
  for (const auto& topic : request.topics) {
    TopicAnswer& answer = response.topics.emplace_back();
    answer.name = topic.name;
    answer.error_code = code;
  }
  return response;
}

}  // namespace

void handle_describe_topic_partitions(Services& services, DescribeTopicPartitionsRequest request,
                                      Responder<DescribeTopicPartitionsResponse> responder) {
  if (auto valid = check(request); !valid) {
    responder.send(refuse_all(request, valid.error().code));
    return;
  }
  responder.send(Page(services, request).run());
}

}  // namespace odradek::broker::api
