// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/topic_partition.h"
#include "cli/groups/group_client.h"
#include "cli/output/output.h"

// What the groups command shows under its own name.
namespace odradek::cli {

// One line of --describe --offsets. What nobody has is empty.
struct OffsetRow {
  base::TopicPartition partition;
  std::optional<std::int64_t> offset;
  std::optional<std::int32_t> leader_epoch;
  std::optional<std::int64_t> end;
  std::string member;
  std::string host;
  std::string client;

  std::optional<std::int64_t> lag() const {
    return offset && end ? std::optional(*end - *offset) : std::nullopt;
  }
};

// What a group's state means to who reads it.
Tone state_tone(std::string_view state);

// Columns that were not asked for are details.
Table group_table(const std::vector<GroupListing>& groups, bool shows_type, bool shows_state);
Table offset_table(bool is_verbose);
void add_offset_rows(Table& table, const std::string& group, const std::vector<OffsetRow>& rows);
Table member_table(const std::vector<GroupDescription>& groups, bool is_verbose);
Table state_table(const std::vector<GroupDescription>& groups, const Admin::Cluster& cluster);
Table reset_table();

}  // namespace odradek::cli
