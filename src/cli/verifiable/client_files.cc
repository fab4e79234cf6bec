// SPDX-License-Identifier: Apache-2.0
#include "cli/verifiable/client_files.h"

#include <fmt/core.h>

#include <utility>

#include "cli/flag_checks.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {

base::Result<> add_client_files(const Invocation& invocation, std::string_view older_name,
                                ClientConfig& config) {
  const Flags& flags = invocation.flags;
  if (flags.has(older_name) && flags.has("command-config")) {
    return misuse(
        fmt::format("Options --{} and --command-config are mutually exclusive.", older_name));
  }
  if (flags.has(older_name) && !invocation.is_native) {
    fmt::print(
        "Option --{} has been deprecated and will be removed in a future version. Use "
        "--command-config instead.\n",
        older_name);
  }
  const auto path = flags.has(older_name) ? flags.value(older_name) : flags.value("command-config");
  if (!path) return {};
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  auto loaded = load_client_config(world, *path);
  if (!loaded) return base::fail(std::move(loaded));
  loaded->merge(config);
  config = *std::move(loaded);
  return {};
}

}  // namespace odradek::cli
