// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "env/network.h"
#include "metadata/cluster_image.h"
#include "net/request_handler.h"

namespace odradek::broker {

// One of `listeners`, with what the other listener settings say of it.
struct ListenerConfig {
  std::string name;
  std::string security_protocol;
  // An empty host is every address.
  env::Address bind;
  // In a cluster always there; else, where nothing, a client is told the address it came in by.
  std::optional<env::Address> advertised;
};

// What config::read_listeners makes of the settings.
std::vector<ListenerConfig> listeners_of(const config::Settings& settings);

// Where a client that came in by `connection` finds `broker`; nothing when the broker has no such
// listener.
std::optional<env::Address> endpoint_for(const metadata::BrokerImage& broker, bool is_this_broker,
                                         const std::vector<ListenerConfig>& listeners,
                                         const net::ConnectionInfo& connection);

// The listener over which brokers talk to each other: inter.broker.listener.name, else the one that
// is named as security.inter.broker.protocol says.
std::string inter_broker_listener(const config::Settings& settings);

// Where other brokers find `broker`; nothing when it has no such listener.
std::optional<env::Address> endpoint_on(const metadata::BrokerImage& broker,
                                        const std::string& listener);

}  // namespace odradek::broker
