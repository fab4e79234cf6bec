// SPDX-License-Identifier: Apache-2.0
#include "broker/api/peer_handlers.h"

#include <algorithm>

#include "broker/api/declare.h"
#include "broker/api/forward.h"
#include "broker/cluster/controller_calls.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/alter_partition.h"
#include "wire/messages/assign_replicas_to_dirs.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"
#include "wire/messages/envelope.h"

namespace odradek::broker::api {
namespace {

// The controller here answers; where it is not the active one it says so.
template <typename Request, typename Response,
          void (ControllerCalls::*call)(Request, ControllerCalls::Handler<Response>)>
void ask_controller(Services& services, Request request, Responder<Response> responder) {
  (services.peers->controller.*call)(
      std::move(request),
      [responder = std::move(responder)](base::Result<Response> outcome) mutable {
        if (outcome) return responder.send(*outcome);
        Response response;
        response.error_code = outcome.error().code;
        responder.send(response);
      });
}

template <typename Request, typename Response,
          void (ControllerCalls::*call)(Request, ControllerCalls::Handler<Response>)>
constexpr Handler of_controller() {
  return declare<Request, Response, ask_controller<Request, Response, call>>();
}

constexpr Handler kHandlers[] = {
    of_controller<wire::AlterPartitionRequest, wire::AlterPartitionResponse,
                  &ControllerCalls::alter_partition>(),
    {wire::ApiKey::kEnvelope,
     {wire::EnvelopeRequest::kMinVersion, wire::EnvelopeRequest::kLatestStableVersion},
     handle_envelope},
    of_controller<wire::BrokerRegistrationRequest, wire::BrokerRegistrationResponse,
                  &ControllerCalls::register_broker>(),
    of_controller<wire::BrokerHeartbeatRequest, wire::BrokerHeartbeatResponse,
                  &ControllerCalls::heartbeat>(),
    of_controller<wire::AllocateProducerIdsRequest, wire::AllocateProducerIdsResponse,
                  &ControllerCalls::allocate_producer_ids>(),
    of_controller<wire::AssignReplicasToDirsRequest, wire::AssignReplicasToDirsResponse,
                  &ControllerCalls::assign_directories>(),
};
static_assert(std::ranges::is_sorted(kHandlers, {}, &Handler::key));

}  // namespace

std::span<const Handler> peer_handlers() { return kHandlers; }

const Handler* find_peer_handler(wire::ApiKey key) {
  const auto found = std::ranges::find(kHandlers, key, &Handler::key);
  return found == std::end(kHandlers) ? nullptr : &*found;
}

bool is_from_peer(const Services& services, const net::ConnectionInfo& connection) {
  return services.peers != nullptr && connection.listener == services.inter_broker_listener;
}

}  // namespace odradek::broker::api
