// SPDX-License-Identifier: Apache-2.0
#include "config/dynamic_rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "config/dynamic.h"
#include "config/rules.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> invalid(std::string_view key, std::string_view value,
                                     std::string_view why) {
  return base::fail(ErrorCode::kInvalidConfig, fmt::format("{}={}: {}", key, value, why));
}

// Without a connection nobody could take the limit back.
base::Result<> check_connection_limit(std::string_view key, std::string_view value) {
  if (parse_whole(value).value_or(0) > 0) return {};
  return invalid(key, value, "at least 1 is needed");
}

base::Result<> check_overrides(std::string_view key, std::string_view value) {
  for (const std::string& entry : split_list(value)) {
    const auto colon = entry.rfind(':');
    const bool has_host = colon != std::string::npos && colon > 0;
    const auto count = has_host ? parse_whole(entry.substr(colon + 1)) : std::nullopt;
    if (count && *count >= 0 && *count <= INT32_MAX) continue;
    return invalid(key, value, "host:count is needed, several after commas");
  }
  return {};
}

base::Result<> check_retention(std::string_view key, std::string_view value) {
  if (parse_whole(value) != 0) return {};
  return invalid(key, value, "it is -1 (forever) or at least 1");
}

// Classes of a Java virtual machine, which this server does not have.
base::Result<> check_no_class(std::string_view key, std::string_view value) {
  if (value.empty() || value == find_dynamic_setting(key)->default_value) return {};
  return invalid(key, value, "this server loads no Java classes");
}

base::Result<> check_not_live(std::string_view key, std::string_view value) {
  return invalid(key, value, "listeners are opened at start: set it in the server's file");
}

struct Rule {
  std::string_view key;  // without a listener's prefix
  base::Result<> (*check)(std::string_view key, std::string_view value);
};

constexpr Rule kRules[] = {
    {"listener.security.protocol.map", check_not_live},
    {"listeners", check_not_live},
    {"log.retention.ms", check_retention},
    {"max.connection.creation.rate", check_connection_limit},
    {"max.connections", check_connection_limit},
    {"max.connections.per.ip.overrides", check_overrides},
    {"metric.reporters", check_no_class},
    {"principal.builder.class", check_no_class},
};

// Topics keep at least as long as what tiered storage leaves here.
base::Result<> check_local_retention(const Settings& next, std::string_view local_key,
                                     std::int64_t retention, std::string_view key) {
  const std::int64_t local = next.number(local_key);
  constexpr std::int64_t kSameAsWhole = -2;
  if (retention < 0 || local == kSameAsWhole) return {};
  if (local >= 0 && local <= retention) return {};
  return invalid(local_key, std::to_string(local),
                 fmt::format("it must not be more than {}={}", key, retention));
}

// How often groups are assigned anew lies between two other keys.
base::Result<> check_assignment_interval(const SettingValues& wanted, const Settings& next,
                                         std::string_view kind) {
  const auto key = fmt::format("group.{}.assignment.interval.ms", kind);
  if (!wanted.contains(key)) return {};
  const auto least = fmt::format("group.{}.min.assignment.interval.ms", kind);
  const auto most = fmt::format("group.{}.max.assignment.interval.ms", kind);
  const std::int64_t value = next.number(key);
  if (value >= next.number(least) && value <= next.number(most)) return {};
  return invalid(key, std::to_string(value),
                 fmt::format("it must lie between {}={} and {}={}", least, next.number(least), most,
                             next.number(most)));
}

// Loops are made at start, twice as many as the file asks for.
base::Result<> check_network_threads(const Settings& file, const Settings& next) {
  constexpr std::string_view kKey = "num.network.threads";
  const std::int64_t most = 2 * file.number(kKey);
  if (next.number(kKey) <= most) return {};
  return invalid(kKey, next.text(kKey),
                 fmt::format("this process has {} to give; more need another number in the "
                             "server's file and a restart",
                             most));
}

base::Result<> check_cordoned(const SettingValues& wanted, const Settings& next) {
  constexpr std::string_view kKey = "cordoned.log.dirs";
  const auto found = wanted.find(std::string(kKey));
  if (found == wanted.end()) return {};
  if (const auto reason = objection_to_cordoned(next)) return invalid(kKey, found->second, *reason);
  return {};
}

}  // namespace

base::Result<> check_rule(std::string_view key, std::string_view value) {
  const auto rule = std::ranges::find(kRules, without_listener(key), &Rule::key);
  return rule == std::end(kRules) ? base::Result<>() : rule->check(key, trim(value));
}

base::Result<> check_together(const SettingValues& wanted, const Settings& file,
                              const Settings& next) {
  if (auto valid = check_network_threads(file, next); !valid) return valid;
  if (auto valid = check_local_retention(next, "log.local.retention.ms", next.log_retention_ms(),
                                         "log.retention.ms");
      !valid) {
    return valid;
  }
  if (auto valid = check_local_retention(next, "log.local.retention.bytes",
                                         next.number("log.retention.bytes"), "log.retention.bytes");
      !valid) {
    return valid;
  }
  for (const std::string_view kind : {"consumer", "share", "streams"}) {
    if (auto valid = check_assignment_interval(wanted, next, kind); !valid) return valid;
  }
  return check_cordoned(wanted, next);
}

}  // namespace odradek::config
