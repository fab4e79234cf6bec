// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

// A topic's configuration: its own keys over the broker's settings of the same meaning over the
// defaults.
namespace odradek::config {

using TopicOverrides = std::map<std::string, std::string, std::less<>>;

// The broker key that gives a topic key its default, such as log.segment.bytes for segment.bytes;
// empty where there is none. Where several units name one thing (log.retention.hours …) it is the
// finest.
std::string_view broker_key_of(std::string_view topic_key);

// What the broker's configuration makes of a topic key that the topic does not set.
std::optional<std::string> topic_default(const Settings& broker, std::string_view topic_key);

// The value in force. REQUIRES: a topic key of the table.
std::string topic_value(const Settings& broker, const TopicOverrides* overrides,
                        std::string_view topic_key);

// Whether the topic may have this configuration: every key known, each value in range, none that
// asks for what is not there. INVALID_CONFIG with a sentence.
[[nodiscard]] base::Result<> check_topic_overrides(const TopicOverrides& overrides);
// The same, and that the values fit each other and what the broker gives to the rest.
[[nodiscard]] base::Result<> check_topic_config(const Settings& broker,
                                                const TopicOverrides& overrides);

}  // namespace odradek::config
