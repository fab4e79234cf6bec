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
    FlagSpec{"list", kNone, "", "List the streams groups."},
    FlagSpec{"describe", kNone, "", "Show offsets, members or state of streams groups."},
    FlagSpec{"delete", kNone, "", "Delete streams groups that have no members."},
    FlagSpec{"reset-offsets", kNone, "",
             "Move a group's offsets, while it has no members, with --dry-run or --execute."},
    FlagSpec{"delete-offsets", kNone, "", "Delete a group's offsets of --input-topic."},
    FlagSpec{"group", kRequired, "group", "The group; may be repeated.", 'g', true},
    FlagSpec{"all-groups", kNone, "", "Every streams group."},
    FlagSpec{"input-topic", kRequired, "topic", "The input topic; may be repeated.", 't', true},
    FlagSpec{"all-input-topics", kNone, "", "Every input topic of the group."},
    FlagSpec{"delete-internal-topic", kRequired, "topic",
             "With --reset-offsets --execute: delete this internal topic.", '\0', true},
    FlagSpec{"delete-all-internal-topics", kNone, "", "Delete every internal topic."},
    FlagSpec{"members", kNone, "", "Describe the members."},
    FlagSpec{"offsets", kNone, "", "Describe partitions and lag (the default)."},
    FlagSpec{"state", kOptional, "state,...",
             "Describe the state; with --list show it, and list only groups in one of these."},
    FlagSpec{"verbose", kNone, "", "Show more columns."},
    FlagSpec{"dry-run", kNone, "", "Show what --reset-offsets would do."},
    FlagSpec{"execute", kNone, "", "Do it."},
    FlagSpec{"export", kNone, "", "Print it as CSV, which --from-file reads."},
    FlagSpec{"to-earliest", kNone, "", "To the beginning of each partition."},
    FlagSpec{"to-latest", kNone, "", "To the end of each partition."},
    FlagSpec{"to-current", kNone, "", "To where they are."},
    FlagSpec{"to-offset", kRequired, "offset", "To this offset."},
    FlagSpec{"to-datetime", kRequired, "YYYY-MM-DDThh:mm:ss.sss", "To the records of this time."},
    FlagSpec{"by-duration", kRequired, "PnDTnHnMnS", "To the records of this last stretch."},
    FlagSpec{"shift-by", kRequired, "number", "Forward by so many records, or back."},
    FlagSpec{"from-file", kRequired, "file", "To the offsets in a CSV file."},
    FlagSpec{"timeout", kRequired, "ms", "How long to wait for the server (30000)."},
};
constexpr std::array<std::string_view, 5> kVerbs = {"list", "describe", "delete", "reset-offsets",
                                                    "delete-offsets"};
constexpr std::array<std::string_view, 8> kScenarios = {"to-offset",   "to-datetime", "by-duration",
                                                        "to-earliest", "to-latest",   "to-current",
                                                        "shift-by",    "from-file"};
constexpr std::array<std::string_view, 6> kStates = {"Empty",     "NotReady",    "Stable",
                                                     "Assigning", "Reconciling", "Dead"};
constexpr std::string_view kExamples =
    "  odradek streams-groups list --state\n"
    "  kafka-streams-groups --bootstrap-server 127.0.0.1:9092 --describe --group counters\n";

constexpr GroupKind kKind{.type = "Streams",
                          .name = "streams",
                          .not_one = "does not exist or is not a streams group.",
                          .states = kStates,
                          .failure_exit_code = 1};

base::Result<> check_delete(const Flags& flags) {
  const bool has_topic = flags.has("input-topic") || flags.has("all-input-topics");
  if (flags.has("delete")) {
    if (!flags.has("group") && !flags.has("all-groups")) {
      return misuse("Option [delete] takes one of these options: [all-groups], [group]");
    }
    if (has_topic) {
      return misuse(
          "Kafka Streams does not support topic-specific offset deletion from a streams group.");
    }
  }
  if (!flags.has("delete-offsets")) return {};
  if (!has_topic || !flags.has("group")) {
    return misuse(
        "Option [delete-offsets] takes the [group] and one of these options: [all-input-topics], "
        "[input-topic]");
  }
  if (flags.values("group").size() > 1) {
    return misuse("Option [delete-offsets] supports only one [group] at a time");
  }
  return {};
}

base::Result<> check_reset(const Flags& flags) {
  if (!flags.has("reset-offsets")) return {};
  if (auto ok = check_reset_is_said(flags); !ok) return ok;
  if (!flags.has("group") && !flags.has("all-groups")) {
    return misuse("Option [reset-offsets] takes one of these options: [all-groups], [group]");
  }
  for (const std::string_view scenario : kScenarios) {
    if (auto ok = exclude(flags, scenario, kScenarios); !ok) return ok;
  }
  return {};
}

base::Result<> check_internal_topics(const Flags& flags) {
  const bool resets = flags.has("reset-offsets");
  if (flags.has("delete-all-internal-topics")) {
    if (!resets && !flags.has("delete")) {
      return misuse(
          "Option [delete-all-internal-topics] takes one of these options: [delete], "
          "[reset-offsets]");
    }
    if (resets && !flags.has("execute")) {
      return misuse(
          "Option [delete-all-internal-topics] takes [execute] when [reset-offsets] is used.");
    }
  } else if (flags.has("delete-internal-topic") && (!resets || !flags.has("execute"))) {
    return misuse("Option [delete-internal-topic] takes [reset-offsets] when [execute] is used.");
  }
  return {};
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (auto ok = check_typed_groups(flags); !ok) return ok;
  if (count_given(flags, kVerbs) != 1 && (invocation.is_native || flags.has("bootstrap-server"))) {
    // --execute --list has an action, though not one that goes with it.
    return misuse(
        "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
        "or --delete-offsets.");
  }
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server"}); !ok) return ok;
  }
  if (auto ok = check_typed_description(flags); !ok) return ok;
  if (auto ok = check_delete(flags); !ok) return ok;
  if (auto ok = check_reset(flags); !ok) return ok;
  if (auto ok = check_internal_topics(flags); !ok) return ok;
  if ((flags.has("dry-run") || flags.has("execute")) && !flags.has("reset-offsets")) {
    return misuse("Only Option [reset-offsets] accepts [execute] or [dry-run]");
  }
  constexpr std::array<std::string_view, 2> kNotGroup = {"all-groups", "list"};
  if (auto ok = exclude(flags, "group", kNotGroup); !ok) return ok;
  constexpr std::array<std::string_view, 3> kNotTopic = {"list", "describe", "delete"};
  return exclude(flags, "input-topic", kNotTopic);
}

int run_streams_groups(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  return run_typed_groups(invocation, kKind);
}

}  // namespace

Command streams_groups_command() {
  return {.name = "streams-groups",
          .script_name = "kafka-streams-groups",
          .summary = "List, describe and delete streams groups; move or delete their offsets.",
          .verbs = kVerbs,
          .subject = "group",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_streams_groups,
          .section = Section::kGroups,
          .prints_data = true};
}

}  // namespace odradek::cli
