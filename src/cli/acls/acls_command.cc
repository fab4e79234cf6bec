// SPDX-License-Identifier: Apache-2.0
#include "cli/acls/acls_command.h"

#include <fmt/core.h>

#include <array>
#include <optional>

#include "cli/acls/acl_actions.h"
#include "cli/acls/acl_flags.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kBootstrapControllerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "Show the ACLs of the resources named, or all."},
    FlagSpec{"add", kNone, "", "Allow or deny."},
    FlagSpec{"remove", kNone, "", "Take ACLs away."},
    FlagSpec{"topic", kRequired, "topic", "A topic; * is every one; may be repeated.", '\0', true},
    FlagSpec{"group", kRequired, "group", "A group of consumers.", '\0', true},
    FlagSpec{"transactional-id", kRequired, "id", "The id of a transactional producer.", '\0',
             true},
    FlagSpec{"delegation-token", kRequired, "id", "A delegation token.", '\0', true},
    FlagSpec{"user-principal", kRequired, "User:name", "A user, as what tokens are made for.", '\0',
             true},
    FlagSpec{"cluster", kNone, "", "The cluster itself."},
    FlagSpec{"resource-pattern-type", kRequired, "literal|prefixed|any|match",
             "Whether names are whole or beginnings; any and match are for --list and --remove."},
    FlagSpec{"operation", kRequired, "operation",
             "Read, Write, Describe and so on; All where it is missing; may be repeated.", '\0',
             true},
    FlagSpec{"allow-principal", kRequired, "User:name", "Who may; User:* is everyone.", '\0', true},
    FlagSpec{"deny-principal", kRequired, "User:name", "Who may not, whatever else allows it.",
             '\0', true},
    FlagSpec{"allow-host", kRequired, "address", "From where; * where it is missing.", '\0', true},
    FlagSpec{"deny-host", kRequired, "address", "From where not.", '\0', true},
    FlagSpec{"principal", kOptional, "User:name", "Show only what concerns this principal.", '\0',
             true},
    FlagSpec{"producer", kNone, "", "What a producer needs on a topic: Write, Describe, Create."},
    FlagSpec{"consumer", kNone, "", "What a consumer needs: Read and Describe, Read of a group."},
    FlagSpec{"idempotent", kNone, "", "With --producer: idempotent writes, too."},
    FlagSpec{"force", kNone, "", "Do not ask before removing."},
};
constexpr std::array<std::string_view, 3> kVerbs = {"list", "add", "remove"};

constexpr std::string_view kExamples =
    "  odradek acls list --topic orders\n"
    "  odradek acls add --allow-principal User:alice --consumer --topic orders --group billing\n"
    "  odradek acls remove --topic orders --force\n"
    "  kafka-acls --bootstrap-server 127.0.0.1:9092 --list\n";

base::Result<> check_roles(const Flags& flags) {
  const auto misplaced = [&](std::string_view flag, std::string_view needs) {
    return flags.has(flag) && !flags.has(needs);
  };
  if (misplaced("principal", "list")) {
    return misuse("The --principal option is only available if --list is set");
  }
  if (misplaced("producer", "topic")) {
    return misuse("With --producer you must specify a --topic");
  }
  if (misplaced("idempotent", "producer")) {
    return misuse("The --idempotent option is only available if --producer is set");
  }
  const bool is_stray =
      !flags.has("producer") && (flags.has("cluster") || flags.has("transactional-id"));
  if (flags.has("consumer") && (!flags.has("topic") || !flags.has("group") || is_stray)) {
    return misuse(
        "With --consumer you must specify a --topic and a --group and no --cluster or "
        "--transactional-id option should be specified.");
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  constexpr std::array<std::string_view, 6> kChanges = {
      "producer", "consumer", "allow-host", "allow-principal", "deny-host", "deny-principal"};
  constexpr std::array<std::string_view, 3> kNoRole = {"operation", "deny-principal", "deny-host"};
  const Flags& flags = invocation.flags;
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse("Only one of --bootstrap-server or --bootstrap-controller must be specified");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse("One of --bootstrap-server or --bootstrap-controller must be specified");
  }
  if (count_given(flags, kVerbs) != 1) {
    return misuse("Command must include exactly one action: --list, --add, --remove. ");
  }
  if (auto ok = exclude(flags, "list", kChanges); !ok) return ok;
  for (const std::string_view role : {"producer", "consumer"}) {
    if (auto ok = exclude(flags, role, kNoRole); !ok) return ok;
  }
  return check_roles(flags);
}

// Kafka's tool prints what went wrong on standard output.
int print_failure(const Invocation& invocation, const base::Error& error) {
  if (error.code == base::ErrorCode::kInvalidRequest) {
    return usage_error(invocation, error.message);
  }
  if (invocation.is_native) return failure(invocation, error.message);
  fmt::print("Error while executing ACL command: {}\n", error.message);
  return 1;
}

base::Result<> act(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  const Flags& flags = invocation.flags;
  Acls acls;
  if (!flags.has("list")) {
    auto asked = flags.has("add") ? asked_new_acls(flags) : asked_acls(flags);
    if (!asked) return base::fail(std::move(asked));
    acls = *std::move(asked);
  }
  auto admin = Admin::connect(invocation, kTimeout, "describeAcls");
  if (!admin) return base::fail(std::move(admin));
  if (flags.has("add")) return add_acls(invocation, **admin, acls);
  if (flags.has("remove")) return remove_acls(invocation, **admin, acls);
  return list_acls(invocation, **admin);
}

int run_acls(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  const auto done = act(invocation);
  return done ? 0 : print_failure(invocation, done.error());
}

}  // namespace

Command acls_command() {
  return {.name = "acls",
          .script_name = "kafka-acls",
          .summary = "Show and change who may do what.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_acls,
          .section = Section::kConfiguration,
          .prints_data = true};
}

}  // namespace odradek::cli
