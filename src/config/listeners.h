// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "config/objection.h"

namespace odradek::config {

class Settings;

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const HostAndPort&, const HostAndPort&) = default;
};

// One of `listeners`, with what the other listener settings say of it.
struct Listener {
  std::string name;
  std::string security_protocol;
  // An empty host is every address.
  HostAndPort bind;
  // From advertised.listeners; nothing: on a node of its own the address that a client came by.
  std::optional<HostAndPort> advertised;
};

// `listeners`, `advertised.listeners`, `listener.security.protocol.map`; without `listeners` what
// 2.2 called host.name and port, and without those loopback only (docs/differences.md). Listeners
// named in controller.listener.names are left out: the controller needs none here. A protocol that
// is not there is an objection. Never empty.
[[nodiscard]] std::expected<std::vector<Listener>, Objection> read_listeners(
    const Settings& settings);

// "host:port", the host possibly empty or in brackets.
[[nodiscard]] std::optional<HostAndPort> parse_host_and_port(std::string_view text);

}  // namespace odradek::config
