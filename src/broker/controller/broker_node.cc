// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/broker_node.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace odradek::broker {
namespace {

// LISTENER://host:port
std::optional<NodeEndpoint> parse_endpoint(std::string_view text) {
  const std::size_t scheme = text.find("://");
  const std::size_t colon = text.rfind(':');
  if (scheme == std::string_view::npos || colon <= scheme) return std::nullopt;
  NodeEndpoint endpoint;
  endpoint.listener = text.substr(0, scheme);
  std::string_view host = text.substr(scheme + 3, colon - scheme - 3);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  endpoint.address.host = host;
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] =
      std::from_chars(port.data(), port.data() + port.size(), endpoint.address.port);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return endpoint;
}

}  // namespace

std::vector<NodeEndpoint> endpoints_in_node(std::string_view node) {
  constexpr std::string_view kKey = "\"endpoints\":[";
  std::vector<NodeEndpoint> endpoints;
  const std::size_t key = node.find(kKey);
  if (key == std::string_view::npos) return endpoints;
  node.remove_prefix(key + kKey.size());
  while (true) {
    // An address in brackets stands inside the quotes.
    const std::size_t begin = node.find_first_of("\"]");
    if (begin == std::string_view::npos || node[begin] == ']') return endpoints;
    const std::size_t end = node.find('"', begin + 1);
    if (end == std::string_view::npos) return endpoints;
    if (auto endpoint = parse_endpoint(node.substr(begin + 1, end - begin - 1))) {
      endpoints.push_back(std::move(*endpoint));
    }
    node.remove_prefix(end + 1);
  }
}

}  // namespace odradek::broker
