// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <charconv>
#include <chrono>
#include <string_view>

#include "cli/admin/admin.h"
#include "cli/flag_checks.h"
#include "cli/reassign/reassign_actions.h"

namespace odradek::cli::reassign {
namespace {

template <typename Partitions>
std::string names_of(const Partitions& partitions) {
  std::string names;
  for (const auto& [partition, ignored] : partitions) {
    names += (names.empty() ? "" : ",") + partition.to_string();
  }
  return names;
}

// Nothing where the flag is not given, or less than 0.
base::Result<std::optional<std::int64_t>> whole_number(const Flags& flags, std::string_view name) {
  const auto text = flags.value(name);
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size()) {
    return misuse(fmt::format("Cannot parse argument '{}' of option {}", *text, name));
  }
  if (number < 0) return std::nullopt;
  return number;
}

// For replicas that are on their way to a broker: only there can they be moved.
base::Result<std::chrono::milliseconds> timeout_of(const Flags& flags) {
  constexpr std::int64_t kDefaultMs = 10'000;
  const auto given = whole_number(flags, "timeout");
  if (!given) return base::fail(given.error());
  return std::chrono::milliseconds(given->value_or(kDefaultMs));
}

// What --throttle and --replica-alter-log-dirs-throttle ask for.
base::Result<> set_throttles(const Invocation& invocation, Admin& admin, const Plan& plan,
                             const std::map<base::TopicPartition, Reassignment>& running,
                             const Assignment& current) {
  const auto of_brokers = whole_number(invocation.flags, "throttle");
  if (!of_brokers) return base::fail(of_brokers.error());
  const auto of_directories = whole_number(invocation.flags, "replica-alter-log-dirs-throttle");
  if (!of_directories) return base::fail(of_directories.error());
  if (!*of_brokers && !*of_directories) return {};
  const bool is_silent = is_json(invocation);
  if (!is_silent) {
    fmt::print(
        "Warning: You must run --verify periodically, until the reassignment completes, to ensure "
        "the throttle is removed.\n");
  }
  if (*of_brokers) {
    auto done = set_replication_throttle(admin, running, current, plan.assignment, **of_brokers);
    if (!done) return done;
    if (!is_silent) fmt::print("The inter-broker throttle limit was set to {} B/s\n", **of_brokers);
  }
  if (!*of_directories) return {};
  std::set<base::BrokerId> brokers;
  for (const auto& [replica, directory] : plan.directories) brokers.insert(replica.broker);
  if (auto done = set_log_dirs_throttle(admin, brokers, **of_directories); !done) return done;
  if (!is_silent) {
    fmt::print("The replica-alter-dir throttle limit was set to {} B/s\n", **of_directories);
  }
  return {};
}

base::Result<> move_replicas(const Invocation& invocation, Admin& admin,
                             const ReplicaDirectories& directories) {
  if (directories.empty()) return {};
  const auto timeout = timeout_of(invocation.flags);
  if (!timeout) return base::fail(timeout.error());
  const bool is_silent = is_json(invocation);
  return start_log_dir_moves(
      admin, directories, *timeout, [&](const Replica& replica, const std::string& directory) {
        if (is_silent) return;
        fmt::print(
            "Successfully started moving log directory to {} for replica {} with broker {} \n",
            directory, replica.partition.to_string(), replica.broker.value());
      });
}

// What was ended, and, where that is so, that no move between directories was.
void print_cancelled(const Invocation& invocation,
                     const std::map<base::TopicPartition, std::optional<Replicas>>& ended,
                     bool has_moves) {
  std::string text = "None of the specified partition reassignments are active.";
  if (!ended.empty()) {
    text = fmt::format("Successfully cancelled partition reassignment{} for: {}",
                       ended.size() == 1 ? "" : "s", names_of(ended));
  }
  if (!is_json(invocation)) {
    fmt::print("{}\n{}", text,
               has_moves ? "" : "None of the specified partition moves are active.");
    return;
  }
  List names;
  for (const auto& [partition, ignored] : ended) names.emplace_back(partition.to_string());
  Output(invocation.output)
      .print(Message{.text = text, .fields = {{"cancelled", std::move(names)}}});
}

}  // namespace

base::Result<> execute(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const auto plan = plan_of(flags);
  if (!plan) return base::fail(plan.error());
  const Assignment* const target = &plan->assignment;
  const auto running = running_reassignments(admin);
  if (!running) return base::fail(running.error());
  if (!flags.has("additional") && !running->empty()) {
    return base::fail(base::ErrorCode::kReassignmentInProgress,
                      "Cannot execute because there is an existing partition assignment.  Use "
                      "--additional to override this and create a new partition assignment in "
                      "addition to the existing one.");
  }
  auto current = current_assignment(admin, topics_of(*target));
  if (!current) return base::fail(std::move(current));
  std::erase_if(*current, [&](const auto& entry) { return !target->contains(entry.first); });
  const auto log_dirs = replica_log_dirs(admin, *current);
  if (!is_json(invocation)) {
    fmt::print(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the "
        "--reassignment-json-file option during rollback\n",
        assignment_json(*current, log_dirs));
  }
  auto throttled = set_throttles(invocation, admin, *plan, *running, *current);
  if (!throttled) return throttled;
  std::map<base::TopicPartition, std::optional<Replicas>> changes(target->begin(), target->end());
  const auto errors =
      alter_reassignments(admin, changes, !flags.has("disallow-replication-factor-change"));
  if (!errors) return base::fail(errors.error());
  if (errors->empty()) {
    const std::string text = fmt::format("Successfully started partition reassignment{} for {}",
                                         target->size() == 1 ? "" : "s", names_of(*target));
    if (is_json(invocation)) {
      Output(invocation.output)
          .print(
              Message{.text = text,
                      .fields = {{"before", as_value(*current)}, {"started", as_value(*target)}}});
    } else {
      fmt::print("{}\n", text);
    }
    return move_replicas(invocation, admin, plan->directories);
  }
  std::string text = "Error reassigning partition(s):";
  for (const auto& [partition, reason] : *errors) {
    text += fmt::format("\n{}: {}", partition.to_string(), reason);
  }
  return base::fail(base::ErrorCode::kInvalidReplicaAssignment, text);
}

base::Result<> cancel(const Invocation& invocation, Admin& admin) {
  const auto plan = plan_of(invocation.flags);
  if (!plan) return base::fail(plan.error());
  const Assignment* const target = &plan->assignment;
  const auto running = running_reassignments(admin);
  if (!running) return base::fail(running.error());
  std::map<base::TopicPartition, std::optional<Replicas>> changes;
  for (const auto& [partition, replicas] : *target) {
    if (running->contains(partition)) changes[partition] = std::nullopt;
  }
  std::map<base::TopicPartition, std::string> errors;
  if (!changes.empty()) {
    auto altered = alter_reassignments(admin, changes, true);
    if (!altered) return base::fail(std::move(altered));
    errors = *std::move(altered);
  }
  if (errors.empty()) {
    const auto moves = find_log_dir_moves(admin, plan->directories);
    if (!moves) return base::fail(moves.error());
    // Back to where they lie: that calls a move off.
    ReplicaDirectories back;
    for (const LogDirMove& move : *moves) {
      if (move.is_active()) back[move.replica] = *move.current;
    }
    print_cancelled(invocation, changes, !back.empty());
    if (auto done = move_replicas(invocation, admin, back); !done) return done;
    return clear_throttles(invocation, admin, *target);
  }
  std::string text = "Error cancelling partition reassignment(s) for:";
  for (const auto& [partition, reason] : errors) {
    text += fmt::format("\n{}: {}", partition.to_string(), reason);
  }
  return base::fail(base::ErrorCode::kInvalidRequest, text);
}

}  // namespace odradek::cli::reassign
