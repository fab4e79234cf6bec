// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "broker/listeners.h"
#include "config/settings.h"
#include "net/server_options.h"

namespace odradek::broker {

// What the settings say of connections and listeners.
net::ServerOptions make_server_options(const config::Settings& settings);
// The part of them that may change while the server runs.
net::ConnectionLimitOptions make_connection_limits(const config::Settings& settings,
                                                   const std::vector<ListenerConfig>& listeners);
net::ListenerOptions make_listener_options(const config::Settings& settings,
                                           const ListenerConfig& listener);

}  // namespace odradek::broker
