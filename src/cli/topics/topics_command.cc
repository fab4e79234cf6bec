// SPDX-License-Identifier: Apache-2.0
#include "cli/topics/topics_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/topics/topic_actions.h"
#include "cli/zookeeper/brokers.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kZookeeperFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the topics."},
    FlagSpec{"create", kNone, "", "Create a topic."},
    FlagSpec{"describe", kNone, "", "Show the partitions and the configuration of topics."},
    FlagSpec{"alter", kNone, "", "Give topics more partitions."},
    FlagSpec{"delete", kNone, "", "Delete topics."},
    FlagSpec{"topic", kRequired, "topic",
             "The topic; but for --create a regular expression, where commas separate "
             "alternatives.",
             't'},
    FlagSpec{"topic-id", kRequired, "id", "Describe the topic with this id."},
    FlagSpec{"partitions", kRequired, "number",
             "How many partitions the topic is to have. More partitions change which one a key "
             "belongs to.",
             'p'},
    FlagSpec{"replication-factor", kRequired, "number", "How many brokers hold each partition.",
             'r'},
    FlagSpec{"replica-assignment", kRequired, "id:id,id:id,...",
             "The brokers of each partition by hand: partitions separated by commas, the replicas "
             "of one by colons, the preferred leader first."},
    FlagSpec{"config", kRequired, "key=value",
             "A setting of the new topic, or with --zookeeper and --alter of one that exists; may "
             "be repeated.",
             'c', true},
    FlagSpec{"delete-config", kRequired, "key", "", '\0', true},
    FlagSpec{"force", kNone, "", ""},
    FlagSpec{"if-exists", kNone, "",
             "A topic that does not exist is no error of --alter, --delete or --describe."},
    FlagSpec{"if-not-exists", kNone, "", "A topic that exists is no error of --create."},
    FlagSpec{"exclude-internal", kNone, "", "Leave Kafka's own topics out."},
    FlagSpec{"under-replicated-partitions", kNone, "",
             "Show only partitions that some of their replicas lag behind in."},
    FlagSpec{"unavailable-partitions", kNone, "", "Show only partitions without a live leader."},
    FlagSpec{"at-min-isr-partitions", kNone, "",
             "Show only partitions with exactly min.insync.replicas replicas in sync."},
    FlagSpec{"under-min-isr-partitions", kNone, "",
             "Show only partitions with fewer than min.insync.replicas replicas in sync."},
    FlagSpec{"topics-with-overrides", kNone, "",
             "Show only topics with a configuration of their own, without partitions."},
    FlagSpec{"partition-size-limit-per-response", kRequired, "number",
             "How many partitions one answer of the server may describe."},
};

constexpr std::array<std::string_view, 5> kVerbs = {"list", "create", "describe", "alter",
                                                    "delete"};
// The actions in the order in which Kafka's tool looks for a flag that does not go with them.
constexpr std::array<std::string_view, 4> kReports = {
    "under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions",
    "unavailable-partitions"};

constexpr std::string_view kExamples =
    "  odradek topics create orders --partitions 6 --config retention.ms=86400000\n"
    "  odradek topics describe orders\n"
    "  odradek topics describe 'orders.*' --under-replicated-partitions\n"
    "  odradek topics alter orders --partitions 12\n"
    "  kafka-topics --bootstrap-server 127.0.0.1:9092 --list --exclude-internal\n"
    "  kafka-topics --zookeeper 127.0.0.1:2181/kafka --list\n";

// The actions that `name` goes with.
struct Rule {
  std::string_view name;
  std::vector<std::string_view> actions;
};

base::Result<> check_actions(const Flags& flags) {
  static const std::vector<Rule> kRules = {
      {"config", {"alter", "create"}},
      {"partitions", {"alter", "create"}},
      {"replication-factor", {"create"}},
      {"replica-assignment", {"alter", "create"}},
      {"under-replicated-partitions", {"describe"}},
      {"under-min-isr-partitions", {"describe"}},
      {"at-min-isr-partitions", {"describe"}},
      {"unavailable-partitions", {"describe"}},
      {"topics-with-overrides", {"describe"}},
      {"if-exists", {"alter", "delete", "describe"}},
      {"if-not-exists", {"create"}},
      {"exclude-internal", {"list", "describe"}},
  };
  for (const Rule& rule : kRules) {
    std::vector<std::string_view> others;
    for (const std::string_view verb : kVerbs) {
      if (std::ranges::count(rule.actions, verb) == 0) others.push_back(verb);
    }
    if (auto ok = exclude(flags, rule.name, others); !ok) return ok;
  }
  return {};
}

base::Result<> check_combinations(const Flags& flags) {
  if (flags.has("create")) {
    constexpr std::array<std::string_view, 2> kCounts = {"partitions", "replication-factor"};
    if (auto ok = exclude(flags, "replica-assignment", kCounts); !ok) return ok;
  }
  constexpr std::array<std::string_view, 1> kOverrides = {"topics-with-overrides"};
  for (const std::string_view report : kReports) {
    if (auto ok = exclude(flags, report, kOverrides); !ok) return ok;
  }
  return exclude(flags, "topics-with-overrides", kReports);
}

// Up to Kafka 2.8 the tool had one of two ways to the cluster.
base::Result<> check_connection(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (flags.has("bootstrap-server") && flags.has("zookeeper")) {
    return misuse("Only one of --bootstrap-server or --zookeeper must be specified");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server") && !flags.has("zookeeper")) {
    return misuse("--bootstrap-server must be specified");
  }
  return {};
}

base::Result<> check_alter(const Flags& flags) {
  const bool changes_config = flags.has("config") || flags.has("delete-config");
  if (flags.has("zookeeper") && changes_config) return {};
  if (flags.has("config")) {
    return misuse(
        "Option combination \"[bootstrap-server],[config]\" can't be used with option "
        "\"[alter]\" (To alter topic configurations, the kafka-configs tool can be used.)");
  }
  return require(flags, {"partitions"});
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse(
        "Command must include exactly one action: --list, --describe, --create, --alter or "
        "--delete");
  }
  if (auto ok = check_connection(invocation); !ok) return ok;
  if (flags.has("describe") && flags.has("if-exists") && !flags.has("topic") &&
      !flags.has("topic-id")) {
    return misuse("--topic or --topic-id is required to describe a topic");
  }
  if (!flags.has("list") && !flags.has("describe")) {
    if (auto ok = require(flags, {"topic"}); !ok) return ok;
  }
  if (flags.has("alter")) {
    if (auto ok = check_alter(flags); !ok) return ok;
  }
  if (auto ok = check_actions(flags); !ok) return ok;
  return check_combinations(flags);
}

base::Result<> act(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  if (flags.has("create")) return create_topic(invocation, admin);
  if (flags.has("alter")) return alter_topics(invocation, admin);
  if (flags.has("list")) return print_topics(invocation, admin);
  if (flags.has("describe")) return print_descriptions(invocation, admin);
  return delete_topics(invocation, admin);
}

int run_topics(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  if (invocation.flags.has("delete-config") && !invocation.flags.has("zookeeper")) {
    fmt::print(stderr, "--delete-config changes nothing since Kafka 4.0.\n");
  }
  auto admin = Admin::connect(invocation, kTimeout,
                              invocation.flags.has("create") ? "createTopics" : "listTopics");
  base::Result<> done;
  if (admin) {
    done = act(invocation, **admin);
  } else {
    done = base::fail(std::move(admin));
  }
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print("Error while executing topic command : {}\n", done.error().message);
  return 1;
}

}  // namespace

Command topics_command() {
  return {.name = "topics",
          .script_name = "kafka-topics",
          .summary = "Create, list, describe, extend and delete topics.",
          .verbs = kVerbs,
          .subject = "topic",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_topics,
          .section = Section::kRecords,
          .prints_data = true};
}

}  // namespace odradek::cli
