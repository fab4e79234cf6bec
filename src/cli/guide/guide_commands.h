// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// `odradek help [command]`, `odradek man`, `odradek completion bash|zsh`, and `odradek __complete`,
// which the shells call.
Command help_command();
Command man_command();
Command completion_command();
Command complete_command();

}  // namespace odradek::cli
