// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/admin/admin.h"
#include "cli/reassign/reassign_actions.h"

namespace odradek::cli::reassign {
namespace {

void print_running(const Invocation& invocation,
                   const std::map<base::TopicPartition, Reassignment>& running) {
  Table table{.columns = {{"topic"}, {"partition"}, {"replicas"}, {"adding"}, {"removing"}},
              .rows = {}};
  for (const auto& [partition, reassignment] : running) {
    table.rows.push_back({partition.topic, partition.partition, ids_of(reassignment.replicas),
                          ids_of(reassignment.adding), ids_of(reassignment.removing)});
  }
  Output(invocation.output).print(table);
}

struct Standing {
  base::TopicPartition partition;
  Replicas now;
  Replicas target;
  bool is_running = false;
};

std::pair<std::string_view, std::string> say(const Standing& standing) {
  const auto& [partition, now, target, is_running] = standing;
  const std::string name = partition.to_string();
  if (is_running) {
    return {"in_progress", fmt::format("Reassignment of partition {} is still in progress.", name)};
  }
  if (now == target) {
    return {"completed", fmt::format("Reassignment of partition {} is completed.", name)};
  }
  return {"differs",
          fmt::format("There is no active reassignment of partition {}, but replica set is {} "
                      "rather than {}.",
                      name, joined(now), joined(target))};
}

// Of its replicas that are to lie in another log directory.
Value as_value(const base::TopicPartition& partition, const std::vector<LogDirMove>& moves) {
  List of_partition;
  for (const LogDirMove& move : moves) {
    if (move.replica.partition != partition) continue;
    of_partition.push_back(Object{{"broker", move.replica.broker.value()},
                                  {"status", move.status()},
                                  {"current", move.current},
                                  {"future", move.future},
                                  {"target", move.target}});
  }
  return of_partition;
}

void print_progress(const Invocation& invocation, const std::vector<Standing>& all,
                    const std::vector<LogDirMove>& moves) {
  if (!is_json(invocation)) {
    fmt::print("Status of partition reassignment:\n");
    for (const Standing& standing : all) fmt::print("{}\n", say(standing).second);
    for (const LogDirMove& move : moves) fmt::print("{}\n", move.sentence());
    if (moves.empty()) fmt::print("\n");
    return;
  }
  Table table{
      .columns = {{"topic"}, {"partition"}, {"status"}, {"replicas"}, {"target"}, {"log_dirs"}},
      .rows = {}};
  for (const Standing& standing : all) {
    const auto& [partition, now, target, is_running] = standing;
    table.rows.push_back({partition.topic, partition.partition, say(standing).first, ids_of(now),
                          ids_of(target), as_value(partition, moves)});
  }
  Output(invocation.output).print(table);
}

}  // namespace

base::Result<> list(const Invocation& invocation, Admin& admin) {
  const auto running = running_reassignments(admin);
  if (!running) return base::fail(running.error());
  if (is_json(invocation)) {
    print_running(invocation, *running);
    return {};
  }
  if (running->empty()) {
    fmt::print("No partition reassignments found.\n");
    return {};
  }
  fmt::print("Current partition reassignments:\n");
  for (const auto& [partition, reassignment] : *running) {
    fmt::print("{}: replicas: {}.", partition.to_string(), joined(reassignment.replicas));
    if (!reassignment.adding.empty()) fmt::print(" adding: {}.", joined(reassignment.adding));
    if (!reassignment.removing.empty()) fmt::print(" removing: {}.", joined(reassignment.removing));
    fmt::print("\n");
  }
  return {};
}

base::Result<> verify(const Invocation& invocation, Admin& admin) {
  const auto plan = plan_of(invocation.flags);
  if (!plan) return base::fail(plan.error());
  const auto running = running_reassignments(admin);
  if (!running) return base::fail(running.error());
  const auto current = current_assignment(admin, topics_of(plan->assignment));
  if (!current) return base::fail(current.error());
  std::vector<Standing> all;
  for (const auto& [partition, replicas] : plan->assignment) {
    const auto found = current->find(partition);
    all.push_back({partition, found == current->end() ? Replicas() : found->second, replicas,
                   running->contains(partition)});
  }
  const auto moves = find_log_dir_moves(admin, plan->directories);
  if (!moves) return base::fail(moves.error());
  print_progress(invocation, all, *moves);
  if (!running->empty() || !std::ranges::all_of(*moves, &LogDirMove::is_done)) return {};
  return clear_throttles(invocation, admin, plan->assignment);
}

}  // namespace odradek::cli::reassign
