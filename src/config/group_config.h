// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/settings.h"

// A group's configuration: its own keys over the broker's settings of the same meaning, and between
// the bounds that the broker sets for them.
namespace odradek::config {

// What the broker's configuration makes of a group key that the group does not set; nothing where
// there is no default. REQUIRES: a group key of the table.
std::optional<std::string> group_default(const Settings& broker, std::string_view group_key);

// Whether the group may have this configuration: every key known, each value in range and within
// the broker's bounds, sessions longer than heartbeats. INVALID_CONFIG with a sentence.
[[nodiscard]] base::Result<> check_group_config(const Settings& broker,
                                                const SettingValues& overrides);

}  // namespace odradek::config
