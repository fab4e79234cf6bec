// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// The one table of settings: what exists, of what type, with which default and range, and what this
// server does with it. Parsing, validation, help, DescribeConfigs and the documentation read it. It
// is generated from schema/settings/*.toml (schema/README.md describes the files).
namespace odradek::config {

enum class Type : std::uint8_t {
  kBoolean,
  kString,
  kShort,
  kInt,
  kLong,
  kDouble,
  kList,
  kClass,
  kPassword,
};

enum class Status : std::uint8_t {
  kHonoured,  // does what Kafka documents
  kAccepted,  // taken, and differs from what Kafka does with it; `note` says how
  kRefused,   // stops the server; `note` says why
};

// What a key belongs to.
enum class Scope : std::uint8_t { kBroker, kTopic, kGroup, kClientMetrics, kQuota };

enum class Kind : std::uint8_t {
  kCurrent,      // Kafka 4.4 has it, or it is this server's own
  kDynamicOnly,  // a broker key that Kafka has no place for in the file: only AlterConfigs sets it
  kDropped,      // Kafka 4 has it no more
  kPattern,      // no table of Kafka's has it, but something reads it; "rsm.config.*": a beginning
};

// Whether and where Kafka lets a broker key be changed while the broker runs.
enum class Live : std::uint8_t {
  kReadOnly,
  kPerBroker,    // for one broker
  kClusterWide,  // for one broker or as the cluster's default
};

enum class Importance : std::uint8_t { kHigh, kMedium, kLow };

struct Setting {
  std::string_view name{};
  Type type = Type::kString;
  // Nothing: Kafka's null, or a key without a default.
  std::optional<std::string_view> default_value{};
  // "1..": at least 1; "1..9": between; "a|b": one of (for a list: each), "~a|b": in any case;
  // "1..9|-1": between, or -1; empty: any. "distinct" and "non-empty" before it are of lists and
  // texts. "partition:broker": a list of such pairs, or *.
  std::string_view range{};
  Status status = Status::kAccepted;
  std::string_view note{};
  // Where `reason` says something, only these values (or null) are taken: they ask for nothing. The
  // server refuses any other with `reason`.
  std::span<const std::string_view> harmless{};
  std::string_view reason{};
  Scope scope = Scope::kBroker;
  Kind kind = Kind::kCurrent;
  Live live = Live::kReadOnly;
  Importance importance = Importance::kMedium;
  // Kafka keeps it to itself: it may be set, and is not shown.
  bool is_internal = false;
  // "ms", "bytes", …; empty: none, or a plain number.
  std::string_view unit{};
  // Of a dropped key: the last version that had it.
  std::string_view until{};
  // Of a broker key: all keys that give it its value, the finest first, where it is not alone
  // (log.retention.ms, .minutes, .hours). Of a topic's or a group's key: the broker keys that give
  // it its default, the finest first.
  std::span<const std::string_view> synonyms{};
  // Of a quota: "user", "client-id", "ip".
  std::span<const std::string_view> entities{};
  // The heading of the key's part of docs/configuration.md.
  std::string_view subject{};
  std::string_view description{};

  bool is_sensitive() const { return type == Type::kPassword; }
};

// Each sorted by name.
std::span<const Setting> broker_settings();
std::span<const Setting> topic_settings();
std::span<const Setting> group_settings();
std::span<const Setting> client_metrics_settings();
std::span<const Setting> quota_settings();
// Broker keys of the other kinds.
std::span<const Setting> dynamic_only_settings();
std::span<const Setting> dropped_settings();
std::span<const Setting> pattern_settings();

// The current ones of a scope.
std::span<const Setting> settings_of(Scope scope);

// Nothing when there is no such key.
const Setting* find_setting(Scope scope, std::string_view name);
const Setting* find_broker_setting(std::string_view name);
const Setting* find_topic_setting(std::string_view name);
const Setting* find_dynamic_only_setting(std::string_view name);
const Setting* find_dropped_setting(std::string_view name);
const Setting* find_pattern_setting(std::string_view name);

// The broker keys that give this one its value, the finest first: of most keys the key alone. In
// the table, for ever; empty for what is no broker key of the table.
std::span<const std::string_view> synonyms_of(std::string_view broker_key);

}  // namespace odradek::config
