// SPDX-License-Identifier: Apache-2.0
#include "env/linux/terminal.h"

#include <unistd.h>

namespace odradek::env {

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace odradek::env
