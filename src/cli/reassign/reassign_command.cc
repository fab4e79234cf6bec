// SPDX-License-Identifier: Apache-2.0
#include "cli/reassign/reassign_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/reassign/reassignments.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kBootstrapControllerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the reassignments that run."},
    FlagSpec{"generate", kNone, "", "Propose replicas on --broker-list for topics."},
    FlagSpec{"execute", kNone, "", "Start what --reassignment-json-file says."},
    FlagSpec{"verify", kNone, "", "Say how far what --reassignment-json-file says is."},
    FlagSpec{"cancel", kNone, "", "End what --reassignment-json-file says where it runs."},
    FlagSpec{"reassignment-json-file", kRequired, "file",
             "Replicas, as {\"partitions\": [{\"topic\": \"foo\", \"partition\": 1, \"replicas\": "
             "[1,2], \"log_dirs\": [\"/data/a\", \"any\"]}], \"version\": 1}."},
    FlagSpec{"topics-to-move-json-file", kRequired, "file",
             "Topics, as {\"topics\": [{\"topic\": \"foo\"}], \"version\": 1}."},
    FlagSpec{"broker-list", kRequired, "id,...", "The brokers to spread replicas over."},
    FlagSpec{"disable-rack-aware", kNone, "", "Do not look at the brokers' racks."},
    FlagSpec{"throttle", kRequired, "bytes/s",
             "Set the rate of replication between brokers first."},
    FlagSpec{"replica-alter-log-dirs-throttle", kRequired, "bytes/s",
             "Set the rate of moves between log directories first."},
    FlagSpec{"timeout", kRequired, "ms", "How long to wait for moves between directories."},
    FlagSpec{"additional", kNone, "", "Start it beside reassignments that run."},
    FlagSpec{"preserve-throttles", kNone, "", "Leave throttles as they are."},
    FlagSpec{"disallow-replication-factor-change", kNone, "",
             "Refuse what changes how many replicas a partition has."},
};
constexpr std::array<std::string_view, 5> kVerbs = {"generate", "execute", "verify", "cancel",
                                                    "list"};
constexpr std::string_view kExamples =
    "  odradek reassign list\n"
    "  odradek reassign verify --reassignment-json-file plan.json\n"
    "  kafka-reassign-partitions --bootstrap-server 127.0.0.1:9092 --list\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse(
        "Command must include exactly one action: --generate, --execute, --verify, --cancel, "
        "--list");
  }
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse("Please don't specify both --bootstrap-server and --bootstrap-controller");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse("Please specify either --bootstrap-server or --bootstrap-controller");
  }
  if (flags.has("generate")) return require(flags, {"topics-to-move-json-file", "broker-list"});
  if (flags.has("list")) return {};
  return require(flags, {"reassignment-json-file"});
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

base::Result<std::string> read(const std::string& path) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  return world.disk().read_file(path);
}

base::Result<Plan> plan_of(const Flags& flags) {
  const auto text = read(*flags.value("reassignment-json-file"));
  if (!text) return base::fail(text.error());
  return parse_plan(*text);
}

std::set<std::string> topics_of(const Assignment& assignment) {
  std::set<std::string> topics;
  for (const auto& [partition, replicas] : assignment) topics.insert(partition.topic);
  return topics;
}

template <typename Partitions>
std::string names_of(const Partitions& partitions) {
  std::string names;
  for (const auto& [partition, ignored] : partitions) {
    names += (names.empty() ? "" : ",") + partition.to_string();
  }
  return names;
}

bool is_json(const Invocation& invocation) {
  return invocation.is_native && invocation.output.form == OutputForm::kJson;
}

Value ids_of(const Replicas& replicas) {
  List ids;
  for (const base::BrokerId replica : replicas) ids.emplace_back(replica.value());
  return ids;
}

// As the files of this tool have it, without log directories.
Value as_value(const Assignment& assignment) {
  List partitions;
  for (const auto& [partition, replicas] : assignment) {
    partitions.push_back(Object{{"topic", partition.topic},
                                {"partition", partition.partition},
                                {"replicas", ids_of(replicas)}});
  }
  return Object{{"version", 1}, {"partitions", std::move(partitions)}};
}

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

// As Kafka's tool ends: throttles that an execution set are taken back.
base::Result<> clear_throttles(const Invocation& invocation, Admin& admin,
                               const Assignment& target) {
  const bool is_silent = is_json(invocation);
  if (invocation.flags.has("preserve-throttles")) return {};
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  std::set<base::BrokerId> brokers;
  for (const auto& [broker, address] : (*cluster)->brokers) brokers.insert(broker);
  for (const auto& [partition, replicas] : target) brokers.insert(replicas.begin(), replicas.end());
  if (!is_silent) {
    fmt::print("Clearing broker-level throttles on broker{} {}\n", brokers.size() == 1 ? "" : "s",
               joined(Replicas(brokers.begin(), brokers.end())));
  }
  if (auto done = clear_broker_throttles(admin, brokers); !done) return done;
  const auto topics = topics_of(target);
  std::string names;
  for (const std::string& topic : topics) names += (names.empty() ? "" : ",") + topic;
  if (!is_silent) {
    fmt::print("Clearing topic-level throttles on topic{} {}\n", topics.size() == 1 ? "" : "s",
               names);
  }
  return clear_topic_throttles(admin, topics);
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

void print_progress(const Invocation& invocation, const std::vector<Standing>& all,
                    const std::vector<LogDirMove>& moves) {
  if (!is_json(invocation)) {
    fmt::print("Status of partition reassignment:\n");
    for (const Standing& standing : all) fmt::print("{}\n", say(standing).second);
    for (const LogDirMove& move : moves) fmt::print("{}\n", move.sentence());
    if (moves.empty()) fmt::print("\n");
    return;
  }
  Table table{.columns = {{"topic"}, {"partition"}, {"status"}, {"replicas"}, {"target"}},
              .rows = {}};
  for (const Standing& standing : all) {
    const auto& [partition, now, target, is_running] = standing;
    table.rows.push_back(
        {partition.topic, partition.partition, say(standing).first, ids_of(now), ids_of(target)});
  }
  Output(invocation.output).print(table);
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
  if (!log_dirs) return base::fail(log_dirs.error());
  if (!is_json(invocation)) {
    fmt::print(
        "Current partition replica assignment\n\n{}\n\nSave this to use as the "
        "--reassignment-json-file option during rollback\n",
        assignment_json(*current, *log_dirs));
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

base::Result<Replicas> parse_brokers(std::string_view list, const Admin::Cluster& cluster) {
  Replicas brokers;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (error != std::errc() || end != part.data() + part.size()) {
      return misuse(fmt::format("For input string: \"{}\"", part));
    }
    if (!cluster.brokers.contains(base::BrokerId(id))) {
      return misuse(fmt::format("Unknown broker id {}", id));
    }
    if (std::ranges::count(brokers, base::BrokerId(id)) > 0) {
      return misuse(fmt::format("Broker list contains duplicate entries: [{}]", id));
    }
    brokers.push_back(base::BrokerId(id));
  }
  return brokers;
}

base::Result<> generate(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const auto text = read(*flags.value("topics-to-move-json-file"));
  if (!text) return base::fail(text.error());
  const auto topics = parse_topics(*text);
  if (!topics) return base::fail(topics.error());
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto brokers = parse_brokers(*flags.value("broker-list"), **cluster);
  if (!brokers) return base::fail(brokers.error());
  const auto current =
      current_assignment(admin, std::set<std::string>(topics->begin(), topics->end()));
  if (!current) return base::fail(current.error());
  Assignment proposed;
  std::size_t next = 0;
  for (const auto& [partition, replicas] : *current) {
    if (replicas.size() > brokers->size()) {
      return misuse(
          fmt::format("The target replication factor of {} cannot be reached because "
                      "only {} broker(s) are registered.",
                      replicas.size(), brokers->size()));
    }
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      proposed[partition].push_back((*brokers)[(next + i) % brokers->size()]);
    }
    ++next;
  }
  if (is_json(invocation)) {
    Output(invocation.output)
        .print(
            Document{.facts = {{"current", as_value(*current)}, {"proposed", as_value(proposed)}}});
    return {};
  }
  const auto log_dirs = replica_log_dirs(admin, *current);
  if (!log_dirs) return base::fail(log_dirs.error());
  fmt::print("Current partition replica assignment\n{}\n\n", assignment_json(*current, *log_dirs));
  fmt::print("Proposed partition reassignment configuration\n{}\n", assignment_json(proposed, {}));
  return {};
}

base::Result<> act(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  if (flags.has("list")) return list(invocation, admin);
  if (flags.has("verify")) return verify(invocation, admin);
  if (flags.has("execute")) return execute(invocation, admin);
  return flags.has("cancel") ? cancel(invocation, admin) : generate(invocation, admin);
}

int run_reassign(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "listPartitionReassignments");
  const auto done = admin ? act(invocation, **admin) : base::fail(std::move(admin));
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  const bool is_plain = done.error().message.starts_with("Error ") ||
                        done.error().message.starts_with("Cannot execute") ||
                        done.error().message.starts_with("Timed out before");
  fmt::print("{}{}\n", is_plain ? "" : "Error: ", done.error().message);
  return 1;
}

}  // namespace

Command reassign_command() {
  return {.name = "reassign",
          .script_name = "kafka-reassign-partitions",
          .summary = "Move partitions to other replicas; list, verify and cancel that.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_reassign,
          .section = Section::kCluster,
          .prints_data = true};
}

}  // namespace odradek::cli
