// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ranges>

#include "cli/flag_checks.h"
#include "cli/groups/group_results.h"
#include "cli/groups/print_groups.h"
#include "cli/groups/reset_inputs.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Partitions = std::vector<base::TopicPartition>;
using GroupPlans = std::map<std::string, OffsetPlan>;

constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kLatest = -1;

std::string joined(const Partitions& partitions) {
  std::string out;
  for (const base::TopicPartition& partition : partitions) {
    if (!out.empty()) out += ',';
    out += partition.to_string();
  }
  return out;
}

// Plans the offsets of one cluster's groups, as the flags say.
class Planner {
 public:
  Planner(const Flags& flags, Admin& admin, const TopicTable& topics)
      : flags_(flags), admin_(admin), topics_(topics) {}

  base::Result<OffsetPlan> plan(const std::string& group) {
    auto partitions = partitions_of(group);
    if (!partitions) return base::fail(std::move(partitions));
    if (auto valid = check(*partitions); !valid) return base::fail(std::move(valid));
    if (flags_.has("to-offset")) return to_offset(*partitions);
    if (flags_.has("to-earliest")) return list(*partitions, kEarliest);
    if (flags_.has("to-latest")) return list(*partitions, kLatest);
    if (flags_.has("shift-by")) return shift(group, *partitions);
    if (flags_.has("to-datetime")) return to_datetime(*partitions);
    if (flags_.has("by-duration")) return by_duration(*partitions);
    if (flags_.has("from-file")) return from_file(group);
    return to_current(group, *partitions);
  }

 private:
  base::Result<Partitions> partitions_of(const std::string& group) {
    Partitions partitions;
    if (flags_.has("all-topics")) {
      auto committed = committed_offsets(admin_, topics_, group);
      if (!committed) return base::fail(std::move(committed));
      for (const auto& [partition, offset] : *committed) partitions.push_back(partition);
      return partitions;
    }
    for (const std::string& argument : flags_.values("topic")) {
      auto parsed = parse_topic_argument(argument, topics_);
      if (!parsed) return base::fail(std::move(parsed));
      if (parsed->empty()) {
        return base::fail(ErrorCode::kUnknownTopicOrPartition,
                          "This server does not host this topic-partition.");
      }
      partitions.insert(partitions.end(), parsed->begin(), parsed->end());
    }
    return partitions;
  }

  base::Result<> check(const Partitions& partitions) const {
    Partitions missing;
    Partitions leaderless;
    for (const base::TopicPartition& partition : partitions) {
      const auto* topic = topics_.find(partition.topic);
      if (topic == nullptr || !topic->leaders.contains(partition.partition)) {
        missing.push_back(partition);
      } else if (topic->leaders.at(partition.partition) == base::kNoBroker) {
        leaderless.push_back(partition);
      }
    }
    if (!missing.empty()) {
      return base::fail(ErrorCode::kUnknownTopicOrPartition,
                        fmt::format("The partitions \"{}\" do not exist", joined(missing)));
    }
    if (!leaderless.empty()) {
      return base::fail(ErrorCode::kLeaderNotAvailable,
                        fmt::format("The partitions \"{}\" have no leader", joined(leaderless)));
    }
    return {};
  }

  base::Result<OffsetPlan> list(const Partitions& partitions, std::int64_t timestamp) {
    return list_offsets(admin_, topics_, partitions, timestamp, false);
  }

  // Brings offsets that no record can have to the nearest that one can.
  base::Result<OffsetPlan> in_range(OffsetPlan plan) {
    Partitions partitions;
    for (const auto& [partition, offset] : plan) partitions.push_back(partition);
    auto starts = list(partitions, kEarliest);
    if (!starts) return base::fail(std::move(starts));
    auto ends = list(partitions, kLatest);
    if (!ends) return base::fail(std::move(ends));
    for (auto& [partition, offset] : plan) {
      const std::int64_t start = starts->contains(partition) ? starts->at(partition) : offset;
      const std::int64_t end = ends->contains(partition) ? ends->at(partition) : offset;
      if (offset >= start && offset <= end) continue;
      const bool is_high = offset > end;
      const std::int64_t nearest = is_high ? end : start;
      fmt::print(stderr,
                 "New offset ({}) is {} than {} offset for topic partition {}. Value will be set "
                 "to {}\n",
                 offset, is_high ? "higher" : "lower", is_high ? "latest" : "earliest",
                 partition.to_string(), nearest);
      offset = nearest;
    }
    return plan;
  }

  base::Result<OffsetPlan> to_offset(const Partitions& partitions) {
    const auto offset = flags_.number("to-offset");
    if (!offset) return base::fail(offset.error());
    OffsetPlan plan;
    for (const base::TopicPartition& partition : partitions) plan[partition] = offset->value_or(0);
    return in_range(std::move(plan));
  }

  base::Result<OffsetPlan> shift(const std::string& group, const Partitions& partitions) {
    const auto shift_by = flags_.number("shift-by");
    if (!shift_by) return base::fail(shift_by.error());
    auto committed = committed_offsets(admin_, topics_, group);
    if (!committed) return base::fail(std::move(committed));
    OffsetPlan plan;
    for (const base::TopicPartition& partition : partitions) {
      const auto current = committed->find(partition);
      if (current == committed->end()) {
        return misuse(fmt::format(
            "Cannot shift offset for partition {} since there is no current committed offset",
            partition.to_string()));
      }
      // Beyond any log either way, so that the sum cannot overflow.
      constexpr std::int64_t kFar = std::int64_t{1} << 61;
      plan[partition] =
          current->second.offset + std::clamp<std::int64_t>(shift_by->value_or(0), -kFar, kFar);
    }
    return in_range(std::move(plan));
  }

  base::Result<OffsetPlan> to_timestamp(const Partitions& partitions, std::int64_t timestamp) {
    auto plan = list(partitions, timestamp);
    if (!plan) return plan;
    Partitions without;
    for (const auto& [partition, offset] : *plan) {
      if (offset < 0) without.push_back(partition);
    }
    for (const base::TopicPartition& partition : without) {
      fmt::print(
          "\nWarn: Partition {} from topic {} is empty. Falling back to latest known offset.\n",
          partition.partition, partition.topic);
    }
    auto ends = list(without, kLatest);
    if (!ends) return ends;
    for (const auto& [partition, offset] : *ends) (*plan)[partition] = offset;
    return plan;
  }

  base::Result<OffsetPlan> to_datetime(const Partitions& partitions) {
    auto timestamp = parse_datetime(flags_.value_or("to-datetime", ""));
    if (!timestamp) return base::fail(std::move(timestamp));
    return to_timestamp(partitions, *timestamp);
  }

  base::Result<OffsetPlan> by_duration(const Partitions& partitions) {
    auto duration_ms = parse_duration_ms(flags_.value_or("by-duration", ""));
    if (!duration_ms) return base::fail(std::move(duration_ms));
    const std::int64_t now = admin_.world().clock().wall().value();
    return to_timestamp(partitions, now - *duration_ms);
  }

  base::Result<OffsetPlan> from_file(const std::string& group) {
    const std::string path = flags_.value_or("from-file", "");
    auto text = admin_.world().disk().read_file(path);
    if (!text) return base::fail(std::move(text));
    const auto groups = flags_.values("group");
    auto plans = parse_reset_file(*text, groups.size() == 1 ? groups[0] : "");
    if (!plans) {
      return base::fail(plans.error().code, fmt::format("{}: {}", path, plans.error().message));
    }
    const auto found = plans->find(group);
    if (found == plans->end()) {
      print_group_error(fmt::format("No reset plan for group {} found", group));
      return OffsetPlan();
    }
    Partitions partitions;
    for (const auto& [partition, offset] : found->second) partitions.push_back(partition);
    if (auto valid = check(partitions); !valid) return base::fail(std::move(valid));
    return in_range(found->second);
  }

  // What the group has not committed goes to the end.
  base::Result<OffsetPlan> to_current(const std::string& group, const Partitions& partitions) {
    auto committed = committed_offsets(admin_, topics_, group);
    if (!committed) return base::fail(std::move(committed));
    OffsetPlan plan;
    Partitions without;
    for (const base::TopicPartition& partition : partitions) {
      const auto found = committed->find(partition);
      if (found == committed->end()) {
        without.push_back(partition);
      } else {
        plan[partition] = found->second.offset;
      }
    }
    auto ends = list(without, kLatest);
    if (!ends) return ends;
    plan.insert(ends->begin(), ends->end());
    return plan;
  }

  const Flags& flags_;
  Admin& admin_;
  const TopicTable& topics_;
};

void print_plans(const GroupPlans& plans) {
  std::size_t group_width = 15;
  std::size_t topic_width = 15;
  for (const auto& [group, plan] : plans) {
    group_width = std::max(group_width, group.size());
    for (const auto& [partition, offset] : plan) {
      topic_width = std::max(topic_width, partition.topic.size());
    }
  }
  if (!plans.empty()) {
    fmt::print("\n{:<{}} {:<{}} {:<10} {}", "GROUP", group_width, "TOPIC", topic_width, "PARTITION",
               "NEW-OFFSET");
  }
  for (const auto& [group, plan] : plans) {
    for (const auto& [partition, offset] : plan) {
      fmt::print("\n{:<{}} {:<{}} {:<10} {}", group, group_width, partition.topic, topic_width,
                 partition.partition, offset);
    }
  }
  fmt::print("\n");
}

void show_plans(const Invocation& invocation, const GroupPlans& plans) {
  Table table = reset_table();
  for (const auto& [group, plan] : plans) {
    for (const auto& [partition, offset] : plan) {
      table.rows.push_back({group, partition.topic, partition.partition, offset});
    }
  }
  Output(invocation.output).print(table);
}

void export_plans(const GroupPlans& plans, bool names_groups) {
  for (const auto& [group, plan] : plans) {
    for (const auto& [partition, offset] : plan) {
      if (names_groups) fmt::print("{},", group);
      fmt::print("{},{},{}\n", partition.topic, partition.partition, offset);
    }
  }
  fmt::print("\n");
}

// The plan of a group without members; of any other, the reason why not, on standard output.
base::Result<std::optional<OffsetPlan>> plan_group(Admin& admin, Planner& planner,
                                                   const std::string& group) {
  auto description = describe_group(admin, group);
  if (!description && description.error().code != ErrorCode::kGroupIdNotFound) {
    return base::fail(std::move(description));
  }
  if (description && description->state != "Empty" && description->state != "Dead") {
    print_group_error(
        fmt::format("Assignments can only be reset if the group '{}' is inactive, but the current "
                    "state is {}.",
                    group, description->state));
    return std::nullopt;
  }
  auto plan = planner.plan(group);
  if (!plan) return base::fail(std::move(plan));
  return *std::move(plan);
}

}  // namespace

base::Result<Partitions> parse_topic_argument(const std::string& argument,
                                              const TopicTable& topics) {
  const auto colon = argument.find(':');
  if (colon == std::string::npos) return topics.partitions_of(argument);
  if (argument.find(':', colon + 1) != std::string::npos || colon + 1 == argument.size()) {
    return misuse(
        fmt::format("Invalid topic arg '{}', expected topic name and partitions", argument));
  }
  const std::string topic = argument.substr(0, colon);
  Partitions partitions;
  for (const auto part : std::views::split(std::string_view(argument).substr(colon + 1), ',')) {
    const std::string_view digits(part.begin(), part.end());
    std::int32_t index = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      return misuse(
          fmt::format("Invalid partition '{}' specified in topic arg '{}''", digits, argument));
    }
    partitions.push_back({topic, index});
  }
  return partitions;
}

base::Result<bool> reset_group_offsets(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto ids = chosen_groups(flags, admin);
  if (!ids) return base::fail(std::move(ids));
  auto topics = TopicTable::load(admin);
  if (!topics) return base::fail(std::move(topics));
  Planner planner(flags, admin, *topics);
  GroupPlans plans;
  bool all_done = true;
  for (const std::string& group : *ids) {
    auto plan = plan_group(admin, planner, group);
    if (!plan) return base::fail(std::move(plan));
    all_done = all_done && plan->has_value();
    plans[group] = plan->value_or(OffsetPlan());
    if (!flags.has("execute")) continue;
    if (auto done = commit_offsets(admin, *topics, group, plans[group]); !done) {
      return base::fail(std::move(done));
    }
  }
  if (flags.has("export") && invocation.output.form != OutputForm::kJson) {
    export_plans(plans, flags.values("group").size() != 1);
  } else if (invocation.is_native) {
    show_plans(invocation, plans);
  } else {
    print_plans(plans);
  }
  return all_done;
}

}  // namespace odradek::cli
