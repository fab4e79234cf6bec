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

// This broker coordinates every group that there is on a node of its own.
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
  answer.error_message.reset();
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
    response.error_message = std::move(only.error_message);
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

void refuse(Responder<FindCoordinatorResponse>& responder, const std::vector<std::string>& keys,
            std::int8_t key_type) {
  const bool is_transaction = key_type == kTransactionKey;
  send(responder, for_each_key(keys, [is_transaction](const std::string& key) {
         return failed(key,
                       is_transaction ? ErrorCode::kUnsupportedVersion : ErrorCode::kInvalidRequest,
                       is_transaction ? "this server has no transactions as yet"
                                      : "this server has no coordinator of this key type");
       }));
}

}  // namespace

void handle_find_coordinator(Services& services, FindCoordinatorRequest request,
                             Responder<FindCoordinatorResponse> responder) {
  const auto keys = responder.context().version >= kBatchVersion
                        ? std::move(request.coordinator_keys)
                        : std::vector<std::string>{std::move(request.key)};
  if (request.key_type != kGroupKey) {
    refuse(responder, keys, request.key_type);
    return;
  }
  const auto answer = [&services, keys](Responder<FindCoordinatorResponse>& to) {
    send(to, for_each_key(keys, [&](const std::string& key) {
           return find_here(services, to.context(), key);
         }));
  };
  if (services.image.load()->find_topic(std::string(kGroupTopic)) != nullptr) {
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
