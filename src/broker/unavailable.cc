// SPDX-License-Identifier: Apache-2.0
#include "broker/unavailable.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "config/table.h"

namespace odradek::broker {
namespace {

std::unexpected<base::Error> refuse(std::string_view key, const std::string& value,
                                    std::string_view missing) {
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("{}={} is refused: {}", key, value, missing));
}

// "1@host:port,2@host:port": a voter other than this node asks for a quorum.
base::Result<> check_voters(const config::Settings& settings) {
  constexpr std::string_view kKey = "controller.quorum.voters";
  const auto node = std::to_string(settings.node_id().value_or(1));
  const auto voters = settings.list(kKey);
  const bool is_alone = std::ranges::all_of(voters, [&node](const std::string& voter) {
    return voter.substr(0, voter.find('@')) == node;
  });
  if (is_alone) return {};
  return refuse(kKey, settings.text(kKey),
                "this server is a node of its own as yet: the only voter may be node.id");
}

// KRaft's roles: a node of its own has both.
base::Result<> check_roles(const config::Settings& settings) {
  constexpr std::string_view kKey = "process.roles";
  const auto roles = settings.list(kKey);
  if (roles.empty() || std::ranges::find(roles, "broker") != roles.end()) return {};
  return refuse(kKey, settings.text(kKey), "this server is a broker in any case: add that role");
}

}  // namespace

base::Result<> check_available(const config::Settings& settings) {
  for (const auto& [key, value] : settings.given()) {
    const config::Setting* setting = config::find_broker_setting(key);
    if (setting == nullptr) setting = config::find_dropped_setting(key);
    if (setting == nullptr) continue;
    if (auto done = config::check_available(*setting, value); !done) return done;
  }
  if (auto done = check_voters(settings); !done) return done;
  return check_roles(settings);
}

}  // namespace odradek::broker
