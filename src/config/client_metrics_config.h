// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "config/settings.h"

namespace odradek::config {

// Whether a subscription to client metrics (KIP-714) may have this configuration. INVALID_REQUEST
// for an unknown key or an interval out of bounds, INVALID_CONFIG for what can't be read, each with
// a sentence.
[[nodiscard]] base::Result<> check_client_metrics_config(const SettingValues& overrides);

}  // namespace odradek::config
