// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "cli/admin/error_text.h"
#include "cli/groups/print_groups.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

std::string quoted(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += fmt::format("'{}'", name);
  }
  return out;
}

void print_deletion_result(const std::string& group, ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
      fmt::print("Request succeeded for deleting offsets from group {}.\n", group);
      return;
    case ErrorCode::kInvalidGroupId:
    case ErrorCode::kGroupIdNotFound:
    case ErrorCode::kGroupAuthorizationFailed:
    case ErrorCode::kNonEmptyGroup:
      print_group_error(error_text(code, std::nullopt));
      return;
    case ErrorCode::kGroupSubscribedToTopic:
    case ErrorCode::kTopicAuthorizationFailed:
    case ErrorCode::kUnknownTopicOrPartition:
      print_group_error("Encountered some partition-level error, see the follow-up details.");
      return;
    default:
      print_group_error(fmt::format("Encountered some unknown error: {}", base::error_name(code)));
  }
}

// One line a group or partition: what became of it.
Cell outcome(ErrorCode code, const std::string& reason) {
  if (code == ErrorCode::kNone) return {"deleted", Tone::kGood};
  return {reason, Tone::kBad};
}

void show_partition_results(const Invocation& invocation, const std::string& group,
                            const std::map<base::TopicPartition, ErrorCode>& results) {
  Table table{.columns = {{"group"}, {"topic"}, {"partition"}, {"result"}}, .rows = {}};
  for (const auto& [partition, code] : results) {
    const Value index = partition.partition < 0 ? Value() : Value(partition.partition);
    table.rows.push_back(
        {group, partition.topic, index, outcome(code, error_text(code, std::nullopt))});
  }
  Output(invocation.output).print(table);
}

// A topic that is not there is partition -1 of it.
void print_partition_results(const std::map<base::TopicPartition, ErrorCode>& results) {
  std::size_t width = 15;
  for (const auto& [partition, code] : results) width = std::max(width, partition.topic.size());
  fmt::print("\n{:<{}} {:<10} {:<15}", "TOPIC", width, "PARTITION", "STATUS");
  for (const auto& [partition, code] : results) {
    const std::string status =
        code == ErrorCode::kNone
            ? "Successful"
            : fmt::format("Error: {}: {}", java_exception(code), error_text(code, std::nullopt));
    fmt::print("\n{:<{}} {:<10} {:<15}", partition.topic, width,
               partition.partition < 0 ? "-" : fmt::format("{}", partition.partition), status);
  }
  fmt::print("\n");
}

}  // namespace

base::Result<bool> delete_groups(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto ids = chosen_groups(flags, admin);
  if (!ids) return base::fail(std::move(ids));
  std::vector<std::string> deleted;
  std::string failures;
  Table table{.columns = {{"group"}, {"result"}}, .rows = {}, .when_empty = "There are no groups."};
  for (const std::string& group : *ids) {
    auto result = delete_group(admin, group);
    if (!result) return base::fail(std::move(result));
    table.rows.push_back({group, outcome(result->code, result->message)});
    if (result->code == ErrorCode::kNone) {
      deleted.push_back(group);
      continue;
    }
    failures += fmt::format("* Group '{}' could not be deleted due to: {}: {}\n", group,
                            java_exception(result->code), result->message);
  }
  if (invocation.is_native) {
    Output(invocation.output).print(table);
    return failures.empty();
  }
  if (failures.empty()) {
    fmt::print("Deletion of requested consumer groups ({}) was successful.\n", quoted(deleted));
    return true;
  }
  print_group_error("Deletion of some consumer groups failed:");
  fmt::print("{}", failures);
  if (!deleted.empty()) {
    fmt::print("\nThese consumer groups were deleted successfully: {}\n", quoted(deleted));
  }
  return false;
}

base::Result<bool> delete_group_offsets(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto topics = TopicTable::load(admin);
  if (!topics) return base::fail(std::move(topics));
  std::vector<base::TopicPartition> partitions;
  std::map<base::TopicPartition, ErrorCode> results;
  for (const std::string& argument : flags.values("topic")) {
    auto parsed = parse_topic_argument(argument, *topics);
    if (!parsed) return base::fail(std::move(parsed));
    if (parsed->empty()) results[{argument, -1}] = ErrorCode::kUnknownTopicOrPartition;
    partitions.insert(partitions.end(), parsed->begin(), parsed->end());
  }
  std::ranges::sort(partitions);
  const std::string group = flags.value_or("group", "");
  auto deletion = delete_offsets(admin, group, partitions);
  if (!deletion) return base::fail(std::move(deletion));
  ErrorCode code = deletion->code;
  for (const base::TopicPartition& partition : partitions) {
    const auto found = deletion->partitions.find(partition);
    const ErrorCode own = found == deletion->partitions.end() ? deletion->code : found->second;
    if (code == ErrorCode::kNone) code = own;
    results[partition] = own;
  }
  if (invocation.is_native) {
    show_partition_results(invocation, group, results);
  } else {
    print_deletion_result(group, code);
    print_partition_results(results);
  }
  return std::ranges::all_of(results,
                             [](const auto& result) { return result.second == ErrorCode::kNone; });
}

}  // namespace odradek::cli
