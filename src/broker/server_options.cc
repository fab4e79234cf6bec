// SPDX-License-Identifier: Apache-2.0
#include "broker/server_options.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "config/value.h"

namespace odradek::broker {
namespace {

// max.connections.per.ip.overrides: "host:count,host:count".
std::map<std::string, std::int64_t> per_ip_overrides(const config::Settings& settings) {
  std::map<std::string, std::int64_t> overrides;
  constexpr std::string_view kKey = "max.connections.per.ip.overrides";
  for (const std::string& entry : settings.list(kKey)) {
    const auto colon = entry.rfind(':');
    if (colon == std::string::npos) continue;
    const auto count = config::parse_whole(std::string_view(entry).substr(colon + 1));
    if (count) overrides[std::string(config::trim(entry.substr(0, colon)))] = *count;
  }
  return overrides;
}

// `listener.name.<name>.<key>`; without one the listener has no limit of its own.
std::int64_t listener_limit(const config::Settings& settings, const std::string& listener,
                            std::string_view key) {
  std::string name = "listener.name." + listener + '.';
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  const auto value = settings.value(name.append(key));
  if (!value) return net::kUnlimited;
  return config::parse_whole(*value).value_or(net::kUnlimited);
}

net::ConnectionLimitOptions::Listener limits_of(const config::Settings& settings,
                                                const std::string& listener) {
  return {listener_limit(settings, listener, "max.connections"),
          listener_limit(settings, listener, "max.connection.creation.rate")};
}

}  // namespace

net::ConnectionLimitOptions make_connection_limits(const config::Settings& settings,
                                                   const std::vector<ListenerConfig>& listeners) {
  net::ConnectionLimitOptions limits;
  limits.max_connections = settings.number("max.connections");
  limits.max_connections_per_ip = settings.number("max.connections.per.ip");
  limits.max_connections_per_ip_overrides = per_ip_overrides(settings);
  limits.max_connection_creation_rate = settings.number("max.connection.creation.rate");
  for (const ListenerConfig& listener : listeners) {
    limits.listeners[listener.name] = limits_of(settings, listener.name);
  }
  return limits;
}

net::ServerOptions make_server_options(const config::Settings& settings) {
  net::ServerOptions options;
  options.request_max_bytes = settings.number("socket.request.max.bytes");
  options.queued_request_max_bytes = settings.number("queued.max.request.bytes");
  options.max_connections = settings.number("max.connections");
  options.max_connections_per_ip = settings.number("max.connections.per.ip");
  options.max_connections_per_ip_overrides = per_ip_overrides(settings);
  options.max_connection_creation_rate = settings.number("max.connection.creation.rate");
  options.max_idle = std::chrono::milliseconds(settings.number("connections.max.idle.ms"));
  return options;
}

net::ListenerOptions make_listener_options(const config::Settings& settings,
                                           const ListenerConfig& listener) {
  net::ListenerOptions options;
  options.name = listener.name;
  options.security_protocol = listener.security_protocol;
  options.address = listener.bind;
  const auto limits = limits_of(settings, listener.name);
  options.max_connections = limits.max_connections;
  options.max_connection_creation_rate = limits.max_connection_creation_rate;
  // KIP-402: clients elsewhere do not keep the other brokers out.
  options.makes_room =
      settings.listeners().size() > 1 && listener.name == inter_broker_listener(settings);
  options.socket.backlog = static_cast<int>(settings.number("socket.listen.backlog.size"));
  options.socket.socket.send_buffer_bytes =
      static_cast<int>(settings.number("socket.send.buffer.bytes"));
  options.socket.socket.receive_buffer_bytes =
      static_cast<int>(settings.number("socket.receive.buffer.bytes"));
  return options;
}

}  // namespace odradek::broker
