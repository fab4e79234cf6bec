// SPDX-License-Identifier: Apache-2.0
#include "broker/listeners.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "config/table.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> invalid(std::string_view key, std::string_view value,
                                     std::string_view allowed) {
  return base::fail(ErrorCode::kInvalidConfig,
                    fmt::format("Invalid value {} for configuration {}: {}", value, key, allowed));
}

struct NamedAddress {
  std::string name;
  env::Address address;
};

// NAME://host:port, the host possibly empty or in brackets.
base::Result<NamedAddress> parse_one(std::string_view key, std::string_view text) {
  constexpr std::string_view kShape = "each is NAME://host:port";
  const auto separator = text.find("://");
  const auto colon = text.rfind(':');
  if (separator == std::string_view::npos || separator == 0 || colon <= separator) {
    return invalid(key, text, kShape);
  }
  std::string_view host = text.substr(separator + 3, colon - separator - 3);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint32_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port > 65535) {
    return invalid(key, text, "the port is a number from 0 to 65535");
  }
  std::string name(text.substr(0, separator));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return NamedAddress{std::move(name), {std::string(host), static_cast<std::uint16_t>(port)}};
}

base::Result<std::vector<NamedAddress>> parse_all(const config::Settings& settings,
                                                  std::string_view key) {
  std::vector<NamedAddress> all;
  for (const std::string& text : settings.list(key)) {
    auto one = parse_one(key, text);
    if (!one) return base::fail(std::move(one));
    const auto same_name = [&](const NamedAddress& other) { return other.name == one->name; };
    if (std::ranges::any_of(all, same_name)) {
      return invalid(key, text, fmt::format("listener {} is there twice", one->name));
    }
    all.push_back(std::move(*one));
  }
  return all;
}

std::map<std::string, std::string> protocol_map(const config::Settings& settings) {
  std::map<std::string, std::string> protocols;
  for (const std::string& entry : settings.list("listener.security.protocol.map")) {
    const auto colon = entry.find(':');
    if (colon != std::string::npos) protocols[entry.substr(0, colon)] = entry.substr(colon + 1);
  }
  return protocols;
}

base::Result<std::string> protocol_of(const std::string& listener,
                                      const std::map<std::string, std::string>& protocols) {
  constexpr std::string_view kKey = "listener.security.protocol.map";
  const auto found = protocols.find(listener);
  if (found == protocols.end()) {
    return invalid("listeners", listener, fmt::format("no security protocol for it in {}", kKey));
  }
  if (found->second == "PLAINTEXT") return found->second;
  if (found->second == "SSL" || found->second.starts_with("SASL_")) {
    return invalid(
        kKey, listener + ':' + found->second,
        "this server has PLAINTEXT only as yet; encryption and authentication are refused "
        "rather than left out");
  }
  return invalid(kKey, listener + ':' + found->second,
                 "a protocol is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
}

base::Result<> attach_advertised(const config::Settings& settings,
                                 const std::set<std::string>& controllers,
                                 std::vector<ListenerConfig>& listeners) {
  constexpr std::string_view kKey = "advertised.listeners";
  auto advertised = parse_all(settings, kKey);
  if (!advertised) return base::fail(std::move(advertised));
  for (const NamedAddress& entry : *advertised) {
    if (controllers.contains(entry.name)) continue;
    const auto found = std::ranges::find(listeners, entry.name, &ListenerConfig::name);
    if (found == listeners.end()) {
      return invalid(kKey, entry.name, "it is not one of listeners");
    }
    if (entry.address.host.empty() || entry.address.host == "0.0.0.0" ||
        entry.address.host == "::") {
      return invalid(kKey, entry.name + "://" + entry.address.to_string(),
                     "clients need an address that they can reach");
    }
    found->advertised = entry.address;
  }
  return {};
}

}  // namespace

base::Result<std::vector<ListenerConfig>> parse_listeners(const config::Settings& settings) {
  if (!settings.is_set("listeners")) {
    std::vector<ListenerConfig> loopback{{"PLAINTEXT", "PLAINTEXT", {"127.0.0.1", 9092}, {}}};
    if (auto done = attach_advertised(settings, {}, loopback); !done) {
      return base::fail(std::move(done));
    }
    return loopback;
  }
  auto named = parse_all(settings, "listeners");
  if (!named) return base::fail(std::move(named));
  const auto controller_names = settings.list("controller.listener.names");
  const std::set<std::string> controllers(controller_names.begin(), controller_names.end());
  const auto protocols = protocol_map(settings);
  std::vector<ListenerConfig> listeners;
  for (NamedAddress& entry : *named) {
    if (controllers.contains(entry.name)) continue;
    auto protocol = protocol_of(entry.name, protocols);
    if (!protocol) return base::fail(std::move(protocol));
    listeners.push_back(
        {std::move(entry.name), std::move(*protocol), std::move(entry.address), {}});
  }
  if (listeners.empty()) {
    return invalid("listeners", settings.text("listeners"), "at least one for clients is needed");
  }
  if (auto done = attach_advertised(settings, controllers, listeners); !done) {
    return base::fail(std::move(done));
  }
  return listeners;
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
