// SPDX-License-Identifier: Apache-2.0
#include "cli/topics/topic_results.h"

#include <algorithm>

namespace odradek::cli {
namespace {

Value as_value(const std::vector<base::BrokerId>& brokers) {
  List list;
  for (const base::BrokerId broker : brokers) list.emplace_back(broker.value());
  return list;
}

Value as_value(const std::optional<std::vector<base::BrokerId>>& brokers) {
  return brokers ? as_value(*brokers) : Value();
}

Cell leader_cell(const PartitionDescription& partition, const std::set<base::BrokerId>& live) {
  if (partition.leader.value() < 0) return {"none", Tone::kBad};
  return {partition.leader.value(), live.contains(partition.leader) ? Tone::kPlain : Tone::kBad};
}

Tone in_sync_tone(const PartitionDescription& partition, int min_in_sync_replicas) {
  if (static_cast<int>(partition.in_sync.size()) < min_in_sync_replicas) return Tone::kBad;
  return partition.in_sync.size() < partition.replicas.size() ? Tone::kWarning : Tone::kGood;
}

std::vector<Column> partition_columns(bool is_moving) {
  std::vector<Column> columns = {{"partition"}, {"leader"}, {"replicas"}, {"in_sync"}};
  if (is_moving) columns.insert(columns.end(), {{"adding"}, {"removing"}});
  columns.insert(columns.end(), {{"eligible_leaders", true}, {"last_known_eligible", true}});
  return columns;
}

std::vector<Cell> partition_row(const PartitionDescription& partition, int min_in_sync_replicas,
                                bool is_moving, const std::set<base::BrokerId>& live) {
  std::vector<Cell> row = {
      partition.index,
      leader_cell(partition, live),
      as_value(partition.replicas),
      {as_value(partition.in_sync), in_sync_tone(partition, min_in_sync_replicas)}};
  if (is_moving) {
    row.emplace_back(as_value(partition.adding));
    row.emplace_back(as_value(partition.removing));
  }
  row.emplace_back(as_value(partition.eligible_leaders));
  row.emplace_back(as_value(partition.last_known_eligible));
  return row;
}

}  // namespace

Table topic_table(const std::vector<TopicName>& topics) {
  Table table{.columns = {{"topic"},
                          {"partitions", true},
                          {"replication_factor", true},
                          {"topic_id", true},
                          {"is_internal", true}},
              .rows = {},
              .when_empty = "There are no topics."};
  for (const TopicName& topic : topics) {
    table.rows.push_back({{topic.name, topic.is_internal ? Tone::kFaint : Tone::kPlain},
                          topic.partitions,
                          topic.replication_factor,
                          topic.id.to_string(),
                          topic.is_internal});
  }
  return table;
}

Document topic_document(const TopicDescription& topic, const TopicConfigValues& config,
                        const std::set<base::BrokerId>& live) {
  Object configs;
  for (const auto& [key, value] : config.overridden) configs.emplace_back(key, value);
  const bool is_moving = std::ranges::any_of(topic.partitions, &PartitionDescription::is_moving);
  Table partitions{.columns = partition_columns(is_moving), .rows = {}};
  for (const PartitionDescription& partition : topic.partitions) {
    partitions.rows.push_back(
        partition_row(partition, config.min_in_sync_replicas, is_moving, live));
  }
  const std::size_t replicas = topic.partitions.empty() ? 0
                                                        : topic.partitions[0].replicas.size() -
                                                              topic.partitions[0].adding.size();
  return {.facts = {{"topic", topic.name},
                    {"topic_id", topic.id.is_zero() ? Value() : Value(topic.id.to_string())},
                    {"partition_count", topic.partitions.size()},
                    {"replication_factor", replicas},
                    {"configs", std::move(configs)}},
          .tables = {{"partitions", std::move(partitions)}}};
}

Table partition_table(const std::vector<ChosenPartition>& partitions,
                      const std::set<base::BrokerId>& live) {
  const bool is_moving = std::ranges::any_of(
      partitions, [](const ChosenPartition& chosen) { return chosen.partition->is_moving; });
  Table table{.columns = partition_columns(is_moving),
              .rows = {},
              .when_empty = "There are no such partitions."};
  table.columns.insert(table.columns.begin(), {"topic"});
  for (const ChosenPartition& chosen : partitions) {
    auto row = partition_row(*chosen.partition, chosen.min_in_sync_replicas, is_moving, live);
    row.insert(row.begin(), Cell(chosen.topic->name));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace odradek::cli
