// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/cluster/controller_calls.h"
#include "broker/cluster/controller_link.h"
#include "config/settings.h"

namespace odradek::broker {

struct ControllerChannelOptions {
  // Of a heartbeat or a registration: an answer after the session is over is worth nothing.
  env::Duration heartbeat_timeout = std::chrono::seconds(9);
  // Of everything else.
  env::Duration request_timeout = std::chrono::seconds(30);
  net::PeerClientOptions client = {};
};
// controller.socket.timeout.ms, broker.session.timeout.ms, socket.connection.setup.timeout.ms.
ControllerChannelOptions controller_channel_options(const config::Settings& settings);

// What this broker asks of the active controller: told to `local` where that is this broker itself,
// else sent to its inter-broker listener. Heartbeats have a connection of their own, so that
// nothing that takes long stands before them. Threads: any; answers from elsewhere come on the
// loop.
class ControllerChannel final : public ControllerCalls {
 public:
  // All references outlive the channel, and `active` and `world` its loop's tasks.
  ControllerChannel(env::World& world, env::Executor& loop, base::BrokerId node,
                    ActiveController& active, ControllerCalls& local,
                    ControllerChannelOptions options);

  // See ControllerLink::watch_over; of the heartbeats' connection.
  void watch_over(ControllerLink::RefusedHandler on_refused);

  void register_broker(wire::BrokerRegistrationRequest request,
                       Handler<wire::BrokerRegistrationResponse> handler) override;
  void heartbeat(wire::BrokerHeartbeatRequest request,
                 Handler<wire::BrokerHeartbeatResponse> handler) override;
  void alter_partition(wire::AlterPartitionRequest request,
                       Handler<wire::AlterPartitionResponse> handler) override;
  void allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                             Handler<wire::AllocateProducerIdsResponse> handler) override;
  void assign_directories(wire::AssignReplicasToDirsRequest request,
                          Handler<wire::AssignReplicasToDirsResponse> handler) override;

 private:
  bool is_local() const;

  const base::BrokerId node_;
  const ActiveController& active_;
  ControllerCalls& local_;
  const ControllerChannelOptions options_;
  ControllerLink heartbeats_;
  ControllerLink changes_;
};

}  // namespace odradek::broker
