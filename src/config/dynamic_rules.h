// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/settings.h"

namespace odradek::config {

// What a dynamic configuration must keep to beyond the types and ranges of its keys.
// INVALID_CONFIG with a sentence.

// One value by itself; the key may have a listener's prefix.
[[nodiscard]] base::Result<> check_rule(std::string_view key, std::string_view value);
// Values that must fit each other: `wanted` is what is set, `file` the server's file, `next` what
// would be in force.
[[nodiscard]] base::Result<> check_together(const SettingValues& wanted, const Settings& file,
                                            const Settings& next);

}  // namespace odradek::config
