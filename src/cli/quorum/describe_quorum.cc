// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/quorum/quorum_actions.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_quorum.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Response = wire::DescribeQuorumResponse;
using Replica = Response::ReplicaState;
using Partition = Response::PartitionData;

struct Quorum {
  Response answer;
  const Partition* partition = nullptr;
  const Replica* leader = nullptr;
};

base::Result<Quorum> describe_quorum(Admin& admin) {
  wire::DescribeQuorumRequest request;
  auto& topic = request.topics.emplace_back();
  topic.topic_name = "__cluster_metadata";
  topic.partitions.emplace_back();
  auto answer = admin.ask_controller<Response>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, answer->error_message));
  }
  Quorum quorum;
  quorum.answer = *std::move(answer);
  if (quorum.answer.topics.empty() || quorum.answer.topics[0].partitions.empty()) {
    return base::fail(ErrorCode::kUnknownServerError, "The answer names no quorum");
  }
  quorum.partition = &quorum.answer.topics[0].partitions[0];
  if (quorum.partition->error_code != ErrorCode::kNone) {
    return base::fail(quorum.partition->error_code,
                      error_text(quorum.partition->error_code, quorum.partition->error_message));
  }
  const auto& voters = quorum.partition->current_voters;
  const auto leader = std::ranges::find(voters, quorum.partition->leader_id, &Replica::replica_id);
  if (leader == voters.end()) {
    return base::fail(ErrorCode::kLeaderNotAvailable, "No value present");
  }
  quorum.leader = &*leader;
  return quorum;
}

// "CONTROLLER://127.0.0.1:9093"
std::vector<std::string> endpoints_of(const Quorum& quorum, base::BrokerId node) {
  std::vector<std::string> endpoints;
  for (const auto& known : quorum.answer.nodes) {
    if (known.node_id != node) continue;
    for (const auto& listener : known.listeners) {
      const bool is_bracketed = listener.host.find(':') != std::string::npos;
      endpoints.push_back(fmt::format("{}://{}{}{}:{}", listener.name, is_bracketed ? "[" : "",
                                      listener.host, is_bracketed ? "]" : "", listener.port));
    }
  }
  return endpoints;
}

std::string replicas_text(const Quorum& quorum, const std::vector<Replica>& replicas) {
  std::vector<std::string> texts;
  for (const Replica& replica : replicas) {
    std::string text = fmt::format("{{\"id\": {}", replica.replica_id.value());
    if (!replica.replica_directory_id.is_zero()) {
      text += fmt::format(", \"directoryId\": \"{}\"", replica.replica_directory_id.to_string());
    }
    const auto endpoints = endpoints_of(quorum, replica.replica_id);
    if (!endpoints.empty()) {
      text += fmt::format(", \"endpoints\": [\"{}\"]", fmt::join(endpoints, "\", \""));
    }
    texts.push_back(text + '}');
  }
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

List replica_list(const Quorum& quorum, const std::vector<Replica>& replicas) {
  List list;
  for (const Replica& replica : replicas) {
    const auto endpoints = endpoints_of(quorum, replica.replica_id);
    list.push_back(Object{{"id", replica.replica_id.value()},
                          {"directory_id", replica.replica_directory_id.to_string()},
                          {"endpoints", List(endpoints.begin(), endpoints.end())}});
  }
  return list;
}

struct Lag {
  std::int64_t records = 0;
  std::int64_t time_ms = 0;  // -1: nobody knows
};

// Of the voter that is furthest behind.
Lag greatest_lag(const Quorum& quorum) {
  const auto& voters = quorum.partition->current_voters;
  const Replica& last = *std::ranges::min_element(
      voters, {}, [](const Replica& replica) { return replica.log_end_offset; });
  Lag lag{quorum.leader->log_end_offset.value() - last.log_end_offset.value(), 0};
  if (&last == quorum.leader) return lag;
  const auto caught_up = last.last_caught_up_timestamp;
  const auto now = quorum.leader->last_caught_up_timestamp;
  lag.time_ms = caught_up < 0 || now < 0 ? -1 : now - caught_up;
  return lag;
}

struct Row {
  const Replica* replica;
  std::string_view status;
};

std::vector<Row> rows_of(const Quorum& quorum) {
  std::vector<Row> rows = {{quorum.leader, "Leader"}};
  for (const Replica& voter : quorum.partition->current_voters) {
    if (&voter != quorum.leader) rows.push_back({&voter, "Follower"});
  }
  for (const Replica& observer : quorum.partition->observers)
    rows.push_back({&observer, "Observer"});
  return rows;
}

std::string time_text(std::int64_t time_ms, const Invocation& invocation, Admin& admin) {
  if (time_ms < 0) return "-1";
  if (!invocation.flags.has("human-readable")) return std::to_string(time_ms);
  return fmt::format("{} ms ago", admin.world().clock().wall().value() - time_ms);
}

// Columns as wide as what is in them, each followed by a tab.
void print_tabbed(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) fmt::print("{:<{}}\t", row[i], widths[i]);
    fmt::print("\n");
  }
}

}  // namespace

base::Result<> print_quorum_status(const Invocation& invocation, Admin& admin) {
  auto cluster = admin.ask<wire::DescribeClusterResponse>(wire::DescribeClusterRequest());
  if (!cluster) return base::fail(std::move(cluster));
  auto quorum = describe_quorum(admin);
  if (!quorum) return base::fail(std::move(quorum));
  const Partition& partition = *quorum->partition;
  const Lag lag = greatest_lag(*quorum);
  if (invocation.is_native) {
    Output(invocation.output)
        .print(
            Document{.facts = {{"cluster_id", cluster->cluster_id},
                               {"leader_id", partition.leader_id.value()},
                               {"leader_epoch", partition.leader_epoch.value()},
                               {"high_watermark", partition.high_watermark.value()},
                               {"max_follower_lag", lag.records},
                               {"max_follower_lag_time_ms", lag.time_ms},
                               {"current_voters", replica_list(*quorum, partition.current_voters)},
                               {"current_observers", replica_list(*quorum, partition.observers)}},
                     .tables = {}});
    return {};
  }
  const auto print = [](std::string_view name, const auto& value) {
    fmt::print("{:<23} {}\n", fmt::format("{}:", name), value);
  };
  print("ClusterId", cluster->cluster_id);
  print("LeaderId", partition.leader_id.value());
  print("LeaderEpoch", partition.leader_epoch.value());
  print("HighWatermark", partition.high_watermark.value());
  print("MaxFollowerLag", lag.records);
  print("MaxFollowerLagTimeMs", lag.time_ms);
  print("CurrentVoters", replicas_text(*quorum, partition.current_voters));
  print("CurrentObservers", replicas_text(*quorum, partition.observers));
  return {};
}

base::Result<> print_quorum_replication(const Invocation& invocation, Admin& admin) {
  auto quorum = describe_quorum(admin);
  if (!quorum) return base::fail(std::move(quorum));
  Table table{.columns = {{"node_id"},
                          {"directory_id"},
                          {"log_end_offset"},
                          {"lag"},
                          {"last_fetch_timestamp"},
                          {"last_caught_up_timestamp"},
                          {"status"}},
              .rows = {}};
  std::vector<std::vector<std::string>> texts = {{"NodeId", "DirectoryId", "LogEndOffset", "Lag",
                                                  "LastFetchTimestamp", "LastCaughtUpTimestamp",
                                                  "Status"}};
  for (const auto& [replica, status] : rows_of(*quorum)) {
    const std::int64_t lag =
        quorum->leader->log_end_offset.value() - replica->log_end_offset.value();
    const auto fetched = time_text(replica->last_fetch_timestamp, invocation, admin);
    const auto caught_up = time_text(replica->last_caught_up_timestamp, invocation, admin);
    const auto directory = replica->replica_directory_id.to_string();
    texts.push_back({std::to_string(replica->replica_id.value()), directory,
                     std::to_string(replica->log_end_offset.value()), std::to_string(lag), fetched,
                     caught_up, std::string(status)});
    table.rows.push_back({replica->replica_id.value(),
                          directory,
                          replica->log_end_offset.value(),
                          {lag, lag == 0 ? Tone::kGood : Tone::kWarning},
                          fetched,
                          caught_up,
                          status});
  }
  if (invocation.is_native) {
    Output(invocation.output).print(table);
  } else {
    print_tabbed(texts);
  }
  return {};
}

}  // namespace odradek::cli
