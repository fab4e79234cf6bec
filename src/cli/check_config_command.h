// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// check-config: what the server would say to a configuration.
Command check_config_command();

}  // namespace odradek::cli
