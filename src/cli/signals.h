// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace odradek::cli {

// Whether a signal ends a system call that waits. A command that waits for its input needs that;
// for every other it would only cut what is written to a pipe in the middle of a line.
enum class WaitingCalls : std::uint8_t { kGoOn, kEnd };

// From now on SIGINT, SIGTERM and SIGHUP do not end the process, and SIGPIPE ends nothing: a long
// command looks at ending_signal(), stops, and prints its summary. The third signal ends the
// process at once.
void catch_ending_signals(WaitingCalls calls = WaitingCalls::kGoOn);

// The signal that came; else 0.
int ending_signal();

// The exit code of a command that would end with `exit_code`: as a shell counts what a signal ends,
// and as a JVM does, where one came.
int exit_code_after_signal(int exit_code);

}  // namespace odradek::cli
