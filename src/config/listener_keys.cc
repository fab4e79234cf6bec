// SPDX-License-Identifier: Apache-2.0
#include "config/listener_keys.h"

namespace odradek::config {

std::optional<ListenerKey> parse_listener_key(std::string_view key) {
  constexpr std::string_view kPrefix = "listener.name.";
  if (!key.starts_with(kPrefix)) return std::nullopt;
  key.remove_prefix(kPrefix.size());
  const auto dot = key.find('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == key.size()) return std::nullopt;
  ListenerKey parsed{key.substr(0, dot), key.substr(dot + 1), nullptr};
  parsed.setting = find_broker_setting(parsed.name);
  if (parsed.setting != nullptr) return parsed;
  // With a mechanism in front: scram-sha-512.sasl.jaas.config.
  if (const auto sasl = parsed.name.find(".sasl."); sasl != std::string_view::npos) {
    parsed.name.remove_prefix(sasl + 1);
    parsed.setting = find_broker_setting(parsed.name);
  }
  return parsed;
}

}  // namespace odradek::config
