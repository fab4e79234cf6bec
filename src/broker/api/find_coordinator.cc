// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/find_coordinator.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/internal_topics.h"
#include "broker/runtime/admin_service.h"

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

// This broker coordinates everything that there is on a node of its own.
Coordinator find_here(const Services& services, const RequestContext& context,
                      const std::string& key) {
  const auto image = services.image.load();
  const auto* broker = image->find_broker(services.node_id);
  const auto endpoint = broker == nullptr
                            ? std::nullopt
                            : endpoint_for(*broker, true, services.listeners, *context.connection);
  if (!endpoint) return failed(key, ErrorCode::kCoordinatorNotAvailable, "");
  Coordinator answer;
  answer.key = key;
  answer.node_id = services.node_id;
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
  const auto answer = [&services, keys](Responder<FindCoordinatorResponse>& to) {
    send(to, for_each_key(keys, [&](const std::string& key) {
           return find_here(services, to.context(), key);
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
