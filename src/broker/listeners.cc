// SPDX-License-Identifier: Apache-2.0
#include "broker/listeners.h"

#include <algorithm>
#include <cctype>
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
  return endpoint_on(broker, connection.listener);
}

std::string inter_broker_listener(const config::Settings& settings) {
  constexpr std::string_view kName = "inter.broker.listener.name";
  std::string name =
      settings.text(settings.is_set(kName) ? kName : "security.inter.broker.protocol");
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::optional<env::Address> endpoint_on(const metadata::BrokerImage& broker,
                                        const std::string& listener) {
  const auto found =
      std::ranges::find(broker.endpoints, listener, &metadata::EndpointImage::listener);
  if (found == broker.endpoints.end()) return std::nullopt;
  return env::Address{found->host, found->port};
}

}  // namespace odradek::broker
