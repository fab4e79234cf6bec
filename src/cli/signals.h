// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace odradek::cli {

// From now on SIGINT, SIGTERM and SIGHUP end what the command waits for (system calls included)
// instead of the process, and SIGPIPE ends nothing: a long command looks at ending_signal(), stops,
// and prints its summary. The third signal ends the process at once.
void catch_ending_signals();

// The signal that came; else 0.
int ending_signal();

// The exit code of a command that would end with `exit_code`: as a shell counts what a signal ends,
// and as a JVM does, where one came.
int exit_code_after_signal(int exit_code);

}  // namespace odradek::cli
