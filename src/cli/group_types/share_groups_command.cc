// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <array>

#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/group_types/group_types_commands.h"
#include "cli/group_types/typed_groups.h"
#include "cli/groups/group_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the share groups."},
    FlagSpec{"describe", kNone, "", "Show offsets, members or state of share groups."},
    FlagSpec{"delete", kNone, "", "Delete share groups that have no members."},
    FlagSpec{"reset-offsets", kNone, "",
             "Move a group's start offsets, while it has no members: to what --to-earliest, "
             "--to-latest or --to-datetime says, with --dry-run or --execute."},
    FlagSpec{"delete-offsets", kNone, "", "Delete a group's offsets of --topic."},
    FlagSpec{"group", kRequired, "group", "The group; may be repeated.", 'g', true},
    FlagSpec{"all-groups", kNone, "", "Every share group."},
    FlagSpec{"topic", kRequired, "topic", "The topic; may be repeated.", 't', true},
    FlagSpec{"all-topics", kNone, "", "Every topic of the group."},
    FlagSpec{"members", kNone, "", "Describe the members."},
    FlagSpec{"offsets", kNone, "", "Describe the start offsets (the default)."},
    FlagSpec{"state", kOptional, "state,...",
             "Describe the state; with --list show it, and list only groups in one of these."},
    FlagSpec{"verbose", kNone, "", "Show more columns."},
    FlagSpec{"dry-run", kNone, "", "Show what --reset-offsets would do."},
    FlagSpec{"execute", kNone, "", "Do it."},
    FlagSpec{"to-earliest", kNone, "", "To the beginning of each partition."},
    FlagSpec{"to-latest", kNone, "", "To the end of each partition."},
    FlagSpec{"to-datetime", kRequired, "YYYY-MM-DDThh:mm:ss.sss", "To the records of this time."},
    FlagSpec{"timeout", kRequired, "ms", "How long to wait for the server (30000)."},
};
constexpr std::array<std::string_view, 5> kVerbs = {"list", "describe", "delete", "reset-offsets",
                                                    "delete-offsets"};
constexpr std::array<std::string_view, 3> kStates = {"Empty", "Stable", "Dead"};
constexpr std::string_view kExamples =
    "  odradek share-groups list --state\n"
    "  kafka-share-groups --bootstrap-server 127.0.0.1:9092 --describe --group workers\n";

constexpr GroupKind kKind{.type = "Share",
                          .name = "share",
                          .not_one = "is not a share group.",
                          .states = kStates,
                          .failure_exit_code = 0};

base::Result<> check_delete(const Flags& flags) {
  if (flags.has("delete")) {
    if (!flags.has("group") && !flags.has("all-groups")) {
      return misuse("Option [delete] takes the options [group] or [all-groups]");
    }
    if (flags.has("group") && flags.has("all-groups")) {
      return misuse("Option [delete] takes either [group] or [all-groups], not both.");
    }
    if (flags.has("topic")) return misuse("Option [delete] does not take the option: [topic]");
  }
  if (flags.has("delete-offsets") && (!flags.has("group") || !flags.has("topic"))) {
    return misuse("Option [delete-offsets] takes the following options: [group], [topic]");
  }
  return {};
}

base::Result<> check_reset(const Flags& flags) {
  constexpr std::array<std::string_view, 3> kScenarios = {"to-datetime", "to-earliest",
                                                          "to-latest"};
  if (!flags.has("reset-offsets")) return {};
  if (auto ok = check_reset_is_said(flags); !ok) return ok;
  if (!flags.has("group")) return misuse("Option [reset-offsets] takes the option: [group]");
  if (!flags.has("topic") && !flags.has("all-topics")) {
    return misuse("Option [reset-offsets] takes one of these options: [all-topics], [topic]");
  }
  if (count_given(flags, kScenarios) == 0) {
    return misuse(fmt::format("Option [reset-offsets] takes one of these options: {}",
                              bracketed(kScenarios)));
  }
  for (const std::string_view scenario : kScenarios) {
    if (auto ok = exclude(flags, scenario, kScenarios); !ok) return ok;
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check_typed_groups(flags); !ok) return ok;
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  if (auto ok = check_typed_description(flags); !ok) return ok;
  if (auto ok = check_delete(flags); !ok) return ok;
  if (auto ok = check_reset(flags); !ok) return ok;
  constexpr std::array<std::string_view, 2> kNotGroup = {"all-groups", "list"};
  if (auto ok = exclude(flags, "group", kNotGroup); !ok) return ok;
  constexpr std::array<std::string_view, 2> kNotTopic = {"list", "describe"};
  if (auto ok = exclude(flags, "topic", kNotTopic); !ok) return ok;
  if (count_given(flags, kVerbs) == 1) return {};
  return misuse(
      "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
      "--delete-offsets.");
}

int run_share_groups(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  return run_typed_groups(invocation, kKind);
}

}  // namespace

Command share_groups_command() {
  return {.name = "share-groups",
          .script_name = "kafka-share-groups",
          .summary = "List, describe and delete share groups; move or delete their offsets.",
          .verbs = kVerbs,
          .subject = "group",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_share_groups,
          .section = Section::kGroups,
          .prints_data = true};
}

}  // namespace odradek::cli
