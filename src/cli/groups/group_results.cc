// SPDX-License-Identifier: Apache-2.0
#include "cli/groups/group_results.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kNoGroups = "There are no groups.";

Value or_nothing(const std::string& text) { return text.empty() ? Value() : Value(text); }

Value as_value(const std::set<base::TopicPartition>& partitions) {
  List list;
  for (const base::TopicPartition& partition : partitions) list.emplace_back(partition.to_string());
  return list;
}

Cell lag_cell(const OffsetRow& row) {
  const auto lag = row.lag();
  return {lag, lag && *lag > 0 ? Tone::kWarning : Tone::kGood};
}

}  // namespace

Tone state_tone(std::string_view state) {
  if (state == "Stable") return Tone::kGood;
  if (state == "Empty") return Tone::kFaint;
  return state == "Dead" ? Tone::kBad : Tone::kWarning;
}

Table group_table(const std::vector<GroupListing>& groups, bool shows_type, bool shows_state) {
  Table table{.columns = {{"group"}, {"type", !shows_type}, {"state", !shows_state}},
              .rows = {},
              .when_empty = kNoGroups};
  for (const GroupListing& group : groups) {
    table.rows.push_back({group.id, group.type, {group.state, state_tone(group.state)}});
  }
  return table;
}

Table offset_table(bool is_verbose) {
  return {.columns = {{"group"},
                      {"topic"},
                      {"partition"},
                      {"leader_epoch", !is_verbose},
                      {"current_offset"},
                      {"log_end_offset"},
                      {"lag"},
                      {"member_id"},
                      {"host"},
                      {"client_id"}},
          .rows = {},
          .when_empty = "No group has offsets."};
}

void add_offset_rows(Table& table, const std::string& group, const std::vector<OffsetRow>& rows) {
  for (const OffsetRow& row : rows) {
    table.rows.push_back({group, row.partition.topic, row.partition.partition, row.leader_epoch,
                          row.offset, row.end, lag_cell(row), or_nothing(row.member),
                          or_nothing(row.host), or_nothing(row.client)});
  }
}

Table member_table(const std::vector<GroupDescription>& groups, bool is_verbose) {
  Table table{.columns = {{"group"},
                          {"member_id"},
                          {"instance_id"},
                          {"host"},
                          {"client_id"},
                          {"partition_count"},
                          {"epoch", !is_verbose},
                          {"assignment", !is_verbose},
                          {"target_epoch", !is_verbose},
                          {"target_assignment", !is_verbose},
                          {"is_upgraded", true}},
              .rows = {},
              .when_empty = "No group has members."};
  for (const GroupDescription& group : groups) {
    for (const GroupMember& member : group.members) {
      table.rows.push_back({group.id, member.id, or_nothing(member.instance_id), member.host,
                            member.client_id, member.assignment.size(), member.epoch,
                            as_value(member.assignment), group.target_epoch,
                            as_value(member.target_assignment), member.is_upgraded});
    }
  }
  return table;
}

Table state_table(const std::vector<GroupDescription>& groups, const Admin::Cluster& cluster) {
  Table table{.columns = {{"group"},
                          {"coordinator"},
                          {"coordinator_id"},
                          {"assignor"},
                          {"state"},
                          {"epoch", true},
                          {"target_epoch", true},
                          {"member_count"}},
              .rows = {},
              .when_empty = kNoGroups};
  for (const GroupDescription& group : groups) {
    const auto broker = cluster.brokers.find(group.coordinator);
    const Value address =
        broker == cluster.brokers.end() ? Value() : Value(broker->second.to_string());
    table.rows.push_back({group.id,
                          address,
                          group.coordinator.value(),
                          or_nothing(group.assignor),
                          {group.state, state_tone(group.state)},
                          group.epoch,
                          group.target_epoch,
                          group.members.size()});
  }
  return table;
}

Table reset_table() {
  return {.columns = {{"group"}, {"topic"}, {"partition"}, {"new_offset"}},
          .rows = {},
          .when_empty = "Nothing to reset."};
}

}  // namespace odradek::cli
