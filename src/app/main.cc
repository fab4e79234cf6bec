// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "app/server.h"
#include "cli/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  return odradek::cli::run(arguments, [](const std::string& config_file,
                                         const std::vector<odradek::config::Property>& overrides) {
    return odradek::app::run_server({config_file, overrides});
  });
}
