// SPDX-License-Identifier: Apache-2.0
#include "cli/elect/elect_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/elect/election.h"
#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

using enum Arity;
using base::ErrorCode;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"admin.config", kRequired, "file", "", '\0', false, "command-config"},
    FlagSpec{"election-type", kRequired, "preferred|unclean",
             "preferred: give the lead back to the first replica; unclean: let a replica that is "
             "not in sync lead where none other can."},
    FlagSpec{"topic", kRequired, "topic", "The topic of --partition.", 't'},
    FlagSpec{"partition", kRequired, "id", "The partition.", 'p'},
    FlagSpec{"all-topic-partitions", kNone, "", "Every partition that needs it."},
    FlagSpec{"path-to-json-file", kRequired, "file",
             "The partitions, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1}]}."},
};

constexpr std::string_view kExamples =
    "  odradek elect --election-type preferred --all-topic-partitions\n"
    "  odradek elect orders --partition 0 --election-type unclean\n"
    "  kafka-leader-election --bootstrap-server 127.0.0.1:9092 --election-type preferred "
    "--all-topic-partitions\n";

constexpr std::array<std::string_view, 2> kElectionTypes = {"PREFERRED", "UNCLEAN"};

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  std::string missing;
  for (const std::string_view name : {"bootstrap-server", "election-type"}) {
    if (flags.has(name) || (name == "bootstrap-server" && invocation.is_native)) continue;
    missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (!missing.empty()) return misuse("Missing required option(s): " + missing);
  constexpr std::array<std::string_view, 3> kScopes = {"topic", "all-topic-partitions",
                                                       "path-to-json-file"};
  if (count_given(flags, kScopes) != 1) {
    return misuse(
        "One and only one of the following options is required: topic, all-topic-partitions, "
        "path-to-json-file");
  }
  if (flags.has("topic") && !flags.has("partition")) {
    return misuse("Missing required option(s): partition");
  }
  if (!flags.has("topic") && flags.has("partition")) {
    return misuse("Option partition is only allowed if topic is used");
  }
  return {};
}

base::Result<std::int8_t> election_type(const Flags& flags) {
  std::string text = flags.value_or("election-type", "");
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  const auto found = std::ranges::find(kElectionTypes, text);
  if (found != kElectionTypes.end())
    return static_cast<std::int8_t>(found - kElectionTypes.begin());
  return misuse(fmt::format("Cannot parse argument '{}' of option election-type",
                            flags.value_or("election-type", "")));
}

// Nothing: every partition.
base::Result<std::optional<ElectionPartitions>> partitions_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (const auto topic = flags.value("topic")) {
    const auto partition = flags.number("partition", INT32_MIN, INT32_MAX);
    if (!partition) return base::fail(partition.error());
    return ElectionPartitions{{*topic, static_cast<std::int32_t>(partition->value_or(0))}};
  }
  return listed_partitions(invocation);
}

std::string names_of(const ElectionOutcomes& outcomes, ErrorCode code) {
  std::string names;
  for (const auto& [partition, outcome] : outcomes) {
    if (outcome.code == code) names += (names.empty() ? "" : ", ") + partition.to_string();
  }
  return names;
}

// Returns the exit code.
int print_as_kafka(const ElectionOutcomes& outcomes, std::string_view type) {
  if (const auto names = names_of(outcomes, ErrorCode::kNone); !names.empty()) {
    fmt::print("Successfully completed leader election ({}) for partitions {}\n", type, names);
  }
  if (const auto names = names_of(outcomes, ErrorCode::kElectionNotNeeded); !names.empty()) {
    fmt::print("Valid replica already elected for partitions {}\n", names);
  }
  int failures = 0;
  for (const auto& [partition, outcome] : outcomes) {
    if (!has_failed(outcome)) continue;
    ++failures;
    fmt::print("Error completing leader election ({}) for partition: {}: {}: {}\n", type,
               partition.to_string(), java_exception(outcome.code), outcome.message);
  }
  if (failures == 0) return 0;
  fmt::print(stderr, "{} replica(s) could not be elected\n", failures);
  return 1;
}

base::Result<ElectionOutcomes> execute(const Invocation& invocation, std::int8_t type) {
  const auto partitions = partitions_of(invocation);
  if (!partitions) return base::fail(partitions.error());
  constexpr std::chrono::seconds kTimeout(30);
  auto admin = Admin::connect(invocation, kTimeout, "electLeaders");
  if (!admin) return base::fail(std::move(admin));
  return elect(**admin, type, *partitions);
}

int run_elect(const Invocation& invocation) {
  auto ok = check(invocation);
  const auto type = ok ? election_type(invocation.flags) : base::fail(std::move(ok));
  if (!type) return usage_error(invocation, type.error().message);
  const auto outcomes = execute(invocation, *type);
  if (!outcomes) {
    if (invocation.is_native) return failure(invocation, outcomes.error().message);
    if (outcomes.error().code == ErrorCode::kClusterAuthorizationFailed) {
      fmt::print("Not authorized to perform leader election\n");
    }
    fmt::print(stderr, "{}\n", outcomes.error().message);
    return 1;
  }
  if (invocation.is_native) return print_outcomes(invocation, *outcomes);
  return print_as_kafka(*outcomes, kElectionTypes[static_cast<std::size_t>(*type)]);
}

}  // namespace

Command elect_command() {
  return {.name = "elect",
          .script_name = "kafka-leader-election",
          .summary = "Have leaders of partitions elected.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_elect,
          .section = Section::kCluster,
          .prints_data = true};
}

}  // namespace odradek::cli
