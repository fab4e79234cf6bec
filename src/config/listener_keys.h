// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "config/table.h"

namespace odradek::config {

// listener.name.<listener>.<key>, and listener.name.<listener>.<mechanism>.<key> for SASL's.
struct ListenerKey {
  std::string_view listener;
  std::string_view name;             // without the prefix and the mechanism
  const Setting* setting = nullptr;  // nothing: no broker key has that name

  // A bound on the listener's connections. Of all other keys the server's value applies.
  bool is_limit() const {
    return name == "max.connections" || name == "max.connection.creation.rate";
  }
};

// Nothing when the key is none of a listener.
std::optional<ListenerKey> parse_listener_key(std::string_view key);

}  // namespace odradek::config
