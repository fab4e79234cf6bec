// SPDX-License-Identifier: Apache-2.0
#include "broker/unavailable.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace odradek::broker {
namespace {

std::unexpected<base::Error> refuse(std::string_view key, const std::string& value,
                                    std::string_view missing) {
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("{}={} is refused: {}", key, value, missing));
}

struct Unavailable {
  std::string_view key;
  // What asks for nothing; any other value asks for what is missing.
  std::string_view harmless;
  std::string_view missing;
};

constexpr Unavailable kUnavailable[] = {
    {"authorizer.class.name", "",
     "this server has no authorizer as yet: everybody would be let in"},
    {"zookeeper.connect", "", "this server is a node of its own as yet and joins no ensemble"},
    {"remote.log.storage.system.enable", "false", "this server has no tiered storage as yet"},
    {"compression.type", "producer",
     "this server keeps what producers send and does not re-encode as yet"},
    {"create.topic.policy.class.name", "", "this server runs no Java classes"},
    {"alter.config.policy.class.name", "", "this server runs no Java classes"},
    {"client.quota.callback.class", "", "this server runs no Java classes"},
};

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
  for (const Unavailable& entry : kUnavailable) {
    const std::string value = settings.value(entry.key).value_or("");
    if (value != entry.harmless && !value.empty()) return refuse(entry.key, value, entry.missing);
  }
  if (auto done = check_voters(settings); !done) return done;
  return check_roles(settings);
}

}  // namespace odradek::broker
