// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/find_coordinator.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/cluster_view.h"
#include "broker/internal_topics.h"
#include "broker/runtime/admin_service.h"
#include "broker/runtime/group/group_service.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::FindCoordinatorRequest;
using wire::FindCoordinatorResponse;
using Coordinator = FindCoordinatorResponse::Coordinator;

constexpr wire::Version kBatchVersion = 4;
constexpr std::int8_t kGroupKey = 0;
constexpr std::int8_t kTransactionKey = 1;

Coordinator failed(const std::string& key, ErrorCode code, std::string message) {
  Coordinator answer;
  answer.key = key;
  answer.node_id = base::kNoBroker;
  answer.port = -1;
  answer.error_code = code;
  answer.error_message = std::move(message);
  return answer;
}

// The broker that leads the partition of __consumer_offsets in which the group is kept.
base::BrokerId leader_of_group(const metadata::ClusterImage& image, const std::string& group) {
  const auto& topic = image.find_topic(std::string(kGroupTopic));
  if (topic == nullptr || topic->partitions.empty()) return base::kNoBroker;
  const auto index = group_partition(group, static_cast<std::int32_t>(topic->partitions.size()));
  return topic->partitions[static_cast<std::size_t>(index)].leader;
}

Coordinator find_one(const Services& services, const RequestContext& context, std::int8_t key_type,
                     const std::string& key) {
  const auto image = services.image.load();
  const auto broker = key_type == kGroupKey ? leader_of_group(*image, key) : services.node_id;
  const auto endpoint = find_live_broker(services, *image, broker, *context.connection);
  if (!endpoint) return failed(key, ErrorCode::kCoordinatorNotAvailable, "");
  Coordinator answer;
  answer.key = key;
  answer.node_id = broker;
  answer.host = endpoint->host;
  answer.port = endpoint->port;
  return answer;
}

void send(Responder<FindCoordinatorResponse>& responder, std::vector<Coordinator> coordinators) {
  FindCoordinatorResponse response;
  response.error_message.reset();
  if (responder.context().version >= kBatchVersion) {
    response.coordinators = std::move(coordinators);
  } else {
    Coordinator& only = coordinators.front();
    response.error_code = only.error_code;
    // Kafka's name of "no error" is the message of these versions.
    response.error_message =
        only.error_code == ErrorCode::kNone ? "NONE" : std::move(only.error_message);
    response.node_id = only.node_id;
    response.host = std::move(only.host);
    response.port = only.port;
  }
  responder.send(response);
}

template <typename Find>
std::vector<Coordinator> for_each_key(const std::vector<std::string>& keys, Find find) {
  std::vector<Coordinator> coordinators;
  for (const std::string& key : keys) coordinators.push_back(find(key));
  return coordinators;
}

void refuse(Responder<FindCoordinatorResponse>& responder, const std::vector<std::string>& keys) {
  send(responder, for_each_key(keys, [](const std::string& key) {
         return failed(key, ErrorCode::kInvalidRequest,
                       "this server has no coordinator of this key type");
       }));
}

}  // namespace

void handle_find_coordinator(Services& services, FindCoordinatorRequest request,
                             Responder<FindCoordinatorResponse> responder) {
  const auto keys = responder.context().version >= kBatchVersion
                        ? std::move(request.coordinator_keys)
                        : std::vector<std::string>{std::move(request.key)};
  if (request.key_type != kGroupKey && request.key_type != kTransactionKey) {
    refuse(responder, keys);
    return;
  }
  const auto answer = [&services, keys,
                       type = request.key_type](Responder<FindCoordinatorResponse>& to) {
    send(to, for_each_key(keys, [&](const std::string& key) {
           return find_one(services, to.context(), type, key);
         }));
  };
  // Of transactions there is nothing to keep as yet, so their topic need not be there: this broker
  // lists and describes none, and InitProducerId refuses to begin one.
  const bool is_ready = request.key_type == kTransactionKey ||
                        services.image.load()->find_topic(std::string(kGroupTopic)) != nullptr;
  if (is_ready) {
    answer(responder);
    return;
  }
  services.admin.ensure_internal_topic(
      std::string(kGroupTopic),
      [answer, keys, responder = std::move(responder)](base::Result<> created) mutable {
        if (created) {
          answer(responder);
          return;
        }
        send(responder, for_each_key(keys, [&created](const std::string& key) {
               return failed(key, ErrorCode::kCoordinatorNotAvailable, created.error().message);
             }));
      });
}

}  // namespace odradek::broker::api
