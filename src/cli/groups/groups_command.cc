// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/groups_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/groups/group_checks.h"
#include "cli/groups/print_groups.h"
#include "cli/help.h"
#include "cli/name_pattern.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the consumer groups."},
    FlagSpec{"describe", kNone, "", "Show offsets and lag, members, or state of groups."},
    FlagSpec{"delete", kNone, "", "Delete groups that have no members."},
    FlagSpec{"reset-offsets", kNone, "",
             "Move a group's offsets, while it has no members: to what --to-earliest, --to-latest, "
             "--to-offset, --to-current, --to-datetime, --by-duration, --shift-by or --from-file "
             "says, for --topic or --all-topics. Nothing is changed without --execute."},
    FlagSpec{"delete-offsets", kNone, "", "Delete a group's offsets of --topic."},
    FlagSpec{"validate-regex", kRequired, "regex", "Check a regular expression for topics."},
    FlagSpec{"group", kRequired, "group", "The group; may be repeated.", 'g', true},
    FlagSpec{"all-groups", kNone, "", "Every consumer group."},
    FlagSpec{"topic", kRequired, "topic[:0,1,...]",
             "The topic, or some of its partitions; may be repeated.", 't', true},
    FlagSpec{"all-topics", kNone, "", "Every topic that the group has offsets of."},
    FlagSpec{"offsets", kNone, "", "Describe partitions, offsets and lag (the default)."},
    FlagSpec{"members", kNone, "", "Describe the members."},
    FlagSpec{"state", kOptional, "state,...",
             "Describe the state; with --list show it, and list only groups in one of these "
             "states."},
    FlagSpec{"type", kOptional, "classic|consumer,...",
             "With --list: show the type, and list only groups of one of these."},
    FlagSpec{"verbose", kNone, "", "Show more columns."},
    FlagSpec{"dry-run", kNone, "", "Show what --reset-offsets would do."},
    FlagSpec{"execute", kNone, "", "Do it."},
    FlagSpec{"export", kNone, "", "Print it as CSV, which --from-file reads."},
    FlagSpec{"to-earliest", kNone, "", "To the beginning of each partition."},
    FlagSpec{"to-latest", kNone, "", "To the end of each partition."},
    FlagSpec{"to-current", kNone, "", "To where they are; to the end where there is none."},
    FlagSpec{"to-offset", kRequired, "offset", "To this offset."},
    FlagSpec{"to-datetime", kRequired, "YYYY-MM-DDThh:mm:ss.sss",
             "To the first record at or after this time (UTC unless an offset is given)."},
    FlagSpec{"by-duration", kRequired, "PnDTnHnMnS",
             "To the first record of this last stretch of time."},
    FlagSpec{"shift-by", kRequired, "number", "Forward by so many records, or back (negative)."},
    FlagSpec{"from-file", kRequired, "file",
             "To the offsets in a CSV file of topic,partition,offset."},
    FlagSpec{"timeout", kRequired, "ms", "How long to wait for the server (30000)."},
    FlagSpec{"new-consumer", kNone, "", ""},
};

constexpr std::array<std::string_view, 5> kVerbs = {"list", "describe", "delete", "reset-offsets",
                                                    "delete-offsets"};
constexpr std::array<std::string_view, 8> kScenarios = {"to-offset",   "to-datetime", "by-duration",
                                                        "to-earliest", "to-latest",   "to-current",
                                                        "shift-by",    "from-file"};
constexpr std::array<std::string_view, 2> kScopes = {"group", "all-groups"};

constexpr std::string_view kExamples =
    "  odradek groups list --state\n"
    "  odradek groups describe billing\n"
    "  odradek groups reset-offsets billing --topic orders:0,1 --to-earliest --execute\n"
    "  odradek groups reset-offsets billing --all-topics --by-duration PT1H --dry-run\n"
    "  kafka-consumer-groups --bootstrap-server 127.0.0.1:9092 --describe --all-groups\n";

constexpr std::string_view kNoExecute =
    "WARN: No action will be performed as the --execute option is missing. In version 5.0, this "
    "command will require either --dry-run or --execute to be specified. You should add the "
    "--dry-run option explicitly if you are scripting this command and want to keep the current "
    "default behavior without prompting.";

base::Result<> check_action(const Flags& flags) {
  std::array<std::string_view, 6> actions{};
  std::ranges::copy(kVerbs, actions.begin());
  actions.back() = "validate-regex";
  if (count_given(flags, actions) == 1) return {};
  return misuse(
      "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
      "--delete-offsets, --validate-regex");
}

base::Result<> check_availability(const Flags& flags) {
  for (const std::string_view flag : {"members", "verbose", "offsets", "state", "type"}) {
    if (!flags.has(flag)) continue;
    const bool with_describe = flag != "type" && flags.has("describe");
    const bool with_list = (flag == "type" || flag == "state") && flags.has("list");
    if (!with_describe && !with_list) {
      return misuse(fmt::format(
          "Option(s) [{}] are unavailable given other options on the command line", flag));
    }
  }
  return {};
}

base::Result<> needs_scope(const Flags& flags, std::string_view action) {
  if (!flags.has(action) || count_given(flags, kScopes) > 0) return {};
  return misuse(
      fmt::format("Option [{}] takes one of these options: {}", action, bracketed(kScopes)));
}

base::Result<> check_reset(const Flags& flags) {
  if (!flags.has("reset-offsets")) return {};
  if (auto ok = check_reset_is_one(flags); !ok) return ok;
  for (const std::string_view scenario : kScenarios) {
    if (auto ok = exclude(flags, scenario, kScenarios); !ok) return ok;
  }
  if (!flags.has("all-topics") && !flags.has("topic") && !flags.has("from-file")) {
    return misuse("One of the reset scopes should be defined: --all-topics, --topic.");
  }
  if (count_given(flags, kScenarios) == 0) {
    return misuse(
        fmt::format("Option '[reset-offsets]' requires one of the following scenarios: "
                    "{}",
                    bracketed(kScenarios)));
  }
  for (const std::string_view flag : {"to-offset", "shift-by"}) {
    if (auto number = flags.number(flag); !number) return base::fail(number.error());
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check_availability(flags); !ok) return ok;
  if (!invocation.is_native && !flags.has("validate-regex")) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  for (const std::string_view action : {"describe", "delete", "reset-offsets"}) {
    if (auto ok = needs_scope(flags, action); !ok) return ok;
  }
  if (auto ok = check_described_once(flags); !ok) return ok;
  if (flags.has("delete") && flags.has("topic")) {
    return misuse(
        "The consumer does not support topic-specific offset deletion from a consumer group.");
  }
  if (flags.has("delete-offsets") && (!flags.has("group") || !flags.has("topic"))) {
    return misuse("Option [delete-offsets] takes the following options: [group], [topic]");
  }
  if (auto ok = check_reset(flags); !ok) return ok;
  constexpr std::array<std::string_view, 2> kNotGroup = {"all-groups", "list"};
  if (auto ok = exclude(flags, "group", kNotGroup); !ok) return ok;
  constexpr std::array<std::string_view, 2> kNotTopic = {"list", "describe"};
  if (auto ok = exclude(flags, "topic", kNotTopic); !ok) return ok;
  if (auto number = flags.number("timeout", 1, INT32_MAX); !number) {
    return base::fail(number.error());
  }
  return check_action(flags);
}

int validate_regex(const std::string& text) {
  if (NamePattern::parse(text)) {
    fmt::print("The regular expression `{}` is valid.\n", text);
  } else {
    fmt::print("The regular expression `{}` is invalid.\n", text);
  }
  return 0;
}

base::Result<bool> act(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  if (flags.has("delete")) return delete_groups(invocation, admin);
  if (flags.has("reset-offsets")) return reset_group_offsets(invocation, admin);
  if (flags.has("delete-offsets")) return delete_group_offsets(invocation, admin);
  const auto printed = flags.has("list") ? print_group_list(invocation, admin)
                                         : print_group_descriptions(invocation, admin);
  if (!printed) return base::fail(printed.error());
  return true;
}

bool is_unreachable(base::ErrorCode code) {
  return code == base::ErrorCode::kNetworkException || code == base::ErrorCode::kRequestTimedOut ||
         code == base::ErrorCode::kInvalidConfig;
}

// Kafka's tool prints what failed and exits with 0, as if it had not; a server that is not there,
// and any failure under our own name, is exit code 1.
int report(const Invocation& invocation, const base::Error& error) {
  if (error.code == base::ErrorCode::kInvalidRequest) {
    return usage_error(invocation, error.message);
  }
  if (invocation.is_native) return failure(invocation, error.message);
  const std::string reason = error.code == base::ErrorCode::kGroupIdNotFound
                                 ? fmt::format("{}: {}", java_exception(error.code), error.message)
                                 : error.message;
  print_group_error(fmt::format("Executing consumer group command failed due to {}", reason));
  return is_unreachable(error.code) ? 1 : 0;
}

// What Kafka's tool asks first, in the words of its client.
std::string_view first_call(const Flags& flags) {
  if (flags.has("list") || flags.has("all-groups")) return "listGroups";
  return flags.has("delete") ? "deleteConsumerGroups(api=FIND_COORDINATOR)"
                             : "describeConsumerGroups(api=FIND_COORDINATOR)";
}

int run_groups(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  if (const auto regex = flags.value("validate-regex")) return validate_regex(*regex);
  if (flags.has("reset-offsets") && !flags.has("dry-run") && !flags.has("execute")) {
    fmt::print(stderr, "{}\n", kNoExecute);
  }
  const auto timeout_ms = flags.number("timeout").value_or(std::nullopt).value_or(30'000);
  auto admin = Admin::connect(invocation, std::chrono::milliseconds(timeout_ms), first_call(flags));
  if (!admin) return report(invocation, admin.error());
  const auto done = act(invocation, **admin);
  if (!done) return report(invocation, done.error());
  return *done || !invocation.is_native ? 0 : 1;
}

}  // namespace

Command groups_command() {
  return {.name = "groups",
          .script_name = "kafka-consumer-groups",
          .summary = "List, describe and delete consumer groups; move or delete their offsets.",
          .verbs = kVerbs,
          .subject = "group",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_groups,
          .section = Section::kGroups,
          .prints_data = true};
}

}  // namespace odradek::cli
