// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "cli/configs/config_actions.h"
#include "cli/flag_checks.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_config_resources.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/metadata.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Entry = wire::DescribeConfigsResponse::DescribeConfigsResourceResult;
using Names = std::vector<std::string>;

constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;

// As the protocol numbers them.
std::int8_t resource_type(std::string_view entity_type) {
  if (entity_type == kTopics) return 2;
  if (entity_type == kBrokers) return 4;
  if (entity_type == kBrokerLoggers) return 8;
  if (entity_type == kClientMetrics) return 16;
  return 32;
}

// The source of what was set for an entity itself; nothing: whatever the source.
std::optional<std::int8_t> own_source(std::string_view entity_type, std::string_view name) {
  if (entity_type == kTopics) return 1;
  if (entity_type == kBrokers) return name.empty() ? 3 : 2;
  if (entity_type == kClientMetrics) return 7;
  if (entity_type == kGroups) return 8;
  return std::nullopt;
}

std::string_view source_name(std::int8_t source) {
  switch (source) {
    case 1:
      return "DYNAMIC_TOPIC_CONFIG";
    case 2:
      return "DYNAMIC_BROKER_CONFIG";
    case 3:
      return "DYNAMIC_DEFAULT_BROKER_CONFIG";
    case 4:
      return "STATIC_BROKER_CONFIG";
    case 5:
      return "DEFAULT_CONFIG";
    case 6:
      return "DYNAMIC_BROKER_LOGGER_CONFIG";
    case 7:
      return "DYNAMIC_CLIENT_METRICS_CONFIG";
    case 8:
      return "DYNAMIC_GROUP_CONFIG";
    default:
      return "UNKNOWN";
  }
}

// A broker answers for itself; anyone for the rest.
std::optional<base::BrokerId> responsible(std::string_view entity_type, const std::string& name) {
  if (name.empty() || (entity_type != kBrokers && entity_type != kBrokerLoggers)) {
    return std::nullopt;
  }
  std::int32_t id = -1;
  std::from_chars(name.data(), name.data() + name.size(), id);
  return base::BrokerId(id);
}

template <typename Response, typename Request>
base::Result<Response> ask(ConfigSession& session, std::string_view type, const std::string& name,
                           Request request) {
  const auto broker = responsible(type, name);
  auto answer = broker ? session.admin.ask<Response>(*broker, std::move(request))
                       : session.admin.ask<Response>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  return answer;
}

base::Result<std::vector<Entry>> configs_of(ConfigSession& session, std::string_view type,
                                            const std::string& name, bool shows_all) {
  wire::DescribeConfigsRequest request;
  request.resources.push_back({resource_type(type), name, std::nullopt});
  request.include_synonyms = true;
  auto answer = ask<wire::DescribeConfigsResponse>(session, type, name, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->results.empty()) return session.refused(ErrorCode::kUnknownServerError, {});
  auto& result = answer->results[0];
  if (result.error_code != ErrorCode::kNone) {
    return session.refused(result.error_code, result.error_message);
  }
  const auto source = shows_all ? std::nullopt : own_source(type, name);
  std::erase_if(result.configs,
                [&](const Entry& entry) { return source && entry.config_source != *source; });
  std::ranges::sort(result.configs, {}, &Entry::name);
  return std::move(result.configs);
}

base::Result<Names> topic_names(ConfigSession& session) {
  wire::MetadataRequest request;
  request.topics.reset();
  request.allow_auto_topic_creation = false;
  auto answer = session.admin.ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  Names names;
  for (const auto& topic : answer->topics) names.push_back(topic.name.value_or(""));
  std::ranges::sort(names);
  return names;
}

// Every broker, then their default.
base::Result<Names> broker_names(ConfigSession& session) {
  auto cluster = session.admin.cluster();
  if (!cluster) return session.failed(std::move(cluster));
  Names names;
  for (const auto& [id, address] : (*cluster)->brokers) names.push_back(std::to_string(id.value()));
  names.emplace_back();
  return names;
}

base::Result<Names> resource_names(ConfigSession& session, std::string_view type) {
  wire::ListConfigResourcesRequest request;
  request.resource_types = {resource_type(type)};
  auto answer = session.admin.ask<wire::ListConfigResourcesResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return session.refused(answer->error_code, {});
  Names names;
  for (auto& resource : answer->config_resources) {
    names.push_back(std::move(resource.resource_name));
  }
  std::ranges::sort(names);
  return names;
}

// Groups that exist and groups that have a configuration.
base::Result<Names> group_names(ConfigSession& session) {
  auto cluster = session.admin.cluster();
  if (!cluster) return session.failed(std::move(cluster));
  std::set<std::string> names;
  for (const auto& [id, address] : (*cluster)->brokers) {
    auto answer = session.admin.ask<wire::ListGroupsResponse>(id, wire::ListGroupsRequest());
    if (!answer) return session.failed(std::move(answer));
    if (answer->error_code != ErrorCode::kNone) return session.refused(answer->error_code, {});
    for (const auto& group : answer->groups) names.insert(group.group_id);
  }
  auto configured = resource_names(session, kGroups);
  if (configured) {
    names.insert(configured->begin(), configured->end());
  } else if (configured.error().code != ErrorCode::kUnsupportedVersion &&
             configured.error().code != ErrorCode::kClusterAuthorizationFailed) {
    return configured;
  }
  return Names(names.begin(), names.end());
}

base::Result<Names> all_names(ConfigSession& session, std::string_view type) {
  if (type == kTopics) return topic_names(session);
  if (type == kBrokers || type == kBrokerLoggers) return broker_names(session);
  if (type == kGroups) return group_names(session);
  return resource_names(session, type);
}

List synonym_list(const Entry& entry) {
  List synonyms;
  for (const auto& synonym : entry.synonyms) {
    synonyms.push_back(Object{
        {"key", synonym.name}, {"value", synonym.value}, {"source", source_name(synonym.source)}});
  }
  return synonyms;
}

// Where a key's value may come from is left to JSON: no line is wide enough.
Document document_of(std::string_view type, const std::string& name,
                     const std::vector<Entry>& entries, bool has_synonyms) {
  Table table{
      .columns = {{"key"}, {"value"}, {"source"}, {"is_sensitive", true}, {"is_read_only", true}},
      .rows = {},
      .when_empty = "Nothing is set."};
  if (has_synonyms) table.columns.push_back({"synonyms", true});
  for (const Entry& entry : entries) {
    std::vector<Cell> row = {entry.name, entry.value, source_name(entry.config_source),
                             entry.is_sensitive, entry.read_only};
    if (has_synonyms) row.emplace_back(synonym_list(entry));
    table.rows.push_back(std::move(row));
  }
  Document document{.facts = {{"type", singular(type)}}, .tables = {}};
  if (name.empty()) {
    document.facts.emplace_back("is_default", true);
  } else {
    document.facts.emplace_back("name", name);
  }
  document.tables.emplace_back("configs", std::move(table));
  return document;
}

void print_as_kafka(const Entry& entry) {
  Names synonyms;
  for (const auto& synonym : entry.synonyms) {
    synonyms.push_back(fmt::format("{}:{}={}", source_name(synonym.source), synonym.name,
                                   synonym.value.value_or("null")));
  }
  fmt::print("  {}={} sensitive={} synonyms={{{}}}\n", entry.name, entry.value.value_or("null"),
             entry.is_sensitive, fmt::join(synonyms, ", "));
}

base::Result<> show_configs(ConfigSession& session, std::string_view type, const std::string& name,
                            bool shows_all) {
  auto entries = configs_of(session, type, name, shows_all);
  if (session.invocation.is_native) {
    if (!entries) return base::fail(std::move(entries));
    const bool is_json = session.invocation.output.form == OutputForm::kJson;
    session.documents.push_back(document_of(type, name, *entries, is_json));
    return {};
  }
  // Kafka's tool prints the head before it asks.
  if (name.empty()) {
    fmt::print("Default configs for {} in the cluster are:\n", type);
  } else {
    fmt::print("{} configs for {} {} are:\n", shows_all ? "All" : "Dynamic", singular(type), name);
  }
  if (!entries) return base::fail(std::move(entries));
  std::ranges::for_each(*entries, print_as_kafka);
  return {};
}

base::Result<> check_loggers(ConfigSession& session, const std::string& broker,
                             const ConfigChanges& changes) {
  auto known = configs_of(session, kBrokerLoggers, broker, false);
  if (!known) return base::fail(std::move(known));
  Names unknown;
  const auto check = [&](const std::string& name) {
    if (std::ranges::count(*known, name, &Entry::name) == 0) unknown.push_back(name);
  };
  std::ranges::for_each(changes.deleted, check);
  for (const auto& [name, value] : changes.added) check(name);
  if (unknown.empty()) return {};
  return misuse(fmt::format("Invalid broker logger(s): {}", fmt::join(unknown, ",")));
}

}  // namespace

base::Result<> describe_resources(ConfigSession& session, const Entities& entities,
                                  bool shows_all) {
  const std::string& type = entities.types[0];
  if (entities.names.empty()) {
    auto names = all_names(session, type);
    if (!names) return base::fail(std::move(names));
    for (const std::string& name : *names) {
      if (auto done = show_configs(session, type, name, shows_all); !done) return done;
    }
    return {};
  }
  const std::string& name = entities.names[0];
  if (!shows_all) {
    auto names = all_names(session, type);
    if (!names) return base::fail(std::move(names));
    if (std::ranges::count(*names, name) == 0) {
      const auto text = fmt::format("The {} '{}' doesn't exist and doesn't have dynamic config.",
                                    singular(type), name);
      if (session.invocation.is_native) return session.refused(ErrorCode::kResourceNotFound, text);
      fmt::print("{}\n", text);
      return {};
    }
  }
  return show_configs(session, type, name, shows_all);
}

base::Result<> alter_resource(ConfigSession& session, const Entities& entities,
                              const ConfigChanges& changes) {
  const std::string& type = entities.types[0];
  const std::string& name = entities.names[0];
  if (type == kBrokerLoggers) {
    if (auto ok = check_loggers(session, name, changes); !ok) return ok;
  }
  wire::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = resource_type(type);
  resource.resource_name = name;
  for (const std::string& key : changes.deleted) resource.configs.push_back({key, kDelete, ""});
  for (const auto& [key, value] : changes.added) resource.configs.push_back({key, kSet, value});
  auto answer = ask<wire::IncrementalAlterConfigsResponse>(session, type, name, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->responses) {
    if (result.error_code != ErrorCode::kNone) {
      return session.refused(result.error_code, result.error_message);
    }
  }
  return {};
}

}  // namespace odradek::cli
