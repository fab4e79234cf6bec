// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/admin_service.h"

#include <algorithm>
#include <string_view>

#include "base/log.h"
#include "broker/internal_topics.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using Topic = wire::CreateTopicsRequest::CreatableTopic;

struct InternalTopic {
  std::string_view name;
  std::string_view partitions_key;
  std::string_view factor_key;
  std::string_view segment_key;
};

constexpr InternalTopic kInternalTopics[] = {
    {kGroupTopic, "offsets.topic.num.partitions", "offsets.topic.replication.factor",
     "offsets.topic.segment.bytes"},
    {kTransactionTopic, "transaction.state.log.num.partitions",
     "transaction.state.log.replication.factor", "transaction.state.log.segment.bytes"},
};

}  // namespace

metadata::ControllerInputs AdminService::inputs(const config::Settings& settings) {
  return {settings, [this] {
            env::Random& random = world_.random();
            const std::uint64_t high = random.next();
            return base::Uuid::from_random(high, random.next());
          }};
}

void AdminService::create_one(Topic topic, std::move_only_function<void(base::Result<>)> done) {
  wire::CreateTopicsRequest request;
  request.topics.push_back(std::move(topic));
  change<wire::CreateTopicsResponse>(
      [request = std::move(request)](const metadata::ClusterImage& image,
                                     const metadata::ControllerInputs& inputs) {
        return metadata::create_topics(image, inputs, request);
      },
      [done = std::move(done)](wire::CreateTopicsResponse response,
                               const base::Result<>& committed) mutable {
        if (!committed) {
          done(committed);
          return;
        }
        auto& result = response.topics.front();
        const bool is_there = result.error_code == ErrorCode::kNone ||
                              result.error_code == ErrorCode::kTopicAlreadyExists;
        if (is_there) {
          done({});
        } else {
          done(base::fail(result.error_code, result.error_message.value_or("")));
        }
      });
}

void AdminService::ensure_internal_topic(const std::string& name,
                                         std::move_only_function<void(base::Result<>)> done) {
  const auto kind = std::ranges::find(kInternalTopics, name, &InternalTopic::name);
  if (kind == std::end(kInternalTopics)) {
    done(base::fail(ErrorCode::kInvalidTopicException, name + " is no internal topic"));
    return;
  }
  Topic topic;
  topic.name = name;
  topic.num_partitions = static_cast<std::int32_t>(settings_.number(kind->partitions_key));
  // A node of its own is all the replicas that there can be.
  topic.replication_factor = 1;
  const std::int64_t wanted = settings_.number(kind->factor_key);
  topic.configs = {{"cleanup.policy", "compact"},
                   {"compression.type", "producer"},
                   {"segment.bytes", settings_.text(kind->segment_key)}};
  create_one(std::move(topic), [name, wanted, key = kind->factor_key,
                                done = std::move(done)](base::Result<> created) mutable {
    if (created && wanted > 1) {
      base::log::info("controller", "{} has one replica, not {}={}: this node is on its own", name,
                      key, wanted);
    }
    done(std::move(created));
  });
}

void AdminService::create_automatically(const std::string& name,
                                        std::move_only_function<void(base::Result<>)> done) {
  Topic topic;
  topic.name = name;
  topic.num_partitions = -1;
  topic.replication_factor = -1;
  create_one(std::move(topic), std::move(done));
}

}  // namespace odradek::broker
