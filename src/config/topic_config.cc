// SPDX-License-Identifier: Apache-2.0
#include "config/topic_config.h"

#include <fmt/core.h>

#include "base/assert.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {

std::string_view broker_key_of(std::string_view topic_key) {
  const Setting* setting = find_topic_setting(topic_key);
  return setting == nullptr || setting->synonyms.empty() ? std::string_view{}
                                                         : setting->synonyms.front();
}

std::optional<std::string> topic_default(const Settings& broker, std::string_view topic_key) {
  if (topic_key == "segment.ms") return std::to_string(broker.log_roll_ms());
  if (topic_key == "segment.jitter.ms") return std::to_string(broker.log_roll_jitter_ms());
  if (topic_key == "retention.ms") return std::to_string(broker.log_retention_ms());
  const Setting* setting = find_topic_setting(topic_key);
  if (setting == nullptr) return std::nullopt;
  // The first that has a value, its default included.
  for (const std::string_view broker_key : setting->synonyms) {
    if (auto value = broker.value(broker_key)) return value;
  }
  if (!setting->default_value) return std::nullopt;
  return std::string(*setting->default_value);
}

std::string topic_value(const Settings& broker, const TopicOverrides* overrides,
                        std::string_view topic_key) {
  ODRADEK_ASSERT(find_topic_setting(topic_key) != nullptr);
  if (overrides != nullptr) {
    if (const auto found = overrides->find(topic_key); found != overrides->end()) {
      return found->second;
    }
  }
  return topic_default(broker, topic_key).value_or("");
}

base::Result<> check_topic_overrides(const TopicOverrides& overrides) {
  for (const auto& [key, value] : overrides) {
    const Setting* setting = find_topic_setting(key);
    if (setting == nullptr) {
      return base::fail(base::ErrorCode::kInvalidConfig,
                        fmt::format("Unknown topic config name: {}", key));
    }
    if (auto valid = check_value(*setting, value); !valid) return valid;
    if (auto available = check_available(*setting, value); !available) return available;
  }
  return {};
}

base::Result<> check_topic_config(const Settings& broker, const TopicOverrides& overrides) {
  if (auto valid = check_topic_overrides(overrides); !valid) return valid;
  const auto number = [&](std::string_view key) {
    const auto value = parse_whole(topic_value(broker, &overrides, key));
    ODRADEK_ASSERT(value.has_value());
    return *value;
  };
  const auto least = number("min.compaction.lag.ms");
  const auto most = number("max.compaction.lag.ms");
  if (least <= most) return {};
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("conflict topic config setting min.compaction.lag.ms ({}) > "
                                "max.compaction.lag.ms ({})",
                                least, most));
}

}  // namespace odradek::config
