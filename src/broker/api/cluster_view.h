// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "broker/request.h"
#include "broker/services.h"
#include "metadata/cluster_image.h"

// What clients are told of the cluster's brokers.
namespace odradek::broker::api {

// The broker that clients take for the controller: the active one as long as it serves, else this
// one, as every broker sends on what the controller is to answer.
base::BrokerId shown_controller(const Services& services, const metadata::ClusterImage& image);

// Whether the broker serves, as far as is known here: it is not fenced, and its process is not just
// gone (LeaderDoubts).
bool is_live(const Services& services, const metadata::ClusterImage& image, base::BrokerId broker);

// A broker that is_live, where this client finds it; nothing for one that isn't, or that has no
// listener of the name by which the client came.
std::optional<env::Address> find_live_broker(const Services& services,
                                             const metadata::ClusterImage& image,
                                             base::BrokerId broker,
                                             const net::ConnectionInfo& connection);

}  // namespace odradek::broker::api
