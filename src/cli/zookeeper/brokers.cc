// SPDX-License-Identifier: Apache-2.0
#include "cli/zookeeper/brokers.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <vector>

#include "cli/json/json_reader.h"

namespace odradek::cli {
namespace {

constexpr const char* kBrokerIds = "/brokers/ids";
constexpr env::Duration kConnectionTimeout = std::chrono::seconds(15);

// The protocol of a listener; Kafka before 0.10.2 has no map, the listener's name being it.
std::string protocol_of(const Object& registration, const std::string& listener) {
  const Value* map = find_member(registration, "listener_security_protocol_map");
  if (map == nullptr) return listener;
  const auto protocols = as_object(*map);
  return protocols ? string_member(**protocols, listener).value_or("") : "";
}

// "PLAINTEXT://host:9092" where the listener speaks the protocol; else empty.
std::string address_in_endpoint(const Object& registration, const std::string& endpoint,
                                std::string_view protocol) {
  constexpr std::string_view kSeparator = "://";
  const std::size_t separator = endpoint.find(kSeparator);
  if (separator == std::string::npos) return {};
  if (protocol_of(registration, endpoint.substr(0, separator)) != protocol) return {};
  return endpoint.substr(separator + kSeparator.size());
}

int id_of(const std::string& name) {
  int id = 0;
  std::from_chars(name.data(), name.data() + name.size(), id);
  return id;
}

}  // namespace

std::string address_in_registration(std::string_view text, std::string_view protocol) {
  const auto json = parse_json(text);
  if (!json) return {};
  const auto registration = as_object(*json);
  if (!registration) return {};
  if (const Value* listed = find_member(**registration, "endpoints"); listed != nullptr) {
    const auto endpoints = as_list(*listed);
    if (!endpoints) return {};
    for (const Value& each : **endpoints) {
      const std::string address =
          address_in_endpoint(**registration, as_string(each).value_or(""), protocol);
      if (!address.empty()) return address;
    }
    return {};
  }
  // Kafka before 0.9 had one listener.
  const auto host = string_member(**registration, "host");
  const auto port = int32_member(**registration, "port");
  return host && port && protocol == "PLAINTEXT" ? fmt::format("{}:{}", *host, *port)
                                                 : std::string();
}

base::Result<std::string> registered_brokers(ZookeeperTree& tree, std::string_view protocol) {
  auto ids = tree.children(kBrokerIds);
  if (!ids) return base::fail(std::move(ids));
  std::ranges::sort(*ids, {}, id_of);
  std::string servers;
  for (const std::string& id : *ids) {
    const auto node = tree.get(fmt::format("{}/{}", kBrokerIds, id));
    if (!node) return base::fail(node.error());
    const std::string address = address_in_registration(node->value_or(""), protocol);
    if (address.empty()) continue;
    servers += fmt::format("{}{}", servers.empty() ? "" : ",", address);
  }
  if (!servers.empty()) return servers;
  if (ids->empty()) {
    return base::fail(base::ErrorCode::kBrokerNotAvailable,
                      fmt::format("No broker is registered in ZooKeeper below {}", kBrokerIds));
  }
  return base::fail(base::ErrorCode::kBrokerNotAvailable,
                    fmt::format("None of the brokers in ZooKeeper below {} has a {} listener",
                                kBrokerIds, protocol));
}

base::Result<std::string> bootstrap_servers(const Flags& flags, std::string_view protocol,
                                            std::string_view otherwise) {
  const auto ensemble = flags.value("zookeeper");
  if (!ensemble || flags.has("bootstrap-server")) {
    return flags.value_or("bootstrap-server", otherwise);
  }
  auto tree = ZookeeperTree::connect(*ensemble, kConnectionTimeout);
  if (!tree) return base::fail(std::move(tree));
  return registered_brokers(**tree, protocol);
}

}  // namespace odradek::cli
