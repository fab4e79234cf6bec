// SPDX-License-Identifier: Apache-2.0
#include "cli/log_dirs/log_dirs_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "wire/json.h"
#include "wire/messages/describe_log_dirs.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection."},
    FlagSpec{"describe", kNone, "", "Print what lies in the log directories."},
    FlagSpec{"topic-list", kRequired, "topic,...", "Only these topics.", 't'},
    FlagSpec{"broker-list", kRequired, "id,...", "Only these brokers."},
};

constexpr std::array<std::string_view, 1> kVerbs = {"describe"};

constexpr std::string_view kExamples =
    "  odradek log-dirs describe orders\n"
    "  odradek log-dirs --output json\n"
    "  kafka-log-dirs --bootstrap-server 127.0.0.1:9092 --describe --topic-list orders\n";

using Directories = std::vector<wire::DescribeLogDirsResponse::DescribeLogDirsResult>;
using Brokers = std::map<base::BrokerId, Directories>;

// The parts between commas that are not empty.
std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) parts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

base::Result<std::set<base::BrokerId>> parse_brokers(std::string_view list) {
  std::set<base::BrokerId> brokers;
  for (const std::string& part : parts_of(list)) {
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (error != std::errc() || end != part.data() + part.size()) {
      return misuse(fmt::format("For input string: \"{}\"", part));
    }
    brokers.insert(base::BrokerId(id));
  }
  return brokers;
}

std::string joined(const std::set<base::BrokerId>& brokers) {
  std::string out;
  for (const base::BrokerId broker : brokers) {
    out += fmt::format("{}{}", out.empty() ? "" : ",", broker.value());
  }
  return out;
}

// Those that were asked for; an error where one is not there.
base::Result<std::set<base::BrokerId>> choose_brokers(Admin& admin, std::string_view list) {
  auto asked = parse_brokers(list);
  if (!asked) return asked;
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  std::set<base::BrokerId> known;
  for (const auto& [broker, address] : (*cluster)->brokers) known.insert(broker);
  if (asked->empty()) return known;
  std::set<base::BrokerId> missing;
  std::ranges::set_difference(*asked, known, std::inserter(missing, missing.end()));
  if (missing.empty()) return asked;
  return misuse(
      fmt::format("ERROR: The given brokers do not exist from --broker-list: {}. Current existent "
                  "brokers: {}",
                  joined(missing), joined(known)));
}

base::Result<Brokers> describe(Admin& admin, const std::set<base::BrokerId>& brokers,
                               const std::set<std::string>& topics) {
  Brokers described;
  for (const base::BrokerId broker : brokers) {
    wire::DescribeLogDirsRequest request;
    request.topics.reset();
    auto answer = admin.ask<wire::DescribeLogDirsResponse>(broker, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code != base::ErrorCode::kNone) {
      return base::fail(answer->error_code,
                        fmt::format("{}: {}", java_exception(answer->error_code),
                                    error_text(answer->error_code, std::nullopt)));
    }
    for (auto& directory : answer->results) {
      std::erase_if(directory.topics, [&](const auto& topic) {
        return !topics.empty() && !topics.contains(topic.name);
      });
    }
    described[broker] = std::move(answer->results);
  }
  return described;
}

template <typename Topic>
std::string partitions_json(const std::vector<Topic>& topics) {
  std::string out;
  for (const Topic& topic : topics) {
    for (const auto& partition : topic.partitions) {
      out += fmt::format(
          R"({}{{"partition":{},"size":{},"offsetLag":{},"isFuture":{}}})", out.empty() ? "" : ",",
          wire::json_string(fmt::format("{}-{}", topic.name, partition.partition_index)),
          partition.partition_size, partition.offset_lag, partition.is_future_key);
    }
  }
  return out;
}

// As Kafka's tool writes it, members in the order of its hash tables.
std::string json_of(const Brokers& brokers) {
  std::string out;
  for (const auto& [broker, directories] : brokers) {
    std::string list;
    for (const auto& directory : directories) {
      const std::string error = directory.error_code == base::ErrorCode::kNone
                                    ? "null"
                                    : wire::json_string(java_exception(directory.error_code));
      list += fmt::format(R"({}{{"partitions":[{}],"error":{},"logDir":{}}})",
                          list.empty() ? "" : ",", partitions_json(directory.topics), error,
                          wire::json_string(directory.log_dir));
    }
    out += fmt::format(R"({}{{"broker":{},"logDirs":[{}]}})", out.empty() ? "" : ",",
                       broker.value(), list);
  }
  return fmt::format(R"({{"brokers":[{}],"version":1}})", out);
}

void print(const Invocation& invocation, const Brokers& brokers) {
  Table table{.columns = {{"broker"},
                          {"log_dir"},
                          {"topic"},
                          {"partition"},
                          {"bytes"},
                          {"offset_lag"},
                          {"is_future"},
                          {"error"}},
              .rows = {},
              .when_empty = "No partition lies there."};
  for (const auto& [broker, directories] : brokers) {
    for (const auto& directory : directories) {
      if (directory.error_code != base::ErrorCode::kNone) {
        table.rows.push_back({{broker.value()},
                              {directory.log_dir},
                              {},
                              {},
                              {},
                              {},
                              {},
                              {error_text(directory.error_code, std::nullopt), Tone::kBad}});
      }
      for (const auto& topic : directory.topics) {
        for (const auto& partition : topic.partitions) {
          table.rows.push_back({{broker.value()},
                                {directory.log_dir},
                                {topic.name},
                                {partition.partition_index},
                                {partition.partition_size},
                                {partition.offset_lag},
                                {partition.is_future_key},
                                {}});
        }
      }
    }
  }
  Output(invocation.output).print(table);
}

base::Result<> print_log_dirs(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return base::fail(std::move(admin));
  const auto brokers = choose_brokers(**admin, flags.value_or("broker-list", ""));
  if (!brokers) return base::fail(brokers.error());
  if (!invocation.is_native) fmt::print("Querying brokers for log directories information\n");
  const auto names = parts_of(flags.value_or("topic-list", ""));
  const auto described =
      describe(**admin, *brokers, std::set<std::string>(names.begin(), names.end()));
  if (!described) return base::fail(described.error());
  if (invocation.is_native) {
    print(invocation, *described);
    return {};
  }
  fmt::print("Received log directory information from brokers {}\n{}\n", joined(*brokers),
             json_of(*described));
  return {};
}

int run_log_dirs(const Invocation& invocation) {
  if (!invocation.is_native) {
    const auto complete = require(invocation.flags, {"bootstrap-server", "describe"});
    if (!complete) return usage_error(invocation, complete.error().message);
  }
  const auto printed = print_log_dirs(invocation);
  if (printed) return 0;
  if (invocation.is_native) return failure(invocation, printed.error().message);
  fmt::print(stderr, "{}\n", printed.error().message);
  return 1;
}

}  // namespace

Command log_dirs_command() {
  return {.name = "log-dirs",
          .script_name = "kafka-log-dirs",
          .summary = "Print how much of each partition lies in which log directory.",
          .verbs = kVerbs,
          .subject = "topic-list",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_log_dirs,
          .section = Section::kCluster,
          .prints_data = true};
}

}  // namespace odradek::cli
