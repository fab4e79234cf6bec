// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "config/properties.h"

namespace odradek::cli {

// The properties of a repeated flag key=value. An INVALID_REQUEST names what is none.
[[nodiscard]] base::Result<std::vector<config::Property>> property_overrides(const Flags& flags,
                                                                             std::string_view name);

// `odradek server`; kafka-server-start (`odradek start`), which can detach; and kafka-server-stop
// (`odradek stop`), which asks the servers that run this program as this user to stop.
Command server_command();
Command server_start_command();
Command server_stop_command();

}  // namespace odradek::cli
