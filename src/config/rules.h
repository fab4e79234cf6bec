// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/objection.h"

namespace odradek::config {

class Settings;

// What speaks against settings that are each valid by themselves: what they say together, and what
// they ask for that is not there. Each objection names a key that is given.
[[nodiscard]] std::vector<Objection> objections_to(const Settings& settings);
// What speaks against cordoned.log.dirs: directories that log.dirs has not got, or `*` and others.
[[nodiscard]] std::optional<std::string> objection_to_cordoned(const Settings& settings);

}  // namespace odradek::config
