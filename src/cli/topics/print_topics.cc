// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "cli/name_pattern.h"
#include "cli/topics/topic_actions.h"
#include "cli/topics/topic_description.h"
#include "cli/topics/topic_results.h"

namespace odradek::cli {
namespace {

std::string joined(const std::vector<base::BrokerId>& brokers) {
  std::string out;
  for (const base::BrokerId broker : brokers) {
    if (!out.empty()) out += ',';
    out += fmt::format("{}", broker.value());
  }
  return out;
}

std::string joined_or_unknown(const std::optional<std::vector<base::BrokerId>>& brokers) {
  return brokers ? joined(*brokers) : "N/A";
}

// A reassignment counts only while it shows in the replicas.
std::size_t replication_factor(const PartitionDescription& partition) {
  return partition.replicas.size() - partition.adding.size();
}

bool is_selected(const Flags& flags, const PartitionDescription& partition, int min_in_sync,
                 const std::set<base::BrokerId>& live) {
  const bool has_leader = partition.leader.value() >= 0;
  const auto in_sync = static_cast<int>(partition.in_sync.size());
  if (flags.has("under-replicated-partitions") &&
      replication_factor(partition) > partition.in_sync.size()) {
    return true;
  }
  if (flags.has("unavailable-partitions") && (!has_leader || !live.contains(partition.leader))) {
    return true;
  }
  if (flags.has("under-min-isr-partitions") && (!has_leader || in_sync < min_in_sync)) return true;
  return flags.has("at-min-isr-partitions") && in_sync == min_in_sync;
}

bool selects_partitions(const Flags& flags) {
  return flags.has("under-replicated-partitions") || flags.has("unavailable-partitions") ||
         flags.has("under-min-isr-partitions") || flags.has("at-min-isr-partitions");
}

void print_head(const TopicDescription& topic, const TopicConfigValues& config) {
  std::string configs;
  for (const auto& [key, value] : config.overridden) {
    if (!configs.empty()) configs += ',';
    configs += fmt::format("{}={}", key, value);
  }
  const std::string id = topic.id.is_zero() ? "" : "\tTopicId: " + topic.id.to_string();
  fmt::print("Topic: {}{}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n", topic.name,
             id, topic.partitions.size(),
             topic.partitions.empty() ? 0 : replication_factor(topic.partitions[0]), configs);
}

void print_partition(const TopicDescription& topic, const PartitionDescription& partition) {
  const std::string leader =
      partition.leader.value() < 0 ? "none" : fmt::format("{}", partition.leader.value());
  fmt::print("\tTopic: {}\tPartition: {}\tLeader: {}\tReplicas: {}\tIsr: {}", topic.name,
             partition.index, leader, joined(partition.replicas), joined(partition.in_sync));
  if (partition.is_moving) {
    fmt::print("\tAdding Replicas: {}\tRemoving Replicas: {}", joined(partition.adding),
               joined(partition.removing));
  }
  fmt::print("\tElr: {}\tLastKnownElr: {}\n", joined_or_unknown(partition.eligible_leaders),
             joined_or_unknown(partition.last_known_eligible));
}

void print_topic(const Flags& flags, const TopicDescription& topic, const TopicConfigValues& config,
                 const std::set<base::BrokerId>& live) {
  const bool overrides_only = flags.has("topics-with-overrides");
  const bool selects = selects_partitions(flags);
  if (!selects && (!overrides_only || !config.overridden.empty())) print_head(topic, config);
  if (overrides_only) return;
  for (const PartitionDescription& partition : topic.partitions) {
    if (!selects || is_selected(flags, partition, config.min_in_sync_replicas, live)) {
      print_partition(topic, partition);
    }
  }
}

// What --describe found, topic by topic.
struct Descriptions {
  std::vector<TopicDescription> topics;
  std::vector<TopicConfigValues> configs;
  std::set<base::BrokerId> live;
};

void print(const Flags& flags, const Descriptions& found) {
  for (std::size_t i = 0; i < found.topics.size(); ++i) {
    print_topic(flags, found.topics[i], found.configs[i], found.live);
  }
}

// The same under our own name.
void show(const Invocation& invocation, const Descriptions& found) {
  const Flags& flags = invocation.flags;
  Output out(invocation.output);
  std::vector<ChosenPartition> chosen;
  std::vector<Document> documents;
  for (std::size_t i = 0; i < found.topics.size(); ++i) {
    const TopicDescription& topic = found.topics[i];
    const TopicConfigValues& config = found.configs[i];
    for (const PartitionDescription& partition : topic.partitions) {
      if (is_selected(flags, partition, config.min_in_sync_replicas, found.live)) {
        chosen.push_back({&topic, &partition, config.min_in_sync_replicas});
      }
    }
    if (flags.has("topics-with-overrides") && config.overridden.empty()) continue;
    documents.push_back(topic_document(topic, config, found.live));
    if (flags.has("topics-with-overrides")) documents.back().tables.clear();
  }
  if (selects_partitions(flags)) {
    out.print(partition_table(chosen, found.live));
  } else {
    out.print(documents);
  }
}

base::Result<std::vector<std::string>> topic_by_id(const Flags& flags, Admin& admin,
                                                   const std::string& text) {
  const auto id = base::Uuid::parse(text);
  if (!id) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("'{}' is no topic id: it has 22 characters of base64url", text));
  }
  auto topics = list_topics(admin);
  if (!topics) return base::fail(std::move(topics));
  const auto found = std::ranges::find(*topics, *id, &TopicName::id);
  if (found != topics->end()) return std::vector<std::string>{found->name};
  if (flags.has("if-exists")) return std::vector<std::string>();
  return base::fail(base::ErrorCode::kUnknownTopicId,
                    fmt::format("TopicId '{}' does not exist as expected", text));
}

base::Result<std::vector<std::string>> described_topics(const Flags& flags, Admin& admin) {
  const auto id = flags.value("topic-id");
  if (id && *id != base::Uuid{}.to_string()) return topic_by_id(flags, admin, *id);
  return chosen_topic_names(flags, admin, !flags.has("if-exists"));
}

base::Result<std::set<base::BrokerId>> live_brokers(Admin& admin) {
  auto cluster = admin.cluster();
  if (!cluster) return base::fail(std::move(cluster));
  std::set<base::BrokerId> live;
  for (const auto& [id, address] : (*cluster)->brokers) live.insert(id);
  return live;
}

}  // namespace

base::Result<std::vector<TopicName>> chosen_topics(const Flags& flags, Admin& admin,
                                                   bool must_exist) {
  const auto wanted = flags.value("topic");
  std::optional<NamePattern> pattern;
  if (wanted) {
    auto parsed = NamePattern::parse(*wanted);
    if (!parsed) return base::fail(std::move(parsed));
    pattern = *std::move(parsed);
  }
  auto topics = list_topics(admin);
  if (!topics) return base::fail(std::move(topics));
  std::erase_if(*topics, [&](const TopicName& topic) {
    return (flags.has("exclude-internal") && is_internal_topic(topic.name)) ||
           (pattern && !pattern->matches(topic.name));
  });
  if (topics->empty() && wanted && !wanted->empty() && must_exist) {
    return base::fail(base::ErrorCode::kUnknownTopicOrPartition,
                      fmt::format("Topic '{}' does not exist as expected", *wanted));
  }
  return topics;
}

base::Result<std::vector<std::string>> chosen_topic_names(const Flags& flags, Admin& admin,
                                                          bool must_exist) {
  auto topics = chosen_topics(flags, admin, must_exist);
  if (!topics) return base::fail(std::move(topics));
  std::vector<std::string> names;
  for (TopicName& topic : *topics) names.push_back(std::move(topic.name));
  return names;
}

base::Result<> print_topics(const Invocation& invocation, Admin& admin) {
  auto topics = chosen_topics(invocation.flags, admin, false);
  if (!topics) return base::fail(std::move(topics));
  if (invocation.is_native) {
    Output(invocation.output).print(topic_table(*topics));
    return {};
  }
  for (const TopicName& topic : *topics) fmt::print("{}\n", topic.name);
  // Kafka's tool ends the list with a line end, even an empty one.
  if (topics->empty()) fmt::print("\n");
  return {};
}

base::Result<> print_descriptions(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const auto page = flags.number("partition-size-limit-per-response", 1, INT32_MAX);
  if (!page) return base::fail(page.error());
  auto names = described_topics(flags, admin);
  if (!names) return base::fail(std::move(names));
  Descriptions found;
  if (!names->empty()) {
    auto topics = describe_topics(admin, *names, static_cast<int>(page->value_or(2000)));
    if (!topics) return base::fail(std::move(topics));
    auto configs = describe_topic_configs(admin, *topics);
    if (!configs) return base::fail(std::move(configs));
    auto live = live_brokers(admin);
    if (!live) return base::fail(std::move(live));
    found = {*std::move(topics), *std::move(configs), *std::move(live)};
  }
  if (invocation.is_native) {
    show(invocation, found);
  } else {
    print(flags, found);
  }
  return {};
}

}  // namespace odradek::cli
