// SPDX-License-Identifier: Apache-2.0
#include "config/group_config.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

struct Bounds {
  std::string_view key;
  std::string_view least;  // a broker key; empty: none
  std::string_view most;
  // Held against the bounds only where the group sets it: the broker's value may change meanwhile.
  bool only_if_set = false;
};

constexpr Bounds kBounds[] = {
    {"consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms",
     "group.consumer.max.heartbeat.interval.ms"},
    {"consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms",
     "group.consumer.max.session.timeout.ms"},
    {"consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms",
     "group.consumer.max.assignment.interval.ms", true},
    {"share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms",
     "group.share.max.heartbeat.interval.ms"},
    {"share.session.timeout.ms", "group.share.min.session.timeout.ms",
     "group.share.max.session.timeout.ms"},
    {"share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms",
     "group.share.max.record.lock.duration.ms"},
    {"share.delivery.count.limit", "group.share.min.delivery.count.limit",
     "group.share.max.delivery.count.limit"},
    {"share.partition.max.record.locks", "group.share.min.partition.max.record.locks",
     "group.share.max.partition.max.record.locks"},
    {"share.assignment.interval.ms", "group.share.min.assignment.interval.ms",
     "group.share.max.assignment.interval.ms", true},
    {"streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms",
     "group.streams.max.heartbeat.interval.ms"},
    {"streams.session.timeout.ms", "group.streams.min.session.timeout.ms",
     "group.streams.max.session.timeout.ms"},
    {"streams.num.standby.replicas", "", "group.streams.max.standby.replicas"},
    {"streams.num.warmup.replicas", "", "group.streams.max.warmup.replicas"},
    {"streams.task.offset.interval.ms", "group.streams.min.task.offset.interval.ms", ""},
    {"streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms",
     "group.streams.max.assignment.interval.ms", true},
};

class GroupValues {
 public:
  GroupValues(const Settings& broker, const SettingValues& overrides)
      : broker_(broker), overrides_(overrides) {}

  base::Result<> check() const {
    for (const Bounds& bounds : kBounds) {
      if (auto valid = check_bounds(bounds); !valid) return valid;
    }
    for (const std::string_view kind : {"consumer", "share", "streams"}) {
      if (auto valid = check_session(kind); !valid) return valid;
    }
    return {};
  }

 private:
  std::int64_t number(std::string_view key) const {
    const auto own = overrides_.find(key);
    const std::string text =
        own != overrides_.end() ? own->second : group_default(broker_, key).value_or("0");
    const auto number = parse_whole(text);
    ODRADEK_ASSERT(number.has_value());  // check_value comes first
    return *number;
  }

  base::Result<> check_bounds(const Bounds& bounds) const {
    if (bounds.only_if_set && !overrides_.contains(bounds.key)) return {};
    const std::int64_t value = number(bounds.key);
    if (!bounds.least.empty() && value < broker_.number(bounds.least)) {
      return outside(bounds.key, "greater", bounds.least);
    }
    if (!bounds.most.empty() && value > broker_.number(bounds.most)) {
      return outside(bounds.key, "less", bounds.most);
    }
    return {};
  }

  base::Result<> outside(std::string_view key, std::string_view side,
                         std::string_view bound) const {
    return base::fail(ErrorCode::kInvalidConfig,
                      fmt::format("{}={} must be {} than or equal to {}={}", key, number(key), side,
                                  bound, broker_.number(bound)));
  }

  base::Result<> check_session(std::string_view kind) const {
    const auto session = fmt::format("{}.session.timeout.ms", kind);
    const auto heartbeat = fmt::format("{}.heartbeat.interval.ms", kind);
    if (number(session) > number(heartbeat)) return {};
    return base::fail(ErrorCode::kInvalidConfig,
                      fmt::format("{}={} must be greater than {}={}", session, number(session),
                                  heartbeat, number(heartbeat)));
  }

  const Settings& broker_;
  const SettingValues& overrides_;
};

// by_duration: and a duration of ISO 8601 that is not negative, such as PT1H.
base::Result<> check_offset_reset(const SettingValues& overrides) {
  constexpr std::string_view kKey = "share.auto.offset.reset";
  constexpr std::string_view kPrefix = "by_duration:";
  const auto found = overrides.find(kKey);
  if (found == overrides.end() || !trim(found->second).starts_with(kPrefix)) return {};
  const std::string_view duration = trim(found->second).substr(kPrefix.size());
  const bool has_digit = duration.find_first_of("0123456789") != std::string_view::npos;
  const bool is_known = duration.find_first_not_of("PTDHMS.0123456789") == std::string_view::npos;
  if (duration.starts_with('P') && has_digit && is_known) return {};
  return base::fail(ErrorCode::kInvalidConfig,
                    fmt::format("Invalid value {} for configuration {}: by_duration: needs a "
                                "duration of ISO 8601 that is not negative, such as PT1H",
                                found->second, kKey));
}

}  // namespace

std::optional<std::string> group_default(const Settings& broker, std::string_view group_key) {
  const Setting* setting = find_setting(Scope::kGroup, group_key);
  ODRADEK_ASSERT(setting != nullptr);
  // The broker's assignors are a list to choose from, not a default.
  for (const std::string_view broker_key : setting->synonyms) {
    const Setting* of_broker = find_broker_setting(broker_key);
    if (of_broker == nullptr || of_broker->type != setting->type) continue;
    if (auto value = broker.value(broker_key)) return value;
  }
  if (!setting->default_value) return std::nullopt;
  return std::string(*setting->default_value);
}

base::Result<> check_group_config(const Settings& broker, const SettingValues& overrides) {
  for (const auto& [key, value] : overrides) {
    const Setting* setting = find_setting(Scope::kGroup, key);
    if (setting == nullptr) {
      return base::fail(ErrorCode::kInvalidConfig,
                        fmt::format("Unknown group config name: {}", key));
    }
    if (auto valid = check_value(*setting, value); !valid) return valid;
    if (auto available = check_available(*setting, value); !available) return available;
  }
  if (auto valid = check_offset_reset(overrides); !valid) return valid;
  return GroupValues(broker, overrides).check();
}

}  // namespace odradek::config
