// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"

// Whose configuration kafka-configs reads or changes.
namespace odradek::cli {

inline constexpr std::string_view kTopics = "topics";
inline constexpr std::string_view kClients = "clients";
inline constexpr std::string_view kUsers = "users";
inline constexpr std::string_view kBrokers = "brokers";
inline constexpr std::string_view kIps = "ips";
inline constexpr std::string_view kClientMetrics = "client-metrics";
inline constexpr std::string_view kGroups = "groups";
inline constexpr std::string_view kBrokerLoggers = "broker-loggers";

// Types and names as the line gives them, each in its order: a name belongs to the type at its
// place, "" is the default of a type, and a type without a name means all of its kind.
struct Entities {
  std::vector<std::string> types;
  std::vector<std::string> names;

  bool has_type(std::string_view type) const;
  bool has_name() const;
  bool has_default() const;
};

// From --entity-type, --entity-name and --entity-default, or --topic, --user-defaults and so on.
Entities entities_of(const Flags& flags);

// Kafka's rules of what goes together, in its words and its order.
[[nodiscard]] base::Result<> check_entities(const Flags& flags, const Entities& entities);

// "topic" of "topics"
std::string_view singular(std::string_view type);

}  // namespace odradek::cli
