// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/result.h"

namespace odradek::wire {
struct AllocateProducerIdsRequest;
struct AllocateProducerIdsResponse;
struct AlterPartitionRequest;
struct AlterPartitionResponse;
struct AssignReplicasToDirsRequest;
struct AssignReplicasToDirsResponse;
struct BrokerHeartbeatRequest;
struct BrokerHeartbeatResponse;
struct BrokerRegistrationRequest;
struct BrokerRegistrationResponse;
}  // namespace odradek::wire

namespace odradek::broker {

// What a broker asks the active controller for, wherever that is: on this broker, or on another
// one over the inter-broker listener. Each call ends once, from any thread and maybe at once.
//
// A Result's error says that there is no answer: NOT_CONTROLLER where nobody is known to be the
// controller, or the one asked is none any more; what net::PeerClient gives where it can't be
// reached. Whether the change was made is not known then. What the controller refuses is in the
// response, as the protocol has it. Nothing is sent again here: the caller knows what still makes
// sense. Threads: any.
class ControllerCalls {
 public:
  template <typename Response>
  using Handler = std::move_only_function<void(base::Result<Response>)>;

  virtual ~ControllerCalls() = default;

  virtual void register_broker(wire::BrokerRegistrationRequest request,
                               Handler<wire::BrokerRegistrationResponse> handler) = 0;
  virtual void heartbeat(wire::BrokerHeartbeatRequest request,
                         Handler<wire::BrokerHeartbeatResponse> handler) = 0;
  virtual void alter_partition(wire::AlterPartitionRequest request,
                               Handler<wire::AlterPartitionResponse> handler) = 0;
  virtual void allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                                     Handler<wire::AllocateProducerIdsResponse> handler) = 0;
  virtual void assign_directories(wire::AssignReplicasToDirsRequest request,
                                  Handler<wire::AssignReplicasToDirsResponse> handler) = 0;
};

}  // namespace odradek::broker
