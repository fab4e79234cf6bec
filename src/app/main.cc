// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <string_view>

#include "app/server.h"

namespace {

int usage() {
  fmt::print(stderr, "usage: odradek server [--config FILE] [--set KEY=VALUE]...\n");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "server") return usage();
  odradek::app::ServerArguments arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (i + 1 == argc) return usage();
    const std::string_view value = argv[++i];
    if (flag == "--config") {
      arguments.config_file = value;
    } else if (flag == "--set" && value.find('=') != std::string_view::npos) {
      const auto equals = value.find('=');
      arguments.overrides.push_back(
          {std::string(value.substr(0, equals)), std::string(value.substr(equals + 1)), 0});
    } else {
      return usage();
    }
  }
  return odradek::app::run_server(arguments);
}
