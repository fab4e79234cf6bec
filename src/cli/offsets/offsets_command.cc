// SPDX-License-Identifier: Apache-2.0
#include "cli/offsets/offsets_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/offsets/partition_filter.h"
#include "wire/messages/list_offsets.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection."},
    FlagSpec{"topic", kRequired, "topic",
             "The topic, or a regular expression; every topic where it is missing.", 't'},
    FlagSpec{"partitions", kRequired, "id,...", "Only these partitions.", 'p'},
    FlagSpec{"topic-partitions", kRequired, "topic:partitions,...",
             "Instead of --topic and --partitions: regular expressions for topics, each with a "
             "partition (orders:1), a range without its end (orders:0-3, orders:5-, orders:-3) or "
             "nothing for all."},
    FlagSpec{"time", kRequired, "time",
             "Which offset: -1 or latest (the default), -2 or earliest, -3 or max-timestamp, -4 or "
             "earliest-local, -5 or latest-tiered, -6 or earliest-pending-upload, or that of the "
             "first record at or after a time in milliseconds since 1970."},
    FlagSpec{"exclude-internal-topics", kNone, "", "Leave Kafka's own topics out."},
    // Of Kafka 2.
    FlagSpec{"broker-list", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"offsets", kRequired, "count", ""},
    FlagSpec{"max-wait-ms", kRequired, "ms", ""},
};

constexpr std::string_view kExamples =
    "  odradek offsets orders\n"
    "  odradek offsets orders --time earliest --partitions 0,1\n"
    "  odradek offsets --topic-partitions 'orders:0-3,payments.*'\n"
    "  kafka-get-offsets --bootstrap-server 127.0.0.1:9092 --topic orders --time -1\n";

// ListOffsets knows these by number.
constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> kTimes = {
    {{"latest", -1},
     {"earliest", -2},
     {"max-timestamp", -3},
     {"earliest-local", -4},
     {"latest-tiered", -5},
     {"earliest-pending-upload", -6}}};

base::Result<std::int64_t> parse_time(std::string_view text) {
  for (const auto& [name, number] : kTimes) {
    if (text == name) return number;
  }
  std::int64_t timestamp = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), timestamp);
  if (error == std::errc() && end == text.data() + text.size()) return timestamp;
  return misuse(
      fmt::format("Malformed time argument {}. Please use -1 or latest / -2 or earliest / -3 or "
                  "max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or "
                  "earliest-pending-upload, or a specified long format timestamp",
                  text));
}

base::Result<PartitionFilter> filter_of(const Flags& flags) {
  const auto rules = flags.value("topic-partitions");
  if (!rules) {
    return PartitionFilter::parse_topic(flags.value_or("topic", ".*"),
                                        flags.value_or("partitions", ""));
  }
  if (flags.has("topic") || flags.has("partitions")) {
    return misuse("--topic-partitions cannot be used with --topic or --partitions");
  }
  return PartitionFilter::parse_rules(*rules);
}

struct Answer {
  base::ErrorCode code = base::ErrorCode::kNone;
  std::int64_t offset = -1;
};
// By the partition's text, which is the order in which Kafka's tool prints.
using Answers = std::map<std::string, std::pair<base::TopicPartition, Answer>>;

void add_question(wire::ListOffsetsRequest& request, const base::TopicPartition& partition,
                  std::int64_t timestamp) {
  if (request.topics.empty() || request.topics.back().name != partition.topic) {
    request.topics.push_back({partition.topic, {}});
  }
  request.topics.back().partitions.push_back(
      {partition.partition, base::kNoLeaderEpoch, base::Timestamp(timestamp), 1});
}

base::Result<Answers> ask_leaders(Admin& admin, const ClusterTopics& topics,
                                  const PartitionFilter& filter, bool with_internal,
                                  std::int64_t timestamp) {
  Answers answers;
  std::map<base::BrokerId, wire::ListOffsetsRequest> requests;
  for (const auto& [name, topic] : topics) {
    if (topic.is_internal && !with_internal) continue;
    for (const auto& [index, found] : topic.partitions) {
      const base::TopicPartition partition{name, index};
      if (!filter.matches(partition)) continue;
      const bool has_leader = found.leader != base::kNoBroker;
      answers[partition.to_string()] = {
          partition,
          {has_leader ? base::ErrorCode::kNone : base::ErrorCode::kLeaderNotAvailable, -1}};
      if (has_leader) add_question(requests[found.leader], partition, timestamp);
    }
  }
  for (auto& [leader, request] : requests) {
    request.replica_id = base::kNoBroker;
    request.timeout_ms = static_cast<std::int32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(admin.timeout()).count());
    auto answer = admin.ask<wire::ListOffsetsResponse>(leader, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    for (const auto& topic : answer->topics) {
      for (const auto& found : topic.partitions) {
        const base::TopicPartition partition{topic.name, found.partition_index};
        answers[partition.to_string()] = {partition, {found.error_code, found.offset.value()}};
      }
    }
  }
  return answers;
}

void print(const Invocation& invocation, const Answers& answers) {
  Table table{.columns = {{"topic"}, {"partition"}, {"offset"}},
              .rows = {},
              .when_empty = "No record lies there."};
  for (const auto& [text, answered] : answers) {
    const auto& [partition, answer] = answered;
    if (answer.code != base::ErrorCode::kNone) {
      fmt::print(stderr, "Skip getting offsets for topic-partition {} due to error: {}: {}\n", text,
                 java_exception(answer.code), error_text(answer.code, std::nullopt));
    } else if (answer.offset >= 0 && invocation.is_native) {
      table.rows.push_back({{partition.topic}, {partition.partition}, {answer.offset}});
    } else if (answer.offset >= 0) {
      fmt::print("{}:{}:{}\n", partition.topic, partition.partition, answer.offset);
    }
  }
  if (invocation.is_native) Output(invocation.output).print(table);
}

base::Result<> print_offsets(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  const auto timestamp = parse_time(flags.value_or("time", "latest"));
  if (!timestamp) return base::fail(timestamp.error());
  const auto filter = filter_of(flags);
  if (!filter) return base::fail(filter.error());
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return base::fail(std::move(admin));
  const auto topics = load_topics(**admin);
  if (!topics) return base::fail(topics.error());
  const auto answers =
      ask_leaders(**admin, *topics, *filter, !flags.has("exclude-internal-topics"), *timestamp);
  if (!answers) return base::fail(answers.error());
  if (answers->empty()) {
    return base::fail(base::ErrorCode::kUnknownTopicOrPartition,
                      "Could not match any topic-partitions with the specified filters");
  }
  print(invocation, *answers);
  return {};
}

int run_offsets(const Invocation& invocation) {
  if (!invocation.is_native) {
    auto ok = require(invocation.flags, {"bootstrap-server"});
    if (ok) ok = check_servers(invocation.flags, "bootstrap-server");
    if (!ok) return usage_error(invocation, ok.error().message);
  }
  const auto printed = print_offsets(invocation);
  if (printed) return 0;
  if (invocation.is_native) return failure(invocation, printed.error().message);
  fmt::print(stderr, "Error occurred: {}\n", printed.error().message);
  return 1;
}

}  // namespace

Command offsets_command() {
  return {.name = "offsets",
          .script_name = "kafka-get-offsets",
          .summary = "Print the first, last or another offset of partitions.",
          .verbs = {},
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_offsets,
          .section = Section::kRecords,
          .prints_data = true,
          .misuse_prefix = "Error occurred: "};
}

}  // namespace odradek::cli
