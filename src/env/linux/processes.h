// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace odradek::env {

struct Process {
  int id = 0;
  std::vector<std::string> arguments;
};

// The processes of this user that run the same executable file as the caller, without the caller
// itself. Empty where /proc is not there.
std::vector<Process> processes_of_this_program();

// Sends a signal. The error of a process that is gone or not ours has os_error set.
[[nodiscard]] base::Result<> send_signal(int process, int signal);

// The absolute path of the directory that relative paths start from; "." where it is gone.
std::string working_directory();

// Goes on in the background, detached from the terminal: the caller's process ends with exit code 0
// and a child of it returns from here, with its output appended to `output_path`. REQUIRES: no
// other thread runs.
[[nodiscard]] base::Result<> become_daemon(const std::string& output_path);

}  // namespace odradek::env
