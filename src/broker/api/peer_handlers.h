// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "broker/api/handlers.h"

// What brokers of a cluster ask each other, in Kafka's controller APIs. Nobody else is answered:
// they are offered, and taken, on the inter-broker listener only.
namespace odradek::broker::api {

// In the order of the keys.
std::span<const Handler> peer_handlers();
const Handler* find_peer_handler(wire::ApiKey key);
// Whether such requests may come in by this connection.
bool is_from_peer(const Services& services, const net::ConnectionInfo& connection);

}  // namespace odradek::broker::api
