// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/command.h"

namespace odradek::cli {

// What versions of each API the brokers speak, and the newest that this program speaks with them.
[[nodiscard]] base::Result<> print_api_versions(const Invocation& invocation, Admin& admin);

}  // namespace odradek::cli
