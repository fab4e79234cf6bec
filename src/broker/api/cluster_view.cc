// SPDX-License-Identifier: Apache-2.0
#include "broker/api/cluster_view.h"

#include "broker/cluster/active_controller.h"
#include "broker/cluster/leader_doubts.h"
#include "broker/replication/replication.h"

namespace odradek::broker::api {

base::BrokerId shown_controller(const Services& services, const metadata::ClusterImage& image) {
  const auto place = services.peers == nullptr ? std::nullopt : services.peers->active.load();
  if (!place) return services.node_id;
  const metadata::BrokerImage* broker = image.find_broker(place->broker);
  return broker != nullptr && !broker->fenced ? place->broker : services.node_id;
}

bool is_live(const Services& services, const metadata::ClusterImage& image, base::BrokerId broker) {
  const metadata::BrokerImage* found = image.find_broker(broker);
  if (found == nullptr || found->fenced) return false;
  const LeaderDoubts* const doubts = services.replication.leader_doubts();
  return doubts == nullptr || !doubts->is_lost(broker, found->epoch);
}

std::optional<env::Address> find_live_broker(const Services& services,
                                             const metadata::ClusterImage& image,
                                             base::BrokerId broker,
                                             const net::ConnectionInfo& connection) {
  if (!is_live(services, image, broker)) return std::nullopt;
  return endpoint_for(*image.find_broker(broker), broker == services.node_id, services.listeners,
                      connection);
}

}  // namespace odradek::broker::api
