// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::metadata {

// Whether a topic may have this name: 1 to 249 letters, digits, dots, underscores and dashes, but
// not "." or "..". INVALID_TOPIC_EXCEPTION with a sentence.
[[nodiscard]] base::Result<> check_topic_name(std::string_view name);

// Names that collide in metrics have the same key: dots count as underscores.
std::string collision_key(std::string_view name);

}  // namespace odradek::metadata
