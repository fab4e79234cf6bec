// SPDX-License-Identifier: Apache-2.0
#include "config/listeners.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "config/settings.h"
#include "config/value.h"

namespace odradek::config {
namespace {

constexpr std::string_view kListeners = "listeners";
constexpr std::string_view kAdvertised = "advertised.listeners";
constexpr std::string_view kProtocolMap = "listener.security.protocol.map";
constexpr std::uint16_t kDefaultPort = 9092;

template <typename Value>
using Read = std::expected<Value, Objection>;

std::unexpected<Objection> object(std::string_view key, std::string_view value,
                                  std::string_view why) {
  return std::unexpected(Objection{
      std::string(key), fmt::format("Invalid value {} for configuration {}: {}", value, key, why)});
}

std::string upper(std::string_view text) {
  std::string name(text);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

struct NamedAddress {
  std::string name;
  HostAndPort address;
};

Read<NamedAddress> read_one(std::string_view key, std::string_view text) {
  const auto separator = text.find("://");
  if (separator == std::string_view::npos || separator == 0) {
    return object(key, text, "each is NAME://host:port");
  }
  auto address = parse_host_and_port(text.substr(separator + 3));
  if (!address) {
    return object(key, text, "each is NAME://host:port, and the port a number from 0 to 65535");
  }
  return NamedAddress{upper(text.substr(0, separator)), std::move(*address)};
}

Read<std::vector<NamedAddress>> read_all(const Settings& settings, std::string_view key) {
  std::vector<NamedAddress> all;
  for (const std::string& text : settings.list(key)) {
    auto one = read_one(key, text);
    if (!one) return std::unexpected(std::move(one).error());
    if (std::ranges::find(all, one->name, &NamedAddress::name) != all.end()) {
      return object(key, text, fmt::format("listener {} is there twice", one->name));
    }
    all.push_back(std::move(*one));
  }
  return all;
}

using ProtocolMap = std::map<std::string, std::string, std::less<>>;

Read<ProtocolMap> read_protocols(const Settings& settings) {
  static const std::set<std::string, std::less<>> kProtocols{"PLAINTEXT", "SSL", "SASL_PLAINTEXT",
                                                             "SASL_SSL"};
  ProtocolMap protocols;
  for (const std::string& entry : settings.list(kProtocolMap)) {
    const auto colon = entry.find(':');
    if (colon == std::string::npos || colon == 0) {
      return object(kProtocolMap, entry, "each entry is LISTENER:PROTOCOL");
    }
    const std::string protocol = upper(trim(entry.substr(colon + 1)));
    if (!kProtocols.contains(protocol)) {
      return object(kProtocolMap, entry,
                    "a protocol is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL");
    }
    protocols[upper(trim(entry.substr(0, colon)))] = protocol;
  }
  return protocols;
}

Read<std::string> protocol_of(const Settings& settings, const std::string& listener,
                              const ProtocolMap& protocols) {
  const auto found = protocols.find(listener);
  if (found == protocols.end()) {
    return object(kListeners, listener,
                  fmt::format("no security protocol for it in {}", kProtocolMap));
  }
  if (found->second == "PLAINTEXT") return found->second;
  // The map's default has SSL:SSL; then it is the listener's name that asks.
  const bool is_mapped = settings.is_set(kProtocolMap);
  return object(is_mapped ? kProtocolMap : kListeners,
                is_mapped ? listener + ':' + found->second : settings.text(kListeners),
                fmt::format("listener {} asks for {}, and this server has PLAINTEXT only as yet; "
                            "encryption and authentication are refused rather than left out",
                            listener, found->second));
}

// Two listeners cannot share a port of one address.
Read<void> check_ports(const std::vector<NamedAddress>& all) {
  for (const NamedAddress& one : all) {
    for (const NamedAddress& other : all) {
      if (&one == &other) break;
      const bool meet = one.address.host == other.address.host || one.address.host.empty() ||
                        other.address.host.empty();
      if (one.address.port != 0 && one.address.port == other.address.port && meet) {
        return object(kListeners,
                      fmt::format("{}://{}:{}", one.name, one.address.host, one.address.port),
                      fmt::format("listener {} has that port", other.name));
      }
    }
  }
  return {};
}

Read<void> attach_advertised(const Settings& settings, const std::set<std::string>& controllers,
                             std::vector<Listener>& listeners) {
  auto advertised = read_all(settings, kAdvertised);
  if (!advertised) return std::unexpected(std::move(advertised).error());
  for (const NamedAddress& entry : *advertised) {
    if (controllers.contains(entry.name)) continue;
    const auto found = std::ranges::find(listeners, entry.name, &Listener::name);
    if (found == listeners.end()) {
      return object(kAdvertised, entry.name, "it is not one of listeners");
    }
    const std::string& host = entry.address.host;
    if (host.empty() || host == "0.0.0.0" || host == "::") {
      return object(kAdvertised, fmt::format("{}://{}:{}", entry.name, host, entry.address.port),
                    "clients need an address that they can reach");
    }
    found->advertised = entry.address;
  }
  return {};
}

std::uint16_t legacy_port(const Settings& settings, std::string_view key, std::uint16_t otherwise) {
  return settings.is_set(key) ? static_cast<std::uint16_t>(settings.number(key)) : otherwise;
}

// What others are told is kept for them to read: no address of every machine's.
Read<void> check_reachable(const std::vector<Listener>& listeners) {
  for (const Listener& listener : listeners) {
    const std::string& host = listener.bind.host;
    if (listener.advertised || (host != "0.0.0.0" && host != "::")) continue;
    return object(kListeners, fmt::format("{}://{}:{}", listener.name, host, listener.bind.port),
                  fmt::format("{} cannot use the nonroutable meta-address {}. Use a routable IP "
                              "address. (Without {} the other brokers are told the host of {}; an "
                              "empty one is this machine's name.)",
                              kAdvertised, host, kAdvertised, kListeners));
  }
  return {};
}

// Without `listeners`: host.name, port and advertised.* of Kafka 2.2, else loopback; but what
// others of a cluster are to reach is every address, as in Kafka.
std::vector<Listener> default_listeners(const Settings& settings) {
  const bool is_legacy = settings.is_set("host.name") || settings.is_set("port");
  const bool is_in_cluster = !settings.value("zookeeper.connect").value_or("").empty();
  Listener listener{"PLAINTEXT", "PLAINTEXT", {is_in_cluster ? "" : "127.0.0.1", kDefaultPort}, {}};
  if (is_legacy) {
    listener.bind = {settings.given_or("host.name", ""),
                     legacy_port(settings, "port", kDefaultPort)};
  }
  if (settings.is_set("advertised.host.name") || settings.is_set("advertised.port")) {
    listener.advertised = HostAndPort{settings.given_or("advertised.host.name", listener.bind.host),
                                      legacy_port(settings, "advertised.port", listener.bind.port)};
    if (listener.advertised->host.empty()) listener.advertised.reset();
  }
  return {std::move(listener)};
}

Read<std::vector<Listener>> named_listeners(const Settings& settings,
                                            const std::set<std::string>& controllers) {
  auto named = read_all(settings, kListeners);
  if (!named) return std::unexpected(std::move(named).error());
  if (auto done = check_ports(*named); !done) return std::unexpected(std::move(done).error());
  const auto protocols = read_protocols(settings);
  if (!protocols) return std::unexpected(protocols.error());
  std::vector<Listener> listeners;
  for (NamedAddress& entry : *named) {
    if (controllers.contains(entry.name)) continue;
    auto protocol = protocol_of(settings, entry.name, *protocols);
    if (!protocol) return std::unexpected(std::move(protocol).error());
    listeners.push_back(
        {std::move(entry.name), std::move(*protocol), std::move(entry.address), {}});
  }
  if (!listeners.empty()) return listeners;
  return object(kListeners, settings.text(kListeners), "at least one for clients is needed");
}

}  // namespace

std::optional<HostAndPort> parse_host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.find_first_of(" \t#/") != std::string_view::npos) return std::nullopt;
  const auto port = parse_whole(text.substr(colon + 1));
  if (!port || *port < 0 || *port > UINT16_MAX) return std::nullopt;
  return HostAndPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::expected<std::vector<Listener>, Objection> read_listeners(const Settings& settings) {
  std::set<std::string> controllers;
  std::vector<Listener> listeners;
  if (!settings.is_set(kListeners)) {
    listeners = default_listeners(settings);
  } else {
    for (const auto& name : settings.list("controller.listener.names")) {
      controllers.insert(upper(name));
    }
    auto named = named_listeners(settings, controllers);
    if (!named) return named;
    listeners = std::move(*named);
  }
  if (auto done = attach_advertised(settings, controllers, listeners); !done) {
    return std::unexpected(std::move(done).error());
  }
  if (settings.is_set("zookeeper.connect")) {
    if (auto done = check_reachable(listeners); !done) {
      return std::unexpected(std::move(done).error());
    }
  }
  return listeners;
}

}  // namespace odradek::config
