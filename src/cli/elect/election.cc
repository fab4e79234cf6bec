// SPDX-License-Identifier: Apache-2.0
#include "cli/elect/election.h"

#include <fmt/core.h>

#include <chrono>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/json/json_reader.h"
#include "env/linux/linux_world.h"
#include "wire/messages/elect_leaders.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

base::Result<ElectionPartitions> parse_partitions(std::string_view text, bool is_native) {
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
  ElectionPartitions partitions;
  ElectionPartitions duplicates;
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

}  // namespace

bool has_failed(const ElectionOutcome& outcome) {
  return outcome.code != ErrorCode::kNone && outcome.code != ErrorCode::kElectionNotNeeded;
}

base::Result<std::optional<ElectionPartitions>> listed_partitions(const Invocation& invocation) {
  const auto path = invocation.flags.value("path-to-json-file");
  if (!path) return std::nullopt;
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  const auto text = world.disk().read_file(*path);
  if (!text) return base::fail(text.error());
  auto partitions = parse_partitions(*text, invocation.is_native);
  if (!partitions) return base::fail(std::move(partitions));
  return *std::move(partitions);
}

base::Result<ElectionOutcomes> elect(Admin& admin, std::int8_t type,
                                     const std::optional<ElectionPartitions>& partitions) {
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
  ElectionOutcomes outcomes;
  for (const auto& topic : answer->replica_election_results) {
    for (const auto& found : topic.partition_result) {
      outcomes[{topic.topic, found.partition_id}] = {
          found.error_code, error_text(found.error_code, found.error_message)};
    }
  }
  return outcomes;
}

int print_outcomes(const Invocation& invocation, const ElectionOutcomes& outcomes) {
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

}  // namespace odradek::cli
