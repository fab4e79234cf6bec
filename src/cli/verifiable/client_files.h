// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "cli/client_config.h"
#include "cli/command.h"

namespace odradek::cli {

// Adds the properties file that --command-config names, or the flag's older name, to `config`,
// whose settings it replaces. An INVALID_REQUEST where both are there.
[[nodiscard]] base::Result<> add_client_files(const Invocation& invocation,
                                              std::string_view older_name, ClientConfig& config);

}  // namespace odradek::cli
