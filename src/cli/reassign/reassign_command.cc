// SPDX-License-Identifier: Apache-2.0
#include "cli/reassign/reassign_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/reassign/reassign_actions.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kBootstrapControllerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the reassignments that run."},
    FlagSpec{"generate", kNone, "", "Propose replicas on --broker-list for topics."},
    FlagSpec{"execute", kNone, "", "Start what --reassignment-json-file says."},
    FlagSpec{"verify", kNone, "", "Say how far what --reassignment-json-file says is."},
    FlagSpec{"cancel", kNone, "", "End what --reassignment-json-file says where it runs."},
    FlagSpec{"reassignment-json-file", kRequired, "file",
             "Replicas, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1, \"replicas\": "
             "[1,2], \"log_dirs\": [\"/data/a\", \"any\"]}], \"version\": 1}."},
    FlagSpec{"topics-to-move-json-file", kRequired, "file",
             "Topics, as {\"topics\": [{\"topic\": \"foo\"}], \"version\": 1}."},
    FlagSpec{"broker-list", kRequired, "id,...", "The brokers to spread replicas over."},
    FlagSpec{"disable-rack-aware", kNone, "", "Do not look at the brokers' racks."},
    FlagSpec{"throttle", kRequired, "bytes/s",
             "Set the rate of replication between brokers first."},
    FlagSpec{"replica-alter-log-dirs-throttle", kRequired, "bytes/s",
             "Set the rate of moves between log directories first."},
    FlagSpec{"timeout", kRequired, "ms", "How long to wait for moves between directories."},
    FlagSpec{"additional", kNone, "", "Start it beside reassignments that run."},
    FlagSpec{"preserve-throttles", kNone, "", "Leave throttles as they are."},
    FlagSpec{"disallow-replication-factor-change", kNone, "",
             "Refuse what changes how many replicas a partition has."},
};
constexpr std::array<std::string_view, 5> kVerbs = {"generate", "execute", "verify", "cancel",
                                                    "list"};
constexpr std::string_view kExamples =
    "  odradek reassign list\n"
    "  odradek reassign verify --reassignment-json-file plan.json\n"
    "  kafka-reassign-partitions --bootstrap-server 127.0.0.1:9092 --list\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse(
        "Command must include exactly one action: --generate, --execute, --verify, --cancel, "
        "--list");
  }
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse("Please don't specify both --bootstrap-server and --bootstrap-controller");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse("Please specify either --bootstrap-server or --bootstrap-controller");
  }
  if (flags.has("generate")) return require(flags, {"topics-to-move-json-file", "broker-list"});
  if (flags.has("list")) return {};
  return require(flags, {"reassignment-json-file"});
}

base::Result<> act(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  if (flags.has("list")) return reassign::list(invocation, admin);
  if (flags.has("verify")) return reassign::verify(invocation, admin);
  if (flags.has("execute")) return reassign::execute(invocation, admin);
  return flags.has("cancel") ? reassign::cancel(invocation, admin)
                             : reassign::generate(invocation, admin);
}

int run_reassign(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "listPartitionReassignments");
  const auto done = admin ? act(invocation, **admin) : base::fail(std::move(admin));
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  const bool is_plain = done.error().message.starts_with("Error ") ||
                        done.error().message.starts_with("Cannot execute") ||
                        done.error().message.starts_with("Timed out before");
  fmt::print("{}{}\n", is_plain ? "" : "Error: ", done.error().message);
  return 1;
}

}  // namespace

Command reassign_command() {
  return {.name = "reassign",
          .script_name = "kafka-reassign-partitions",
          .summary = "Move partitions to other replicas; list, verify and cancel that.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_reassign,
          .section = Section::kCluster,
          .prints_data = true};
}

}  // namespace odradek::cli
