// SPDX-License-Identifier: Apache-2.0
#include "cli/configs/entity.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "cli/flag_checks.h"

namespace odradek::cli {
namespace {

// The types in the order of Kafka's message about a wrong one.
constexpr std::array kTypes = {kTopics, kClients,       kUsers,  kBrokers,
                               kIps,    kClientMetrics, kGroups, kBrokerLoggers};

struct ShortFlag {
  std::string_view name;
  std::string_view type;
};
// The flags that are a type and a name in one.
constexpr std::array kNameFlags = {ShortFlag{"topic", kTopics},
                                   ShortFlag{"client", kClients},
                                   ShortFlag{"user", kUsers},
                                   ShortFlag{"broker", kBrokers},
                                   ShortFlag{"broker-logger", kBrokerLoggers},
                                   ShortFlag{"ip", kIps},
                                   ShortFlag{"client-metrics", kClientMetrics},
                                   ShortFlag{"group", kGroups}};
// And those that are a type's default.
constexpr std::array kDefaultFlags = {
    ShortFlag{"client-defaults", kClients}, ShortFlag{"user-defaults", kUsers},
    ShortFlag{"broker-defaults", kBrokers}, ShortFlag{"ip-defaults", kIps}};

bool has_short_flag(const Flags& flags) {
  const auto is_given = [&](const ShortFlag& flag) { return flags.has(flag.name); };
  return std::ranges::any_of(kNameFlags, is_given) || std::ranges::any_of(kDefaultFlags, is_given);
}

bool is_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Whether it can be an address or the name of a host; whether it resolves is the server's to know.
bool can_be_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == ':' || c == '-' || c == '_' || c == '%';
  });
}

base::Result<> check_types(const Entities& entities) {
  const std::set<std::string> distinct(entities.types.begin(), entities.types.end());
  if (distinct.size() != entities.types.size()) {
    std::vector<std::string> repeated;
    std::set<std::string> seen;
    for (const std::string& type : entities.types) {
      if (!seen.insert(type).second) repeated.push_back(type);
    }
    return misuse(fmt::format("Duplicate entity type(s) specified: {}", fmt::join(repeated, ",")));
  }
  return {};
}

base::Result<> check_known(const Entities& entities) {
  for (const std::string& type : entities.types) {
    if (std::ranges::count(kTypes, type) > 0) continue;
    return misuse(
        fmt::format("Invalid entity type {}, the entity type must be one of {} with a "
                    "--bootstrap-server or --bootstrap-controller argument",
                    type, fmt::join(kTypes, ", ")));
  }
  if (entities.types.empty()) return misuse("At least one entity type must be specified");
  if (entities.types.size() > 1 && !(entities.has_type(kUsers) && entities.has_type(kClients))) {
    return misuse("Only 'users' and 'clients' entity types may be specified together");
  }
  return {};
}

base::Result<> check_names(const Entities& entities) {
  if (!entities.has_name()) return {};
  const std::string& type = entities.types[0];
  for (const std::string& name : entities.names) {
    if ((type == kBrokers || type == kBrokerLoggers) && !name.empty() && !is_integer(name)) {
      return misuse(fmt::format(
          "The entity name for {} must be a valid integer broker id, but it is: {}", type, name));
    }
    if (type == kIps && !name.empty() && !can_be_host(name)) {
      return misuse(
          fmt::format("The entity name for {} must be a valid IP or resolvable host, but it is: {}",
                      type, name));
    }
  }
  return {};
}

bool has_defaults(const Entities& entities) {
  return entities.has_type(kUsers) || entities.has_type(kClients) || entities.has_type(kBrokers) ||
         entities.has_type(kIps);
}

base::Result<> check_description(const Flags& flags, const Entities& entities) {
  const auto types = fmt::format("{}", fmt::join(entities.types, ","));
  if (!has_defaults(entities) && flags.has("entity-default")) {
    return misuse(
        fmt::format("--entity-default must not be specified with --describe of {}", types));
  }
  if (entities.has_type(kBrokerLoggers) && !entities.has_name()) {
    return misuse(fmt::format("An entity name must be specified with --describe of {}", types));
  }
  return {};
}

base::Result<> check_change(const Flags& flags, const Entities& entities) {
  if (has_defaults(entities)) {
    if (!entities.has_name() && !entities.has_default()) {
      return misuse(
          "An entity-name or default entity must be specified with --alter of users, clients, "
          "brokers or ips");
    }
  } else if (!entities.has_name()) {
    return misuse(fmt::format("An entity name must be specified with --alter of {}",
                              fmt::join(entities.types, ",")));
  }
  if (flags.has("add-config") && flags.has("add-config-file")) {
    return misuse("Only one of --add-config or --add-config-file must be specified");
  }
  if (!flags.has("add-config") && !flags.has("add-config-file") && !flags.has("delete-config")) {
    return misuse(
        "At least one of --add-config, --add-config-file, or --delete-config must be specified "
        "with --alter");
  }
  return {};
}

}  // namespace

bool Entities::has_type(std::string_view type) const { return std::ranges::count(types, type) > 0; }
bool Entities::has_name() const {
  return std::ranges::any_of(names, [](const std::string& name) { return !name.empty(); });
}
bool Entities::has_default() const { return std::ranges::count(names, "") > 0; }

Entities entities_of(const Flags& flags) {
  Entities entities;
  entities.types = flags.values("entity-type");
  auto name = flags.values("entity-name");
  std::size_t next = 0;
  for (const std::string& flag : flags.names()) {
    if (flag == "entity-name" && next < name.size()) entities.names.push_back(name[next++]);
    if (flag == "entity-default") entities.names.emplace_back();
  }
  for (const auto& [flag, type] : kNameFlags) {
    if (!flags.has(flag)) continue;
    entities.types.emplace_back(type);
    entities.names.push_back(flags.value_or(flag, ""));
  }
  for (const auto& [flag, type] : kDefaultFlags) {
    if (!flags.has(flag)) continue;
    entities.types.emplace_back(type);
    entities.names.emplace_back();
  }
  return entities;
}

base::Result<> check_entities(const Flags& flags, const Entities& entities) {
  if (auto ok = check_types(entities); !ok) return ok;
  if (auto ok = check_known(entities); !ok) return ok;
  if ((flags.has("entity-name") || flags.has("entity-type") || flags.has("entity-default")) &&
      has_short_flag(flags)) {
    return misuse(
        "--entity-{type,name,default} should not be used in conjunction with specific entity "
        "flags");
  }
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse("Only one of --bootstrap-server or --bootstrap-controller can be specified");
  }
  if (auto ok = check_names(entities); !ok) return ok;
  if (flags.has("describe")) return check_description(flags, entities);
  return check_change(flags, entities);
}

std::string_view singular(std::string_view type) { return type.substr(0, type.size() - 1); }

}  // namespace odradek::cli
