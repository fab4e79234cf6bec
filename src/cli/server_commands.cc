// SPDX-License-Identifier: Apache-2.0
#include "cli/server_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "env/linux/linux_world.h"
#include "env/linux/processes.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kServerFlags = {
    FlagSpec{"config", kRequired, "file", "The server.properties to run with.", 'c'},
    FlagSpec{"set", kRequired, "key=value", "A setting that wins over the file; may be repeated.",
             '\0', true},
    FlagSpec{"override", kRequired, "key=value", "", '\0', true, "set"},
};
constexpr std::array kStartFlags = {
    FlagSpec{"daemon", kNone, "",
             "Go on in the background, with the output in kafkaServer.out in LOG_DIR (logs where "
             "that is not set)."},
    FlagSpec{"config", kRequired, "file", "The server.properties to run with.", 'c'},
    FlagSpec{"override", kRequired, "key=value",
             "A setting that wins over the file; may be repeated.", '\0', true},
    FlagSpec{"set", kRequired, "key=value", "", '\0', true, "override"},
    FlagSpec{"name", kRequired, "name", "", '\0', true},
    FlagSpec{"loggc", kNone, "", ""},
};
constexpr std::array kStopFlags = {
    FlagSpec{"process-role", kRequired, "broker|controller",
             "Which servers to stop; here each server is both."},
    FlagSpec{"node-id", kRequired, "id",
             "Stop only the server that was started with --set node.id=<id>."},
};

constexpr std::string_view kServerExamples =
    "  odradek server                                   in ./data, on 127.0.0.1:9092\n"
    "  odradek server config/server.properties\n"
    "  odradek server --set log.dirs=/var/lib/odradek --set num.partitions=6\n";
constexpr std::string_view kStartExamples =
    "  kafka-server-start -daemon config/server.properties --override node.id=2\n";
constexpr std::string_view kStopExamples = "  kafka-server-stop\n";

int serve(const Invocation& invocation, std::string_view override_flag,
          const std::string& config_file) {
  auto overrides = property_overrides(invocation.flags, override_flag);
  if (!overrides) return usage_error(invocation, overrides.error().message);
  return invocation.run_server(config_file, *overrides);
}

int run_server_command(const Invocation& invocation) {
  return serve(invocation, "set", invocation.flags.value_or("config", ""));
}

base::Result<> detach() {
  const char* given = std::getenv("LOG_DIR");
  const std::string directory = given != nullptr && *given != '\0' ? given : "logs";
  {
    env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
    if (auto made = world.disk().make_directories(directory); !made) return made;
  }
  return env::become_daemon(directory + "/kafkaServer.out");
}

int run_start(const Invocation& invocation) {
  const auto& words = invocation.flags.arguments();
  std::string file = invocation.flags.value_or("config", words.empty() ? "" : words[0]);
  if (file.empty()) {
    fmt::print(stderr, "USAGE: {} [-daemon] server.properties [--override property=value]*\n",
               invocation.called_as);
    return 1;
  }
  if (invocation.flags.has("daemon")) {
    if (auto detached = detach(); !detached) {
      fmt::print(stderr, "{}: {}\n", invocation.called_as, detached.error().message);
      return 1;
    }
  }
  return serve(invocation, "override", file);
}

bool is_server(const env::Process& process) {
  const auto& arguments = process.arguments;
  if (arguments.empty()) return false;
  if (arguments[0].find("kafka-server-start") != std::string::npos) return true;
  return arguments.size() > 1 && (arguments[1] == "server" || arguments[1] == "start");
}

bool has_node_id(const env::Process& process, const std::string& id) {
  return std::ranges::any_of(process.arguments, [&](const std::string& argument) {
    return argument == "node.id=" + id || argument == "broker.id=" + id;
  });
}

int run_stop(const Invocation& invocation) {
  auto servers = env::processes_of_this_program();
  std::erase_if(servers, [](const env::Process& process) { return !is_server(process); });
  if (const auto id = invocation.flags.value("node-id")) {
    std::erase_if(servers, [&](const env::Process& process) { return !has_node_id(process, *id); });
  }
  if (servers.empty()) {
    fmt::print("No kafka server to stop\n");
    return 1;
  }
  int exit_code = 0;
  for (const env::Process& server : servers) {
    if (auto sent = env::send_signal(server.id, SIGTERM); !sent) {
      fmt::print(stderr, "{}: {}\n", invocation.called_as, sent.error().message);
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace

base::Result<std::vector<config::Property>> property_overrides(const Flags& flags,
                                                               std::string_view name) {
  std::vector<config::Property> overrides;
  for (const std::string& text : flags.values(name)) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return misuse(fmt::format("--{} takes key=value, not '{}'", name, text));
    }
    overrides.push_back({text.substr(0, equals), text.substr(equals + 1), 0});
  }
  return overrides;
}

Command server_command() {
  return {.name = "server",
          .script_name = "",
          .summary = "Run a server.",
          .verbs = {},
          .subject = "config",
          .flags = kServerFlags,
          .examples = kServerExamples,
          .run = run_server_command,
          .section = Section::kServer};
}

Command server_start_command() {
  return {.name = "start",
          .script_name = "kafka-server-start",
          .summary = "Run a server, in the background with -daemon.",
          .verbs = {},
          .subject = "config",
          .flags = kStartFlags,
          .examples = kStartExamples,
          .run = run_start,
          .section = Section::kServer};
}

Command server_stop_command() {
  return {.name = "stop",
          .script_name = "kafka-server-stop",
          .summary = "Stop this user's servers that run this program.",
          .verbs = {},
          .subject = "",
          .flags = kStopFlags,
          .examples = kStopExamples,
          .run = run_stop,
          .section = Section::kServer};
}

}  // namespace odradek::cli
