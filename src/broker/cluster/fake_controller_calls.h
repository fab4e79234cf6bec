// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "broker/cluster/controller_calls.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/alter_partition.h"
#include "wire/messages/assign_replicas_to_dirs.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {

// A controller for tests that answers inside the call what it was taught; else NOT_CONTROLLER.
class FakeControllerCalls final : public ControllerCalls {
 public:
  template <typename Request, typename Response>
  using Answer = std::function<base::Result<Response>(const Request&)>;

  Answer<wire::BrokerRegistrationRequest, wire::BrokerRegistrationResponse> registration_answer;
  Answer<wire::BrokerHeartbeatRequest, wire::BrokerHeartbeatResponse> heartbeat_answer;
  Answer<wire::AlterPartitionRequest, wire::AlterPartitionResponse> alter_partition_answer;
  Answer<wire::AllocateProducerIdsRequest, wire::AllocateProducerIdsResponse> producer_ids_answer;
  Answer<wire::AssignReplicasToDirsRequest, wire::AssignReplicasToDirsResponse> directories_answer;

  void register_broker(wire::BrokerRegistrationRequest request,
                       Handler<wire::BrokerRegistrationResponse> handler) override {
    give(registration_answer, request, handler);
  }
  void heartbeat(wire::BrokerHeartbeatRequest request,
                 Handler<wire::BrokerHeartbeatResponse> handler) override {
    give(heartbeat_answer, request, handler);
  }
  void alter_partition(wire::AlterPartitionRequest request,
                       Handler<wire::AlterPartitionResponse> handler) override {
    give(alter_partition_answer, request, handler);
  }
  void allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                             Handler<wire::AllocateProducerIdsResponse> handler) override {
    give(producer_ids_answer, request, handler);
  }
  void assign_directories(wire::AssignReplicasToDirsRequest request,
                          Handler<wire::AssignReplicasToDirsResponse> handler) override {
    give(directories_answer, request, handler);
  }

 private:
  template <typename Request, typename Response>
  static void give(const Answer<Request, Response>& answer, const Request& request,
                   Handler<Response>& handler) {
    if (answer) {
      handler(answer(request));
    } else {
      handler(base::fail(base::ErrorCode::kNotController, "this is not the controller"));
    }
  }
};

}  // namespace odradek::broker
