// SPDX-License-Identifier: Apache-2.0
#include "cli/reassign/log_dir_moves.h"

#include <fmt/core.h>

#include <set>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "wire/messages/alter_replica_log_dirs.h"
#include "wire/messages/describe_log_dirs.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using wire::AlterReplicaLogDirsRequest;

constexpr std::chrono::milliseconds kPause(100);

AlterReplicaLogDirsRequest request_for(base::BrokerId broker, const ReplicaDirectories& moves) {
  std::map<std::string, std::map<std::string, std::vector<std::int32_t>>> wanted;
  for (const auto& [replica, directory] : moves) {
    if (replica.broker != broker) continue;
    wanted[directory][replica.partition.topic].push_back(replica.partition.partition);
  }
  AlterReplicaLogDirsRequest request;
  for (const auto& [directory, topics] : wanted) {
    auto& dir = request.dirs.emplace_back();
    dir.path = directory;
    for (const auto& [topic, partitions] : topics) dir.topics.push_back({topic, partitions});
  }
  return request;
}

std::set<base::BrokerId> brokers_of(const ReplicaDirectories& moves) {
  std::set<base::BrokerId> brokers;
  for (const auto& [replica, directory] : moves) brokers.insert(replica.broker);
  return brokers;
}

base::Result<std::vector<Replica>> start_on(Admin& admin, base::BrokerId broker,
                                            const ReplicaDirectories& moves) {
  auto answer = admin.ask<wire::AlterReplicaLogDirsResponse>(broker, request_for(broker, moves));
  if (!answer) return base::fail(std::move(answer));
  std::vector<Replica> started;
  for (const auto& topic : answer->results) {
    for (const auto& partition : topic.partitions) {
      const Replica replica{broker, {topic.topic_name, partition.partition_index}};
      if (partition.error_code == ErrorCode::kReplicaNotAvailable) continue;
      if (partition.error_code != ErrorCode::kNone) {
        return base::fail(partition.error_code,
                          fmt::format("Failed to alter dir for {}: {}", replica.to_string(),
                                      error_text(partition.error_code, std::nullopt)));
      }
      started.push_back(replica);
    }
  }
  return started;
}

}  // namespace

std::string Replica::to_string() const {
  return fmt::format("{}-{}", partition.to_string(), broker.value());
}

std::string LogDirMove::status() const {
  if (!current) return "not_found";
  if (future) return *future == target ? "in_progress" : "differs";
  return *current == target ? "completed" : "differs";
}

std::string LogDirMove::sentence() const {
  const std::string where = fmt::format("Partition {} on broker {}", replica.partition.to_string(),
                                        replica.broker.value());
  if (!current) {
    return fmt::format(
        "Partition {} is not found in any live log dir on broker {}. There is likely an offline "
        "log directory on the broker.",
        replica.partition.to_string(), replica.broker.value());
  }
  if (future && *future == target) {
    return fmt::format("Reassignment of replica {} is still in progress.", replica.to_string());
  }
  if (future) {
    return fmt::format("{} is being moved to log dir {} instead of {}.", where, *future, target);
  }
  if (*current == target) {
    return fmt::format("Reassignment of replica {} completed successfully.", replica.to_string());
  }
  return fmt::format("{} is not being moved from log dir {} to {}.", where, *current, target);
}

base::Result<std::vector<LogDirMove>> find_log_dir_moves(Admin& admin,
                                                         const ReplicaDirectories& targets) {
  std::map<Replica, LogDirMove> moves;
  for (const auto& [replica, target] : targets) {
    moves[replica] = {.replica = replica, .target = target, .current = {}, .future = {}};
  }
  for (const base::BrokerId broker : brokers_of(targets)) {
    wire::DescribeLogDirsRequest request;
    request.topics.reset();
    auto answer = admin.ask<wire::DescribeLogDirsResponse>(broker, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    for (const auto& directory : answer->results) {
      for (const auto& topic : directory.topics) {
        for (const auto& partition : topic.partitions) {
          const auto found = moves.find({broker, {topic.name, partition.partition_index}});
          if (found == moves.end()) continue;
          auto& place = partition.is_future_key ? found->second.future : found->second.current;
          place = directory.log_dir;
        }
      }
    }
  }
  std::vector<LogDirMove> all;
  for (auto& [replica, move] : moves) all.push_back(std::move(move));
  return all;
}

base::Result<> start_log_dir_moves(
    Admin& admin, ReplicaDirectories moves, std::chrono::milliseconds timeout,
    const std::function<void(const Replica&, const std::string&)>& on_started) {
  for (std::chrono::milliseconds waited(0);; waited += kPause) {
    for (const base::BrokerId broker : brokers_of(moves)) {
      const auto started = start_on(admin, broker, moves);
      if (!started) return base::fail(started.error());
      for (const Replica& replica : *started) {
        on_started(replica, moves[replica]);
        moves.erase(replica);
      }
    }
    if (moves.empty()) return {};
    if (waited >= timeout) break;
    admin.pause(kPause);
  }
  std::string names;
  for (const auto& [replica, directory] : moves) {
    names += (names.empty() ? "" : ",") + replica.to_string();
  }
  return base::fail(ErrorCode::kReplicaNotAvailable,
                    fmt::format("Timed out before log directory move{} could be started for: {}",
                                moves.size() == 1 ? "" : "s", names));
}

}  // namespace odradek::cli
