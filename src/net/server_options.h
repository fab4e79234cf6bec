// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "env/network.h"

namespace odradek::net {

inline constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

// Limits of all connections together, each with the configuration key that sets it and that
// errors and log lines name.
struct ServerOptions {
  std::int64_t request_max_bytes = 100LL << 20;  // socket.request.max.bytes
  // queued.max.request.bytes; -1 is kDefaultQueuedRequestBytes. What arrives or waits for its
  // answer; one request may go beyond it (see RequestBudget).
  std::int64_t queued_request_max_bytes = -1;
  std::int64_t max_connections = kUnlimited;         // max.connections
  std::int64_t max_connections_per_ip = kUnlimited;  // max.connections.per.ip
  std::map<std::string, std::int64_t> max_connections_per_ip_overrides = {};  // numeric
  std::int64_t max_connection_creation_rate = kUnlimited;                     // a second
  env::Duration max_idle = std::chrono::minutes(10);  // connections.max.idle.ms; < 0: none

  // Bounds without a key of Kafka's: a connection that reaches one is not read until it is below
  // again; nothing is refused.
  std::size_t max_requests_in_flight = 100;
  std::int64_t max_in_flight_bytes = 16LL << 20;
  std::uint64_t max_output_bytes = 8ULL << 20;
};

// Those of the limits that may change while the server runs.
struct ConnectionLimitOptions {
  std::int64_t max_connections = kUnlimited;
  std::int64_t max_connections_per_ip = kUnlimited;
  std::map<std::string, std::int64_t> max_connections_per_ip_overrides = {};
  std::int64_t max_connection_creation_rate = kUnlimited;
  struct Listener {
    std::int64_t max_connections = kUnlimited;
    std::int64_t max_connection_creation_rate = kUnlimited;
  };
  std::map<std::string, Listener> listeners = {};  // by name; one that is not named has no limits
};

inline constexpr std::int64_t kDefaultQueuedRequestBytes = 64LL << 20;

struct ListenerOptions {
  std::string name = {};
  std::string security_protocol = "PLAINTEXT";
  env::Address address = {};
  env::ListenOptions socket = {};  // socket.listen.backlog.size, socket.*.buffer.bytes
  // listener.name.<name>.max.connections and .max.connection.creation.rate, on top of the server's.
  std::int64_t max_connections = kUnlimited;
  std::int64_t max_connection_creation_rate = kUnlimited;
  // The server's max.connections do not keep its clients out: each closes the connection of another
  // listener that has been idle longest.
  bool makes_room = false;
};

}  // namespace odradek::net
