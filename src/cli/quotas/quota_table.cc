// SPDX-License-Identifier: Apache-2.0
#include "cli/quotas/quota_table.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace odradek::cli {
namespace {

using Quotas = wire::DescribeClientQuotasResponse::EntryData;

struct EntityColumn {
  std::string_view name;
  std::string_view entity_type;
};
constexpr std::array kEntities = {EntityColumn{"user", "user"},
                                  EntityColumn{"client_id", "client-id"}, EntityColumn{"ip", "ip"}};
constexpr std::array<std::string_view, 5> kKeys = {"producer_byte_rate", "consumer_byte_rate",
                                                   "request_percentage", "controller_mutation_rate",
                                                   "connection_creation_rate"};

Value entity_value(const Quotas& quotas, std::string_view type) {
  for (const auto& part : quotas.entity) {
    if (part.entity_type == type) return part.entity_name.value_or("(default)");
  }
  return {};
}

Value quota_value(const Quotas& quotas, std::string_view key) {
  for (const auto& value : quotas.values) {
    if (value.key == key) return value.value;
  }
  return {};
}

}  // namespace

Table quota_table(const std::vector<Quotas>& quotas) {
  Table table{.columns = {}, .rows = {}, .when_empty = "There are no quotas."};
  for (const auto& [name, type] : kEntities) table.columns.push_back({name});
  for (const std::string_view key : kKeys) table.columns.push_back({key});
  for (const Quotas& entry : quotas) {
    std::vector<Cell> row;
    for (const auto& [name, type] : kEntities) row.emplace_back(entity_value(entry, type));
    for (const std::string_view key : kKeys) row.emplace_back(quota_value(entry, key));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace odradek::cli
