// SPDX-License-Identifier: Apache-2.0
#include "cli/delete_records/delete_records_command.h"

#include <fmt/core.h>

#include <array>
#include <map>
#include <set>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/json/json_reader.h"
#include "env/linux/linux_world.h"
#include "wire/messages/delete_records.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection."},
    FlagSpec{"offset-json-file", kRequired, "file",
             "What to delete, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1, "
             "\"offset\": 10}], \"version\": 1}: the records below the offset; -1 is the end."},
};

constexpr std::string_view kExamples =
    "  odradek delete-records old.json\n"
    "  kafka-delete-records --bootstrap-server 127.0.0.1:9092 --offset-json-file old.json\n";

constexpr std::int32_t kFormatVersion = 1;

using Offsets = std::map<base::TopicPartition, std::int64_t>;

base::Result<Offsets> parse_partitions(const List& list) {
  Offsets offsets;
  std::set<std::string> duplicates;
  for (const Value& value : list) {
    const auto object = as_object(value);
    if (!object) return base::fail(object.error());
    const auto partition = partition_members(**object);
    if (!partition) return base::fail(partition.error());
    const auto offset = int64_member(**object, "offset");
    if (!offset) return base::fail(offset.error());
    if (!offsets.emplace(*partition, *offset).second) duplicates.insert(partition->to_string());
  }
  if (duplicates.empty()) return offsets;
  std::string names;
  for (const std::string& name : duplicates) names += (names.empty() ? "" : ",") + name;
  return misuse(fmt::format("Offset json file contains duplicate topic partitions: {}", names));
}

base::Result<Offsets> parse_offsets(std::string_view text, bool is_native) {
  const auto value = parse_json(text);
  if (!value) {
    return misuse(is_native ? value.error().message : "The input string is not a valid JSON");
  }
  const auto object = as_object(*value);
  if (!object) return base::fail(object.error());
  if (const Value* version = find_member(**object, "version")) {
    const auto number = as_int32(*version);
    if (!number) return base::fail(number.error());
    if (*number != kFormatVersion) {
      return misuse(fmt::format("Not supported version field value {}", *number));
    }
  }
  const Value* partitions = find_member(**object, "partitions");
  if (partitions == nullptr) return misuse("Missing partitions field");
  const auto list = as_list(*partitions);
  if (!list) return base::fail(list.error());
  return parse_partitions(**list);
}

struct Answer {
  base::ErrorCode code = base::ErrorCode::kNone;
  std::int64_t low_watermark = -1;
};
using Answers = std::map<base::TopicPartition, Answer>;

void add_deletion(wire::DeleteRecordsRequest& request, const base::TopicPartition& partition,
                  std::int64_t offset) {
  if (request.topics.empty() || request.topics.back().name != partition.topic) {
    request.topics.push_back({partition.topic, {}});
  }
  request.topics.back().partitions.push_back({partition.partition, base::Offset(offset)});
}

base::Result<Answers> delete_records(Admin& admin, const Offsets& offsets) {
  std::set<std::string> names;
  for (const auto& [partition, offset] : offsets) names.insert(partition.topic);
  const auto topics = load_topics(admin, std::vector<std::string>(names.begin(), names.end()));
  if (!topics) return base::fail(topics.error());
  Answers answers;
  std::map<base::BrokerId, wire::DeleteRecordsRequest> requests;
  for (const auto& [partition, offset] : offsets) {
    const ClusterPartition* found = find_partition(*topics, partition);
    if (found == nullptr) {
      answers[partition].code = base::ErrorCode::kUnknownTopicOrPartition;
    } else if (found->leader == base::kNoBroker) {
      answers[partition].code = base::ErrorCode::kLeaderNotAvailable;
    } else {
      add_deletion(requests[found->leader], partition, offset);
    }
  }
  for (auto& [leader, request] : requests) {
    request.timeout_ms = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(admin.timeout()).count());
    auto answer = admin.ask<wire::DeleteRecordsResponse>(leader, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    for (const auto& topic : answer->topics) {
      for (const auto& found : topic.partitions) {
        answers[{topic.name, found.partition_index}] = {found.error_code,
                                                        found.low_watermark.value()};
      }
    }
  }
  return answers;
}

std::string reason(base::ErrorCode code) {
  return fmt::format("{}: {}", java_exception(code), error_text(code, std::nullopt));
}

void print_as_kafka(const Answers& answers) {
  for (const auto& [partition, answer] : answers) {
    if (answer.code == base::ErrorCode::kNone) {
      fmt::print("partition: {}\tlow_watermark: {}\n", partition.to_string(), answer.low_watermark);
    } else {
      fmt::print("partition: {}\terror: {}\n", partition.to_string(), reason(answer.code));
    }
  }
}

// Returns the exit code.
int print(const Invocation& invocation, const Answers& answers) {
  Table table{.columns = {{"topic"}, {"partition"}, {"low_watermark"}, {"error"}}, .rows = {}};
  int exit_code = 0;
  for (const auto& [partition, answer] : answers) {
    if (answer.code == base::ErrorCode::kNone) {
      table.rows.push_back(
          {{partition.topic}, {partition.partition}, {answer.low_watermark}, {std::nullopt}});
    } else {
      table.rows.push_back({{partition.topic},
                            {partition.partition},
                            {std::nullopt},
                            {error_text(answer.code, std::nullopt), Tone::kBad}});
      exit_code = 1;
    }
  }
  Output(invocation.output).print(table);
  return exit_code;
}

base::Result<Answers> execute(const Invocation& invocation) {
  const std::string path = *invocation.flags.value("offset-json-file");
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  const auto text = world.disk().read_file(path);
  if (!text) return base::fail(text.error());
  const auto offsets = parse_offsets(*text, invocation.is_native);
  if (!offsets) return base::fail(offsets.error());
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return base::fail(std::move(admin));
  if (!invocation.is_native) fmt::print("Executing records delete operation\n");
  auto answers = delete_records(**admin, *offsets);
  if (!answers) return answers;
  if (!invocation.is_native) fmt::print("Records delete operation completed:\n");
  return answers;
}

int run_delete_records(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const auto complete = invocation.is_native
                            ? require(flags, {"offset-json-file"})
                            : require(flags, {"bootstrap-server", "offset-json-file"});
  if (!complete) return usage_error(invocation, complete.error().message);
  const auto answers = execute(invocation);
  if (!answers) {
    if (invocation.is_native) return failure(invocation, answers.error().message);
    fmt::print(stderr, "{}\n", answers.error().message);
    return 1;
  }
  if (invocation.is_native) return print(invocation, *answers);
  print_as_kafka(*answers);
  return 0;
}

}  // namespace

Command delete_records_command() {
  return {.name = "delete-records",
          .script_name = "kafka-delete-records",
          .summary = "Delete the oldest records of partitions, up to an offset each.",
          .verbs = {},
          .subject = "offset-json-file",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_delete_records,
          .section = Section::kRecords,
          .prints_data = true};
}

}  // namespace odradek::cli
