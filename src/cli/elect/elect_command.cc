// SPDX-License-Identifier: Apache-2.0
#include "cli/elect/elect_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/json/json_reader.h"
#include "env/linux/linux_world.h"
#include "wire/messages/elect_leaders.h"

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

using Partitions = std::set<base::TopicPartition>;

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

base::Result<Partitions> parse_partitions(std::string_view text, bool is_native) {
  const auto value = parse_json(text);
  if (!value) {
    return misuse(is_native ? value.error().message : "Replica election data is empty");
  }
  const auto object = as_object(*value);
  if (!object) return base::fail(object.error());
  const Value* member = find_member(**object, "partitions");
  if (member == nullptr) {
    return misuse("Replica election data is missing \"partitions\" field");
  }
  const auto list = as_list(*member);
  if (!list) return base::fail(list.error());
  Partitions partitions;
  Partitions duplicates;
  for (const Value& element : **list) {
    const auto entry = as_object(element);
    if (!entry) return base::fail(entry.error());
    const auto partition = partition_members(**entry);
    if (!partition) return base::fail(partition.error());
    if (!partitions.insert(*partition).second) duplicates.insert(*partition);
  }
  if (duplicates.empty()) return partitions;
  std::string names;
  for (const auto& partition : duplicates) {
    names += (names.empty() ? "" : ", ") + partition.to_string();
  }
  return misuse(fmt::format("Replica election data contains duplicate partitions: [{}]", names));
}

// Nothing: every partition.
base::Result<std::optional<Partitions>> partitions_of(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (const auto topic = flags.value("topic")) {
    const auto partition = flags.number("partition", INT32_MIN, INT32_MAX);
    if (!partition) return base::fail(partition.error());
    return Partitions{{*topic, static_cast<std::int32_t>(partition->value_or(0))}};
  }
  const auto path = flags.value("path-to-json-file");
  if (!path) return std::nullopt;
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  const auto text = world.disk().read_file(*path);
  if (!text) return base::fail(text.error());
  auto partitions = parse_partitions(*text, invocation.is_native);
  if (!partitions) return base::fail(std::move(partitions));
  return *std::move(partitions);
}

struct Outcome {
  ErrorCode code = ErrorCode::kNone;
  std::string message;
};
using Outcomes = std::map<base::TopicPartition, Outcome>;

base::Result<Outcomes> elect(Admin& admin, std::int8_t type,
                             const std::optional<Partitions>& partitions) {
  wire::ElectLeadersRequest request;
  request.election_type = type;
  request.timeout_ms = static_cast<std::int32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(admin.timeout()).count());
  if (partitions) {
    request.topic_partitions.emplace();
    for (const auto& [topic, partition] : *partitions) {
      auto& topics = *request.topic_partitions;
      if (topics.empty() || topics.back().topic != topic) topics.push_back({topic, {}});
      topics.back().partitions.push_back(partition);
    }
  } else {
    request.topic_partitions.reset();
  }
  auto answer = admin.ask_controller<wire::ElectLeadersResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, std::nullopt));
  }
  Outcomes outcomes;
  for (const auto& topic : answer->replica_election_results) {
    for (const auto& found : topic.partition_result) {
      outcomes[{topic.topic, found.partition_id}] = {
          found.error_code, error_text(found.error_code, found.error_message)};
    }
  }
  return outcomes;
}

std::string names_of(const Outcomes& outcomes, ErrorCode code) {
  std::string names;
  for (const auto& [partition, outcome] : outcomes) {
    if (outcome.code == code) names += (names.empty() ? "" : ", ") + partition.to_string();
  }
  return names;
}

bool has_failed(const Outcome& outcome) {
  return outcome.code != ErrorCode::kNone && outcome.code != ErrorCode::kElectionNotNeeded;
}

// Returns the exit code.
int print_as_kafka(const Outcomes& outcomes, std::string_view type) {
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

int print(const Invocation& invocation, const Outcomes& outcomes) {
  Table table{.columns = {{"topic"}, {"partition"}, {"result"}},
              .rows = {},
              .when_empty = "No partition needs it."};
  int exit_code = 0;
  for (const auto& [partition, outcome] : outcomes) {
    const bool failed = has_failed(outcome);
    if (failed) exit_code = 1;
    table.rows.push_back({{partition.topic},
                          {partition.partition},
                          {outcome.code == ErrorCode::kNone ? "elected" : outcome.message,
                           failed ? Tone::kBad : Tone::kPlain}});
  }
  Output(invocation.output).print(table);
  return exit_code;
}

base::Result<Outcomes> execute(const Invocation& invocation, std::int8_t type) {
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
  if (invocation.is_native) return print(invocation, *outcomes);
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
