// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/objection.h"

namespace odradek::config {

class Settings;

// What speaks against settings that are each valid by themselves: what they say together, and what
// they ask for that is not there. Each objection names a key that is given.
[[nodiscard]] std::vector<Objection> objections_to(const Settings& settings);

}  // namespace odradek::config
