// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/live_settings.h"
#include "config/settings.h"
#include "config/table.h"

// Which settings of a broker may be changed while it runs, and to what (KIP-226). As in Apache
// Kafka, keys that nobody knows may be set: they change nothing.
namespace odradek::config {

// Whose dynamic configuration: one broker's, or what holds for all of them.
enum class DynamicScope : std::uint8_t { kBroker, kClusterDefault };

// `max.connections` for `listener.name.internal.max.connections`; other keys are their own.
std::string_view without_listener(std::string_view key);

// The row of a broker key as AlterConfigs knows them: without a listener's prefix, and with those
// that no file sets. Null when there is none.
const Setting* find_dynamic_setting(std::string_view key);

// Whether the broker may have `wanted` as the whole dynamic configuration of this scope.
// INVALID_REQUEST with a sentence: a key that can't be changed, or not here; a value that is not of
// the key's type and range; a number of threads too far from the present one.
[[nodiscard]] base::Result<> check_dynamic(const SettingsLayers& now, const SettingValues& wanted,
                                           DynamicScope scope);

// What of a stored dynamic configuration is in force: what can't be used, as check_dynamic has it,
// is left out (another version may have stored it) and named in `ignored`.
SettingValues usable_dynamic(const SettingValues& stored, DynamicScope scope,
                             std::vector<std::string>& ignored);

}  // namespace odradek::config
