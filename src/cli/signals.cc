// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.h"

#include <unistd.h>

#include <csignal>

namespace odradek::cli {
namespace {

volatile std::sig_atomic_t came = 0;

volatile std::sig_atomic_t count = 0;

// Some wrappers send each signal twice.
constexpr int kPatience = 3;

void note(int signal) {
  came = signal;
  count = count + 1;
  if (count >= kPatience) ::_exit(128 + signal);
}

}  // namespace

void catch_ending_signals(WaitingCalls calls) {
  struct sigaction action{};
  action.sa_handler = note;
  action.sa_flags = calls == WaitingCalls::kGoOn ? SA_RESTART : 0;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGHUP, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int ending_signal() { return came; }

int exit_code_after_signal(int exit_code) { return came == 0 ? exit_code : 128 + came; }

}  // namespace odradek::cli
