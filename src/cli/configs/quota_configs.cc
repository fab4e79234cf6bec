// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/java_double.h"
#include "cli/admin/java_text.h"
#include "cli/configs/config_actions.h"
#include "cli/flag_checks.h"
#include "cli/quotas/quota_table.h"
#include "wire/messages/alter_client_quotas.h"
#include "wire/messages/describe_client_quotas.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Quotas = wire::DescribeClientQuotasResponse::EntryData;

enum MatchType : std::int8_t { kExact = 0, kDefault = 1, kAnySpecified = 2 };

struct EntityKind {
  std::string_view type;      // "users"
  std::string_view protocol;  // "user"
  std::string_view text;      // "user-principal"
};
constexpr std::array kKinds = {EntityKind{kUsers, "user", "user-principal"},
                               EntityKind{kClients, "client-id", "client-id"},
                               EntityKind{kIps, "ip", "ip"}};

std::string protocol_type(std::string_view type) {
  const auto found = std::ranges::find(kKinds, type, &EntityKind::type);
  return std::string(found == kKinds.end() ? type : found->protocol);
}

base::Result<std::vector<Quotas>> quotas_of(ConfigSession& session, const Entities& entities) {
  if (entities.names.size() > entities.types.size()) {
    return misuse("More entity names specified than entity types");
  }
  wire::DescribeClientQuotasRequest request;
  request.strict = true;
  for (std::size_t i = 0; i < entities.types.size(); ++i) {
    auto& component = request.components.emplace_back();
    component.entity_type = protocol_type(entities.types[i]);
    component.match_type = kAnySpecified;
    component.match.reset();
    if (i >= entities.names.size()) continue;
    component.match_type = entities.names[i].empty() ? kDefault : kExact;
    if (!entities.names[i].empty()) component.match = entities.names[i];
  }
  auto answer = session.admin.ask<wire::DescribeClientQuotasResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return session.refused(answer->error_code, answer->error_message);
  }
  return std::move(answer->entries).value_or(std::vector<Quotas>());
}

// "user-principal 'alice', the default client-id"
std::string entity_text(const Quotas& quotas) {
  std::string text;
  for (const EntityKind& kind : kKinds) {
    for (const auto& part : quotas.entity) {
      if (part.entity_type != kind.protocol) continue;
      if (!text.empty()) text += ", ";
      text += part.entity_name ? fmt::format("{} '{}'", kind.text, *part.entity_name)
                               : fmt::format("the default {}", kind.text);
    }
  }
  return text;
}

std::string values_text(const Quotas& quotas) {
  std::vector<std::string> keys;
  for (const auto& value : quotas.values) keys.push_back(value.key);
  std::string text;
  for (const std::string& key : java_hash_order(std::move(keys))) {
    const auto value = std::ranges::find(
        quotas.values, key, [](const auto& entry) -> const auto& { return entry.key; });
    if (!text.empty()) text += ", ";
    text += fmt::format("{}={}", key, base::java_double(value->value));
  }
  return text;
}

base::Result<double> parse_quota(const std::string& key, const std::string& text) {
  double value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size()) return value;
  return misuse(fmt::format("Cannot parse quota configuration value for {}: {}", key, text));
}

// Only what is set can be deleted.
base::Result<> check_deleted(ConfigSession& session, const Entities& entities,
                             const std::vector<std::string>& deleted) {
  auto present = quotas_of(session, entities);
  if (!present) return base::fail(std::move(present));
  std::set<std::string> keys;
  if (!present->empty()) {
    for (const auto& value : (*present)[0].values) keys.insert(value.key);
  }
  std::vector<std::string> missing;
  for (const std::string& key : deleted) {
    if (!keys.contains(key)) missing.push_back(key);
  }
  if (missing.empty()) return {};
  return misuse(fmt::format("Invalid config(s): {}", fmt::join(missing, ",")));
}

}  // namespace

base::Result<> describe_quotas(ConfigSession& session, const Entities& entities) {
  auto found = quotas_of(session, entities);
  if (!found) return base::fail(std::move(found));
  std::ranges::sort(*found, {}, entity_text);
  if (session.invocation.is_native) {
    session.documents.push_back({.facts = {}, .tables = {{"quotas", quota_table(*found)}}});
    return {};
  }
  for (const Quotas& quotas : *found) {
    fmt::print("Quota configs for {} are {}\n", entity_text(quotas), values_text(quotas));
  }
  return {};
}

base::Result<> alter_quotas(ConfigSession& session, const Entities& entities,
                            const ConfigChanges& changes) {
  if (auto ok = check_deleted(session, entities, changes.deleted); !ok) return ok;
  wire::AlterClientQuotasRequest request;
  auto& entry = request.entries.emplace_back();
  for (std::size_t i = 0; i < entities.types.size(); ++i) {
    auto& part = entry.entity.emplace_back();
    part.entity_type = protocol_type(entities.types[i]);
    part.entity_name.reset();
    if (!entities.names[i].empty()) part.entity_name = entities.names[i];
  }
  for (const auto& [key, text] : changes.added) {
    auto value = parse_quota(key, text);
    if (!value) return base::fail(std::move(value));
    entry.ops.push_back({key, *value, false});
  }
  for (const std::string& key : changes.deleted) entry.ops.push_back({key, 0, true});
  auto answer = session.admin.ask_controller<wire::AlterClientQuotasResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  for (const auto& result : answer->entries) {
    if (result.error_code != ErrorCode::kNone) {
      return session.refused(result.error_code, result.error_message);
    }
  }
  return {};
}

}  // namespace odradek::cli
