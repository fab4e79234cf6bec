// SPDX-License-Identifier: Apache-2.0
#include "broker/listeners.h"

#include <algorithm>
#include <utility>

namespace odradek::broker {
namespace {

env::Address to_address(config::HostAndPort address) {
  return {std::move(address.host), address.port};
}

}  // namespace

std::vector<ListenerConfig> listeners_of(const config::Settings& settings) {
  std::vector<ListenerConfig> configs;
  for (config::Listener& listener : settings.listeners()) {
    ListenerConfig& config = configs.emplace_back();
    config.name = std::move(listener.name);
    config.security_protocol = std::move(listener.security_protocol);
    config.bind = to_address(std::move(listener.bind));
    if (listener.advertised) config.advertised = to_address(std::move(*listener.advertised));
  }
  return configs;
}

std::optional<env::Address> endpoint_for(const metadata::BrokerImage& broker, bool is_this_broker,
                                         const std::vector<ListenerConfig>& listeners,
                                         const net::ConnectionInfo& connection) {
  if (is_this_broker) {
    const auto own = std::ranges::find(listeners, connection.listener, &ListenerConfig::name);
    if (own != listeners.end() && !own->advertised) return connection.local;
  }
  const auto found =
      std::ranges::find(broker.endpoints, connection.listener, &metadata::EndpointImage::listener);
  if (found == broker.endpoints.end()) return std::nullopt;
  return env::Address{found->host, found->port};
}

}  // namespace odradek::broker
