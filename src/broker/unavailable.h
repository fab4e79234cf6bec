// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "config/settings.h"

namespace odradek::broker {

// Refuses settings that ask for what is not there yet (another node, an authorizer, remote storage
// …), rather than starting without it. INVALID_CONFIG names the key and the value and says what is
// missing.
[[nodiscard]] base::Result<> check_available(const config::Settings& settings);

}  // namespace odradek::broker
