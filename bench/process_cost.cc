// SPDX-License-Identifier: Apache-2.0
// process_cost <times> <program> [argument]...: runs a program again and again, with its output
// thrown away, and prints what each run cost, "<wall ms> <user and system ms> <resident KiB>" a
// line. A program of its own because what a child of a big process had resident counts from that
// process on. Ends with 1 where the program does not end with 0.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace {

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

bool run_once(char** command) {
  const auto begun = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      dup2(nowhere, descriptor);
    }
    execv(command[0], command);
    _exit(127);
  }
  int status = 0;
  rusage used{};
  if (child < 0 || wait4(child, &status, 0, &used) != child) return false;
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begun;
  std::printf("%.2f %.2f %ld\n", wall.count(),
              milliseconds(used.ru_utime) + milliseconds(used.ru_stime), used.ru_maxrss);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  for (int times = std::atoi(arguments[1]); times > 0; --times) {
    if (!run_once(arguments + 2)) return 1;
  }
  return 0;
}
