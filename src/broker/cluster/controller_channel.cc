// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/controller_channel.h"

#include <algorithm>

#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/alter_partition.h"
#include "wire/messages/assign_replicas_to_dirs.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {
namespace {

net::PeerClientOptions with_name(net::PeerClientOptions options, const char* purpose) {
  options.client_id = purpose;
  return options;
}

}  // namespace

ControllerChannelOptions controller_channel_options(const config::Settings& settings) {
  const auto milliseconds = [&settings](std::string_view key) {
    return std::chrono::milliseconds(settings.number(key));
  };
  ControllerChannelOptions options;
  options.request_timeout = milliseconds("controller.socket.timeout.ms");
  options.heartbeat_timeout = std::min(milliseconds("controller.socket.timeout.ms"),
                                       milliseconds("broker.session.timeout.ms"));
  options.client.connect_timeout = milliseconds("socket.connection.setup.timeout.ms");
  options.client.longest_greeting = milliseconds("socket.connection.setup.timeout.max.ms");
  return options;
}

ControllerChannel::ControllerChannel(env::World& world, env::Executor& loop, base::BrokerId node,
                                     ActiveController& active, ControllerCalls& local,
                                     ControllerChannelOptions options)
    : node_(node),
      active_(active),
      local_(local),
      options_(std::move(options)),
      heartbeats_(world, loop, node, active, with_name(options_.client, "heartbeat")),
      changes_(world, loop, node, active, with_name(options_.client, "alter-partition")) {}

void ControllerChannel::watch_over(ControllerLink::RefusedHandler on_refused) {
  heartbeats_.watch_over(std::move(on_refused));
}

bool ControllerChannel::is_local() const {
  const auto place = active_.load();
  return place && place->broker == node_;
}

void ControllerChannel::register_broker(wire::BrokerRegistrationRequest request,
                                        Handler<wire::BrokerRegistrationResponse> handler) {
  if (is_local()) return local_.register_broker(std::move(request), std::move(handler));
  heartbeats_.call(std::move(request), options_.heartbeat_timeout, std::move(handler));
}

void ControllerChannel::heartbeat(wire::BrokerHeartbeatRequest request,
                                  Handler<wire::BrokerHeartbeatResponse> handler) {
  if (is_local()) return local_.heartbeat(std::move(request), std::move(handler));
  heartbeats_.call(std::move(request), options_.heartbeat_timeout, std::move(handler));
}

void ControllerChannel::alter_partition(wire::AlterPartitionRequest request,
                                        Handler<wire::AlterPartitionResponse> handler) {
  if (is_local()) return local_.alter_partition(std::move(request), std::move(handler));
  changes_.call(std::move(request), options_.request_timeout, std::move(handler));
}

void ControllerChannel::allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                                              Handler<wire::AllocateProducerIdsResponse> handler) {
  if (is_local()) return local_.allocate_producer_ids(std::move(request), std::move(handler));
  changes_.call(std::move(request), options_.request_timeout, std::move(handler));
}

void ControllerChannel::assign_directories(wire::AssignReplicasToDirsRequest request,
                                           Handler<wire::AssignReplicasToDirsResponse> handler) {
  if (is_local()) return local_.assign_directories(std::move(request), std::move(handler));
  changes_.call(std::move(request), options_.request_timeout, std::move(handler));
}

}  // namespace odradek::broker
