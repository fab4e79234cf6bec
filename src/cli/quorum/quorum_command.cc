// SPDX-License-Identifier: Apache-2.0
#include "cli/quorum/quorum_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/quorum/quorum_actions.h"
#include "cli/subcommands.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kBootstrapControllerFlag,
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection; to add a controller, its own "
             "configuration, too."},
    FlagSpec{"status", kNone, "", "Who leads, who votes and how far behind they are."},
    FlagSpec{"replication", kNone, "", "How far each node has followed the metadata log."},
    FlagSpec{"human-readable", kNone, "", "Times as how long ago."},
    FlagSpec{"controller-id", kRequired, "id", "The controller to remove.", 'i'},
    FlagSpec{"controller-directory-id", kRequired, "id", "The id of its metadata directory.", 'd'},
    FlagSpec{"dry-run", kNone, "", "Say what would be done, and do nothing."},
};
constexpr std::array<std::string_view, 3> kVerbs = {"describe", "add-controller",
                                                    "remove-controller"};
constexpr std::array<std::string_view, 3> kCommon = {"bootstrap-server", "bootstrap-controller",
                                                     "command-config"};

constexpr std::string_view kExamples =
    "  odradek metadata-quorum describe --status\n"
    "  odradek metadata-quorum describe --replication --human-readable\n"
    "  kafka-metadata-quorum --bootstrap-server 127.0.0.1:9092 describe --status\n";

const std::vector<Subcommand>& subcommands() {
  static const std::vector<Subcommand> kSubcommands = {
      {"describe", {}, {"status", "replication", "human-readable"}},
      {"add-controller", {}, {"dry-run"}},
      {"remove-controller", {"controller-id", "controller-directory-id"}, {"dry-run"}},
  };
  return kSubcommands;
}

base::Result<std::string_view> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse("argument --bootstrap-controller: not allowed with argument --bootstrap-server");
  }
  auto subcommand = chosen_subcommand(invocation, subcommands(), kCommon);
  if (!subcommand) return subcommand;
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse("one of the arguments --bootstrap-server --bootstrap-controller is required");
  }
  if (flags.has("controller-id")) {
    if (auto id = integer_of(invocation, "controller-id"); !id) return base::fail(std::move(id));
  }
  return subcommand;
}

base::Result<> check_description(const Flags& flags) {
  if (flags.has("status") && flags.has("replication")) {
    return misuse(
        "Only one of --status or --replication should be specified with describe sub-command");
  }
  if (!flags.has("status") && !flags.has("replication")) {
    return misuse("One of --status or --replication must be specified with describe sub-command");
  }
  if (flags.has("status") && flags.has("human-readable")) {
    return misuse("The option --human-readable is only supported along with --replication");
  }
  return {};
}

base::Result<> check_file(const Invocation& invocation) {
  const auto path = invocation.flags.value("command-config");
  if (!path) return {};
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  if (world.disk().exists(*path)) return {};
  return misuse(fmt::format("Properties file {} does not exists!", *path));
}

base::Result<> act(const Invocation& invocation, std::string_view subcommand) {
  constexpr std::chrono::seconds kTimeout(60);
  if (auto ok = check_file(invocation); !ok) return ok;
  if (subcommand == "describe") {
    if (auto ok = check_description(invocation.flags); !ok) return ok;
  }
  auto admin = Admin::connect(invocation, kTimeout, "describeMetadataQuorum");
  if (!admin) return base::fail(std::move(admin));
  if (subcommand == "add-controller") return add_controller(invocation, **admin);
  if (subcommand == "remove-controller") return remove_controller(invocation, **admin);
  return invocation.flags.has("status") ? print_quorum_status(invocation, **admin)
                                        : print_quorum_replication(invocation, **admin);
}

int run_quorum(const Invocation& invocation) {
  const auto subcommand = check(invocation);
  if (!subcommand) return argparse_error(invocation, subcommand.error().message);
  const auto done = act(invocation, *subcommand);
  return done ? 0 : terse_failure(invocation, done.error().message);
}

}  // namespace

Command quorum_command() {
  return {.name = "metadata-quorum",
          .script_name = "kafka-metadata-quorum",
          .summary = "Show who keeps the cluster's metadata and how far each has followed.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_quorum,
          .section = Section::kCluster,
          .prints_data = true,
          .refuse = argparse_error,
          .has_subcommands = true};
}

}  // namespace odradek::cli
