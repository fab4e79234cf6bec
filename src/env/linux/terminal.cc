// SPDX-License-Identifier: Apache-2.0
#include "env/linux/terminal.h"

#include <sys/stat.h>
#include <unistd.h>

namespace odradek::env {

bool stdout_is_terminal() { return ::isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool stdout_is_pipe() {
  struct stat status{};
  if (::fstat(STDOUT_FILENO, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
}

}  // namespace odradek::env
