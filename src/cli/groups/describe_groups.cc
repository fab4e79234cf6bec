// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "cli/groups/group_results.h"
#include "cli/groups/print_groups.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kNothing = "-";
constexpr std::size_t kColumn = 15;

template <typename Number>
std::string number_or_nothing(const std::optional<Number>& number) {
  return number ? fmt::format("{}", *number) : std::string(kNothing);
}

// An empty text is shown as "-".
std::string text_or_nothing(const std::string& text) {
  return text.empty() ? std::string(kNothing) : text;
}

// Says on stderr what state the group is in where that explains what is missing; returns whether
// there is something to show.
bool announce_state(const GroupDescription& group, std::size_t rows) {
  // The line on standard output goes first.
  std::fflush(stdout);
  if (group.state == "Dead") {
    print_group_error(fmt::format("Consumer group '{}' does not exist.", group.id));
    return false;
  }
  if (group.state == "Empty") {
    fmt::print(stderr, "\nConsumer group '{}' has no active members.\n", group.id);
  } else if (group.state != "Stable") {
    fmt::print(stderr, "\nWarning: Consumer group '{}' is rebalancing.\n", group.id);
  }
  return rows > 0;
}

OffsetRow row_of(const base::TopicPartition& partition, const CommittedOffsets& committed,
                 const OffsetPlan& ends) {
  OffsetRow row{partition, std::nullopt, std::nullopt, std::nullopt, "", "", ""};
  if (const auto found = committed.find(partition); found != committed.end()) {
    row.offset = found->second.offset;
    row.leader_epoch = found->second.leader_epoch;
  }
  if (const auto found = ends.find(partition); found != ends.end()) row.end = found->second;
  return row;
}

// What the offsets of groups are shown from, asked together for all of them.
struct GroupOffsets {
  std::map<std::string, CommittedOffsets> committed;
  OffsetPlan ends;
};

base::Result<GroupOffsets> offsets_of(Admin& admin, const std::vector<GroupDescription>& groups) {
  auto topics = TopicTable::load(admin);
  if (!topics) return base::fail(std::move(topics));
  std::vector<std::string> ids;
  for (const GroupDescription& group : groups) ids.push_back(group.id);
  auto committed = committed_offsets(admin, *topics, ids);
  if (!committed) return base::fail(std::move(committed));
  std::set<base::TopicPartition> all;
  for (const auto& [id, offsets] : *committed) {
    for (const auto& [partition, offset] : offsets) all.insert(partition);
  }
  for (const GroupDescription& group : groups) {
    for (const GroupMember& member : group.members) {
      all.insert(member.assignment.begin(), member.assignment.end());
    }
  }
  auto ends = list_offsets(admin, *topics, {all.begin(), all.end()}, -1, false);
  if (!ends) return base::fail(std::move(ends));
  return GroupOffsets{*std::move(committed), *std::move(ends)};
}

// The partitions of each member, the one with the most first, then those that nobody reads.
std::vector<OffsetRow> offset_rows(const GroupDescription& group, GroupOffsets& offsets) {
  const CommittedOffsets& committed = offsets.committed[group.id];
  std::set<base::TopicPartition> unread;
  for (const auto& [partition, offset] : committed) unread.insert(partition);
  std::vector<const GroupMember*> members;
  for (const GroupMember& member : group.members) members.push_back(&member);
  std::ranges::stable_sort(members, std::ranges::greater(),
                           [](const GroupMember* member) { return member->assignment.size(); });
  std::vector<OffsetRow> rows;
  for (const GroupMember* member : members) {
    for (const base::TopicPartition& partition : member->assignment) {
      unread.erase(partition);
      OffsetRow row = row_of(partition, committed, offsets.ends);
      row.member = member->id;
      row.host = member->host;
      row.client = member->client_id;
      rows.push_back(std::move(row));
    }
  }
  for (const base::TopicPartition& partition : unread) {
    rows.push_back(row_of(partition, committed, offsets.ends));
  }
  return rows;
}

void print_offset_rows(const std::string& group, const std::vector<OffsetRow>& rows,
                       bool is_verbose) {
  std::size_t topic_width = kColumn;
  std::size_t member_width = kColumn;
  std::size_t host_width = kColumn;
  const std::size_t group_width = std::max(kColumn, group.size());
  for (const OffsetRow& row : rows) {
    topic_width = std::max(topic_width, row.partition.topic.size());
    member_width = std::max(member_width, row.member.size());
    host_width = std::max(host_width, row.host.size());
  }
  const auto print = [&](std::string_view id, std::string_view topic, std::string_view partition,
                         std::string_view epoch, std::string_view offset, std::string_view end,
                         std::string_view lag, std::string_view member, std::string_view host,
                         std::string_view client) {
    fmt::print("\n{:<{}} {:<{}} {:<10} ", id, group_width, topic, topic_width, partition);
    if (is_verbose) fmt::print("{:<15} ", epoch);
    fmt::print("{:<15} {:<15} {:<15} {:<{}} {:<{}} {}", offset, end, lag, member, member_width,
               host, host_width, client);
  };
  print("GROUP", "TOPIC", "PARTITION", "LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG",
        "CONSUMER-ID", "HOST", "CLIENT-ID");
  for (const OffsetRow& row : rows) {
    print(group, row.partition.topic, fmt::format("{}", row.partition.partition),
          number_or_nothing(row.leader_epoch), number_or_nothing(row.offset),
          number_or_nothing(row.end), number_or_nothing(row.lag()), text_or_nothing(row.member),
          text_or_nothing(row.host), text_or_nothing(row.client));
  }
  fmt::print("\n");
}

std::string assignment_text(const std::set<base::TopicPartition>& partitions) {
  std::string out;
  std::string_view topic;
  for (const base::TopicPartition& partition : partitions) {
    if (partition.topic == topic) {
      out += fmt::format(",{}", partition.partition);
      continue;
    }
    if (!out.empty()) out += ';';
    out += fmt::format("{}:{}", partition.topic, partition.partition);
    topic = partition.topic;
  }
  return out.empty() ? std::string(kNothing) : out;
}

struct MemberColumns {
  std::size_t group = 15, id = 15, instance = 17, host = 15, client = 15;
  std::size_t current = 20, target = 20;
  bool shows_instance = false;
  // Members of both protocols.
  bool shows_upgraded = false;
};

MemberColumns columns_of(const GroupDescription& group) {
  MemberColumns columns;
  bool has_classic = false;
  bool has_consumer = false;
  columns.group = std::max(columns.group, group.members.empty() ? 0 : group.id.size());
  for (const GroupMember& member : group.members) {
    columns.id = std::max(columns.id, member.id.size());
    columns.instance = std::max(columns.instance, member.instance_id.size());
    columns.host = std::max(columns.host, member.host.size());
    columns.client = std::max(columns.client, member.client_id.size());
    columns.current = std::max(columns.current, assignment_text(member.assignment).size());
    columns.target = std::max(columns.target, assignment_text(member.target_assignment).size());
    columns.shows_instance = columns.shows_instance || !member.instance_id.empty();
    has_classic = has_classic || member.is_upgraded == false;
    has_consumer = has_consumer || member.is_upgraded == true;
  }
  columns.shows_upgraded = has_classic && has_consumer;
  return columns;
}

struct MemberCells {
  std::string group, id, instance, host, client, partitions;
  std::string epoch, assignment, target_epoch, target, upgraded;
};

void print_member(const MemberColumns& columns, const MemberCells& cells, bool is_verbose) {
  fmt::print("{:<{}} {:<{}} ", cells.group, columns.group, cells.id, columns.id);
  if (columns.shows_instance) fmt::print("{:<{}} ", cells.instance, columns.instance);
  fmt::print("{:<{}} {:<{}} {:<15} ", cells.host, columns.host, cells.client, columns.client,
             cells.partitions);
  if (is_verbose) {
    fmt::print("{:<15} {:<{}} {:<15} {:<{}}", cells.epoch, cells.assignment, columns.current,
               cells.target_epoch, cells.target, columns.target);
    if (columns.shows_upgraded) fmt::print(" {}", cells.upgraded);
  }
  fmt::print("\n");
}

void print_members(const GroupDescription& group, bool is_verbose) {
  announce_state(group, group.members.size());
  const MemberColumns columns = columns_of(group);
  fmt::print("\n");
  print_member(
      columns,
      {"GROUP", "CONSUMER-ID", "GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS",
       "CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED"},
      is_verbose);
  for (const GroupMember& member : group.members) {
    print_member(
        columns,
        {group.id, member.id, member.instance_id, member.host, member.client_id,
         fmt::format("{}", member.assignment.size()), number_or_nothing(member.epoch),
         assignment_text(member.assignment), number_or_nothing(group.target_epoch),
         assignment_text(member.target_assignment),
         member.is_upgraded ? fmt::format("{}", *member.is_upgraded) : std::string(kNothing)},
        is_verbose);
  }
}

base::Result<> print_state(Admin& admin, const GroupDescription& group, bool is_verbose) {
  if (!announce_state(group, 1)) return {};
  auto cluster = admin.cluster();
  if (!cluster) return base::fail(std::move(cluster));
  const auto broker = (*cluster)->brokers.find(group.coordinator);
  const std::string coordinator =
      fmt::format("{}  ({})", broker == (*cluster)->brokers.end() ? "" : broker->second.to_string(),
                  group.coordinator.value());
  const std::size_t group_width = std::max(kColumn, group.id.size());
  const std::size_t coordinator_width = std::max<std::size_t>(25, coordinator.size());
  const auto print = [&](std::string_view id, std::string_view where, std::string_view assignor,
                         std::string_view state, std::string_view epoch, std::string_view target,
                         std::string_view members) {
    fmt::print("\n{:<{}} {:<{}} {:<20} {:<20} ", id, group_width, where, coordinator_width,
               assignor, state);
    if (is_verbose) fmt::print("{:<15} {:<25} ", epoch, target);
    fmt::print("{}", members);
  };
  print("GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "GROUP-EPOCH",
        "TARGET-ASSIGNMENT-EPOCH", "#MEMBERS");
  print(group.id, coordinator, group.assignor.empty() ? kNothing : group.assignor, group.state,
        number_or_nothing(group.epoch), number_or_nothing(group.target_epoch),
        fmt::format("{}", group.members.size()));
  fmt::print("\n");
  return {};
}

base::Result<> print_offsets(const Invocation& invocation, Admin& admin,
                             const std::vector<GroupDescription>& groups) {
  const bool is_verbose = invocation.flags.has("verbose");
  auto offsets = offsets_of(admin, groups);
  if (!offsets) return base::fail(std::move(offsets));
  Table table = offset_table(is_verbose);
  for (const GroupDescription& group : groups) {
    const std::vector<OffsetRow> rows = offset_rows(group, *offsets);
    if (invocation.is_native) {
      add_offset_rows(table, group.id, rows);
    } else if (announce_state(group, rows.size())) {
      print_offset_rows(group.id, rows, is_verbose);
    }
  }
  if (invocation.is_native) Output(invocation.output).print(table);
  return {};
}

base::Result<> print_states(const Invocation& invocation, Admin& admin,
                            const std::vector<GroupDescription>& groups) {
  if (!invocation.is_native) {
    const bool is_verbose = invocation.flags.has("verbose");
    for (const GroupDescription& group : groups) {
      if (auto printed = print_state(admin, group, is_verbose); !printed) return printed;
    }
    return {};
  }
  auto cluster = admin.cluster();
  if (!cluster) return base::fail(std::move(cluster));
  Output(invocation.output).print(state_table(groups, **cluster));
  return {};
}

void print_all_members(const Invocation& invocation, const std::vector<GroupDescription>& groups) {
  const bool is_verbose = invocation.flags.has("verbose");
  if (invocation.is_native) {
    Output(invocation.output).print(member_table(groups, is_verbose));
    return;
  }
  for (const GroupDescription& group : groups) print_members(group, is_verbose);
}

}  // namespace

base::Result<> print_group_descriptions(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  auto ids = chosen_groups(flags, admin);
  if (!ids) return base::fail(std::move(ids));
  auto groups = describe_groups(admin, *ids);
  if (!groups) return base::fail(std::move(groups));
  if (flags.has("state")) return print_states(invocation, admin, *groups);
  if (!flags.has("members")) return print_offsets(invocation, admin, *groups);
  print_all_members(invocation, *groups);
  return {};
}

base::Result<std::vector<std::string>> chosen_groups(const Flags& flags, Admin& admin) {
  std::vector<std::string> ids = flags.values("group");
  if (flags.has("all-groups")) {
    auto groups = list_groups(admin, {}, {});
    if (!groups) return base::fail(std::move(groups));
    for (const GroupListing& group : *groups) ids.push_back(group.id);
  }
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

void print_group_error(const std::string& message) { fmt::print("\nError: {}\n", message); }

}  // namespace odradek::cli
