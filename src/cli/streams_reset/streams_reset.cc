// SPDX-License-Identifier: Apache-2.0
#include "cli/streams_reset/streams_reset.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <utility>

#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/groups/group_client.h"
#include "cli/groups/reset_inputs.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/leave_group.h"

namespace odradek::cli {
namespace {

using Partitions = std::vector<base::TopicPartition>;

constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kLatest = -1;
constexpr std::int32_t kDeletionTimeoutMs = 30'000;

std::unexpected<base::Error> illegal(std::string_view exception, std::string message) {
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("java.lang.{}: {}", exception, message));
}

// As Java prints a list.
std::string bracketed_names(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const std::string& name : names) out += (out.size() > 1 ? ", " : "") + name;
  return out + "]";
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Reset {
 public:
  Reset(const Invocation& invocation, Admin& admin, TopicTable topics)
      : flags_(invocation.flags),
        output_(invocation.output),
        is_json_(invocation.is_native && output_.form == OutputForm::kJson),
        admin_(admin),
        topics_(std::move(topics)),
        application_(flags_.value_or("application-id", "")),
        input_(name_list(flags_, "input-topics")),
        intermediate_(name_list(flags_, "intermediate-topics")) {}

  base::Result<int> run() {
    if (auto alone = wait_for_no_members(); !alone) return base::fail(std::move(alone));
    if (is_dry()) {
      say("----Dry run displays the actions which will be performed when running Streams Reset "
          "Tool----\n");
    }
    auto missing = move_offsets();
    if (!missing) return missing;
    if (auto deleted = delete_internal_topics(); !deleted) return base::fail(std::move(deleted));
    if (is_json_) print_json();
    return *missing;
  }

 private:
  // A sentence of Kafka's tool; JSON comes at the end.
  template <typename... Arguments>
  void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    if (!is_json_) fmt::print(text, std::forward<Arguments>(arguments)...);
  }

  void print_json() const {
    Table offsets{.columns = {{"topic"}, {"partition"}, {"new_offset"}}, .rows = {}};
    for (const auto& [partition, offset] : moved_) {
      offsets.rows.push_back({partition.topic, partition.partition, offset});
    }
    Output(output_).print(
        Document{.facts = {{"group", application_},
                           {"is_dry_run", is_dry()},
                           {"missing_topics", List(missing_.begin(), missing_.end())},
                           {"deleted_topics", List(deleted_.begin(), deleted_.end())}},
                 .tables = {{"offsets", std::move(offsets)}}});
  }

  bool is_dry() const { return flags_.has("dry-run"); }

  base::Result<> wait_for_no_members() {
    const auto group = describe_group(admin_, application_);
    if (!group) {
      if (group.error().code == base::ErrorCode::kGroupIdNotFound) return {};
      return base::fail(group.error());
    }
    if (group->members.empty()) return {};
    if (flags_.has("force")) return remove(group->members);
    std::string members;
    for (const GroupMember& member : group->members) {
      members += (members.empty() ? "" : ", ") + member.id;
    }
    return illegal(
        "IllegalStateException",
        fmt::format("Consumer group '{}' is still active and has following members: [{}]. Make "
                    "sure to stop all running application instances before running the reset "
                    "tool. You can use option '--force' to remove active members from the group.",
                    application_, members));
  }

  base::Result<> remove(const std::vector<GroupMember>& members) {
    say("Force deleting all active members in the group: {}\n", application_);
    auto coordinator = admin_.coordinator_of(application_);
    if (!coordinator) return base::fail(std::move(coordinator));
    wire::LeaveGroupRequest request;
    request.group_id = application_;
    for (const GroupMember& member : members) {
      std::optional<std::string> instance;
      if (!member.instance_id.empty()) instance = member.instance_id;
      request.members.push_back({member.id, std::move(instance), "the application is reset"});
    }
    auto answer = admin_.ask<wire::LeaveGroupResponse>(*coordinator, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code == base::ErrorCode::kNone) return {};
    return base::fail(answer->error_code, error_text(answer->error_code, std::nullopt));
  }

  // The exit code: 1 where a topic is missing.
  base::Result<int> move_offsets() {
    if (flags_.has("intermediate-topics")) {
      say("WARN: `--intermediate-topics` is deprecated and will be removed in a future release\n");
    }
    if (input_.empty() && intermediate_.empty()) {
      say("No input or intermediate topics specified. Skipping seek.\n");
      return 0;
    }
    if (!input_.empty()) {
      say("Reset-offsets for input topics {}\n", bracketed_names(input_));
    }
    if (!intermediate_.empty()) {
      say("Seek-to-end for intermediate topics {}\n", bracketed_names(intermediate_));
    }
    const Partitions inputs = present(input_, "Following input topics are not found", "Topic: ");
    const Partitions intermediates =
        present(intermediate_, "Following intermediate topics are not found", "Topic:");
    if (inputs.empty() && intermediates.empty()) return exit_code_;
    auto plan = plan_inputs(inputs);
    if (!plan) return base::fail(std::move(plan));
    if (auto added = plan_intermediates(intermediates, *plan); !added) {
      return base::fail(std::move(added));
    }
    if (!is_dry()) {
      if (auto done = commit_offsets(admin_, topics_, application_, *plan); !done) {
        return base::fail(std::move(done));
      }
    }
    moved_ = *std::move(plan);
    say("Done.\n");
    return exit_code_;
  }

  Partitions present(const std::vector<std::string>& names, std::string_view message,
                     std::string_view before) {
    Partitions partitions;
    bool is_first = true;
    for (const std::string& name : names) {
      const Partitions of_topic = topics_.partitions_of(name);
      partitions.insert(partitions.end(), of_topic.begin(), of_topic.end());
      if (!of_topic.empty()) continue;
      if (std::exchange(is_first, false)) say("{}, skipping them\n", message);
      say("{}{}\n", before, name);
      missing_.push_back(name);
      exit_code_ = 1;
    }
    return partitions;
  }

  base::Result<OffsetPlan> plan_inputs(const Partitions& partitions) {
    if (partitions.empty()) return OffsetPlan();
    say("Following input topics offsets will be reset to (for consumer group {})\n", application_);
    auto plan = wanted(partitions);
    if (!plan) return plan;
    for (const auto& [partition, offset] : *plan) {
      say("Topic: {} Partition: {} Offset: {}\n", partition.topic, partition.partition, offset);
    }
    return plan;
  }

  base::Result<std::int64_t> number(std::string_view flag) {
    const auto given = flags_.number(flag);
    if (given) return given->value_or(0);
    return base::fail(
        given.error().code,
        fmt::format("joptsimple.OptionArgumentConversionException: {}", given.error().message));
  }

  base::Result<OffsetPlan> wanted(const Partitions& partitions) {
    if (flags_.has("to-offset")) {
      OffsetPlan plan;
      const auto offset = number("to-offset");
      if (!offset) return base::fail(offset.error());
      for (const auto& partition : partitions) plan[partition] = *offset;
      return in_range(std::move(plan));
    }
    if (flags_.has("to-latest")) return list(partitions, kLatest);
    if (flags_.has("shift-by")) return shift(partitions);
    if (flags_.has("to-datetime")) {
      auto time = parse_datetime(flags_.value_or("to-datetime", ""));
      if (!time) return base::fail(std::move(time));
      return to_time(partitions, *time);
    }
    if (flags_.has("by-duration")) {
      auto duration = parse_duration_ms(flags_.value_or("by-duration", ""));
      if (!duration) return base::fail(std::move(duration));
      return to_time(partitions, admin_.world().clock().wall().value() - *duration);
    }
    if (flags_.has("from-file")) return from_file(partitions);
    return list(partitions, kEarliest);
  }

  base::Result<OffsetPlan> list(const Partitions& partitions, std::int64_t timestamp) {
    return list_offsets(admin_, topics_, partitions, timestamp, false);
  }

  base::Result<OffsetPlan> shift(const Partitions& partitions) {
    const auto by = number("shift-by");
    if (!by) return base::fail(by.error());
    auto committed = committed_offsets(admin_, topics_, application_);
    if (!committed) return base::fail(std::move(committed));
    // A consumer without an offset stands at the end.
    auto plan = list(partitions, kLatest);
    if (!plan) return plan;
    for (auto& [partition, offset] : *plan) {
      const auto found = committed->find(partition);
      if (found != committed->end()) offset = found->second.offset;
      offset += std::clamp<std::int64_t>(*by, -(std::int64_t{1} << 61), std::int64_t{1} << 61);
    }
    return in_range(*std::move(plan));
  }

  base::Result<OffsetPlan> to_time(const Partitions& partitions, std::int64_t timestamp) {
    auto plan = list(partitions, timestamp);
    if (!plan) return plan;
    auto ends = list(partitions, kLatest);
    if (!ends) return ends;
    for (auto& [partition, offset] : *plan) {
      if (offset >= 0) continue;
      offset = ends->contains(partition) ? ends->at(partition) : 0;
      say("Partition {} from topic {} is empty, without a committed record. Falling back to "
          "latest known offset.\n",
          partition.partition, partition.topic);
    }
    return plan;
  }

  base::Result<OffsetPlan> from_file(const Partitions& partitions) {
    const std::string path = flags_.value_or("from-file", "");
    auto text = admin_.world().disk().read_file(path);
    if (!text) return base::fail(std::move(text));
    auto plans = parse_reset_file(*text, application_);
    if (!plans) {
      return base::fail(plans.error().code, fmt::format("{}: {}", path, plans.error().message));
    }
    OffsetPlan plan;
    for (const base::TopicPartition& partition : partitions) {
      const auto& of_group = (*plans)[application_];
      const auto found = of_group.find(partition);
      if (found == of_group.end()) {
        return misuse(fmt::format("{}: it has no offset for {}", path, partition.to_string()));
      }
      plan[partition] = found->second;
    }
    return in_range(std::move(plan));
  }

  // Brings offsets that no record can have to the nearest that one can.
  base::Result<OffsetPlan> in_range(OffsetPlan plan) {
    Partitions partitions;
    for (const auto& [partition, offset] : plan) partitions.push_back(partition);
    auto starts = list(partitions, kEarliest);
    if (!starts) return starts;
    auto ends = list(partitions, kLatest);
    if (!ends) return ends;
    for (auto& [partition, offset] : plan) {
      if (!starts->contains(partition) || !ends->contains(partition)) continue;
      const std::int64_t start = starts->at(partition);
      const std::int64_t end = ends->at(partition);
      if (offset >= end) {
        say("New offset ({}) is higher than latest offset. Value will be set to {}\n", offset, end);
        offset = end;
      } else if (offset <= start) {
        say("New offset ({}) is lower than earliest offset. Value will be set to {}\n", offset,
            start);
        offset = start;
      }
    }
    return plan;
  }

  base::Result<> plan_intermediates(const Partitions& partitions, OffsetPlan& plan) {
    if (partitions.empty()) return {};
    say("Following intermediate topics offsets will be reset to end (for consumer group {})\n",
        application_);
    for (const auto& partition : partitions) say("Topic: {}\n", partition.topic);
    auto ends = list(partitions, kLatest);
    if (!ends) return base::fail(std::move(ends));
    plan.insert(ends->begin(), ends->end());
    return {};
  }

  base::Result<> delete_internal_topics() {
    std::vector<std::string> inferred;
    for (const std::string& name : topics_.names()) {
      if (!contains(input_, name) && !contains(intermediate_, name) &&
          name.starts_with(application_ + "-") && is_internal_streams_topic(name)) {
        inferred.push_back(name);
      }
    }
    const auto specified = name_list(flags_, "internal-topics");
    for (const std::string& name : specified) {
      if (contains(inferred, name)) continue;
      return illegal("IllegalArgumentException",
                     "Invalid topic specified in the --internal-topics option. Ensure that the "
                     "topics specified are all internal topics. Do a dry run without the "
                     "--internal-topics option to see the list of all internal topics that can be "
                     "deleted.");
    }
    say("Deleting {} internal topics {}\n", specified.empty() ? "inferred" : "specified",
        bracketed_names(specified.empty() ? inferred : specified));
    deleted_ = specified.empty() ? inferred : specified;
    if (!is_dry()) {
      if (auto done = remove_topics(deleted_); !done) return done;
    }
    say("Done.\n");
    return {};
  }

  base::Result<> remove_topics(const std::vector<std::string>& names) {
    if (names.empty()) return {};
    wire::DeleteTopicsRequest request;
    request.timeout_ms = kDeletionTimeoutMs;
    for (const std::string& name : names) request.topics.push_back({name, {}});
    auto answer = admin_.ask_controller<wire::DeleteTopicsResponse>(std::move(request));
    if (!answer) return base::fail(std::move(answer));
    bool has_failed = false;
    for (const auto& topic : answer->responses) {
      if (topic.error_code == base::ErrorCode::kNone) continue;
      fmt::print(stderr, "ERROR: deleting topic {}\n{}\n", topic.name.value_or(""),
                 error_text(topic.error_code, topic.error_message));
      has_failed = true;
    }
    if (!has_failed) return {};
    return illegal("RuntimeException", "Encountered an error deleting one or more topics");
  }

  const Flags& flags_;
  const OutputOptions output_;
  const bool is_json_;
  Admin& admin_;
  const TopicTable topics_;
  const std::string application_;
  const std::vector<std::string> input_;
  const std::vector<std::string> intermediate_;
  OffsetPlan moved_;
  std::vector<std::string> missing_;
  std::vector<std::string> deleted_;
  int exit_code_ = 0;
};

// "…-KTABLE-FK-JOIN-SUBSCRIPTION-<what>-<number>-topic"
bool is_join_topic(std::string_view name, std::string_view what) {
  const std::size_t at = name.rfind(what);
  if (at == std::string_view::npos || at == 0 || !name.ends_with("-topic")) return false;
  const std::string_view number = name.substr(
      at + what.size(), name.size() - at - what.size() - std::string_view("-topic").size());
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_internal_streams_topic(std::string_view name) {
  constexpr std::string_view kEnds[] = {"-changelog", "-repartition",
                                        "-subscription-registration-topic",
                                        "-subscription-response-topic"};
  if (std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); })) {
    return true;
  }
  return is_join_topic(name, "-KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-") ||
         is_join_topic(name, "-KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-");
}

std::vector<std::string> name_list(const Flags& flags, std::string_view flag) {
  std::vector<std::string> names;
  for (const std::string& value : flags.values(flag)) {
    for (const auto part : std::views::split(value, ',')) {
      if (!part.empty()) names.emplace_back(part.begin(), part.end());
    }
  }
  return names;
}

base::Result<int> reset_application(const Invocation& invocation, Admin& admin) {
  auto topics = TopicTable::load(admin);
  if (!topics) return base::fail(std::move(topics));
  return Reset(invocation, admin, *std::move(topics)).run();
}

}  // namespace odradek::cli
