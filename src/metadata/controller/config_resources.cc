// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/config_resources.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/loggers.h"
#include "config/client_metrics_config.h"
#include "config/dynamic.h"
#include "config/group_config.h"
#include "config/topic_config.h"
#include "metadata/controller/topic_name.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;

base::Result<> check_broker_name(const std::string& name, std::optional<base::BrokerId> asked) {
  std::int32_t id = -1;
  const char* const end = name.data() + name.size();
  if (const auto parsed = std::from_chars(name.data(), end, id);
      parsed.ec != std::errc{} || parsed.ptr != end) {
    return base::fail(ErrorCode::kInvalidRequest,
                      fmt::format("Node id must be an integer, but it is: {}", name));
  }
  if (!asked || id == asked->value()) return {};
  return base::fail(
      ErrorCode::kInvalidRequest,
      fmt::format("Unexpected broker id, expected {}, but received {}", asked->value(), name));
}

bool names(const ResourceChange& change, std::string_view key) {
  return std::ranges::find(change.ops, key, &ConfigOp::key) != change.ops.end();
}

// What the change leaves as it was is not held against it: another version may have stored it.
template <typename IsUsable>
ConfigMap without_unusable(const ResourceChange& change, const ConfigMap& next,
                           IsUsable is_usable) {
  ConfigMap kept;
  for (const auto& [key, value] : next) {
    if (names(change, key) || is_usable(key)) kept[key] = value;
  }
  return kept;
}

base::Result<> check_broker(const config::SettingsLayers& settings, const ResourceChange& change,
                            const ConfigMap& next) {
  const auto scope =
      change.name.empty() ? config::DynamicScope::kClusterDefault : config::DynamicScope::kBroker;
  std::vector<std::string> ignored;
  const ConfigMap usable = config::usable_dynamic(next, scope, ignored);
  return config::check_dynamic(
      settings,
      without_unusable(change, next, [&](const auto& key) { return usable.contains(key); }), scope);
}

base::Result<> check_logger(const ConfigOp& op) {
  if (op.operation == ConfigOperation::kAppend || op.operation == ConfigOperation::kSubtract) {
    return base::fail(
        ErrorCode::kInvalidRequest,
        fmt::format("{} operation is not allowed for the BROKER_LOGGER resource",
                    op.operation == ConfigOperation::kAppend ? "APPEND" : "SUBTRACT"));
  }
  if (op.operation != ConfigOperation::kSet && op.operation != ConfigOperation::kDelete) {
    return base::fail(ErrorCode::kInvalidRequest,
                      fmt::format("Unknown operation type {} is not allowed for the BROKER_LOGGER "
                                  "resource",
                                  static_cast<int>(op.operation)));
  }
  if (!base::log::is_logger(op.key)) {
    return base::fail(ErrorCode::kInvalidConfig, fmt::format("Logger {} does not exist!", op.key));
  }
  if (op.operation == ConfigOperation::kDelete && op.key == base::log::kRootLogger) {
    return base::fail(ErrorCode::kInvalidRequest,
                      "Removing the log level of the root logger is not allowed");
  }
  if (op.operation == ConfigOperation::kDelete || base::log::is_level_name(*op.value)) return {};
  return base::fail(
      ErrorCode::kInvalidConfig,
      fmt::format("Cannot set the log level of {} to {} as it is not a supported log "
                  "level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
                  op.key, *op.value));
}

base::Result<> check_loggers(std::optional<base::BrokerId> asked, const ResourceChange& change) {
  if (auto valid = check_broker_name(change.name, asked); !valid) return valid;
  for (const ConfigOp& op : change.ops) {
    if (auto valid = check_logger(op); !valid) return valid;
  }
  return {};
}

base::Result<> check_topic(const config::SettingsLayers& settings, const ResourceChange& change,
                           const ConfigMap& next) {
  if (change.name.empty()) {
    return base::fail(ErrorCode::kInvalidRequest, "Default topic resources are not allowed.");
  }
  if (auto valid = check_topic_name(change.name); !valid) return valid;
  return config::check_topic_config(settings.in_force,
                                    without_unusable(change, next, [](const auto& key) {
                                      return config::find_topic_setting(key) != nullptr;
                                    }));
}

base::Result<> check_client_metrics(const ResourceChange& change, const ConfigMap& next) {
  if (change.name.empty()) {
    return base::fail(ErrorCode::kInvalidRequest, "Subscription name can't be empty");
  }
  return config::check_client_metrics_config(next);
}

base::Result<> check_group(const config::SettingsLayers& settings, const ResourceChange& change,
                           const ConfigMap& next) {
  if (change.name.empty()) {
    return base::fail(ErrorCode::kInvalidRequest, "Default group resources are not allowed.");
  }
  return config::check_group_config(
      settings.in_force, without_unusable(change, next, [](const auto& key) {
        return config::find_setting(config::Scope::kGroup, key) != nullptr;
      }));
}

}  // namespace

const config::Setting* find_setting(ConfigResourceType type, std::string_view key) {
  switch (type) {
    case ConfigResourceType::kTopic:
      return config::find_topic_setting(key);
    case ConfigResourceType::kBroker:
      return config::find_dynamic_setting(key);
    default:
      return nullptr;
  }
}

base::Result<> check_resource(std::optional<base::BrokerId> asked, const ResourceChange& change) {
  switch (change.resource_type()) {
    case ConfigResourceType::kTopic:
    case ConfigResourceType::kClientMetrics:
    case ConfigResourceType::kGroup:
      return {};
    case ConfigResourceType::kBroker:
      return change.name.empty() ? base::Result<>() : check_broker_name(change.name, asked);
    case ConfigResourceType::kBrokerLogger:
      // A whole configuration of loggers is not to be had.
      if (!change.replaces) return check_loggers(asked, change);
      break;
  }
  return base::fail(ErrorCode::kInvalidRequest,
                    fmt::format("Unknown resource type {}", change.type));
}

base::Result<> check_values(const config::SettingsLayers& settings, const ResourceChange& change,
                            const ConfigMap& next) {
  switch (change.resource_type()) {
    case ConfigResourceType::kTopic:
      return check_topic(settings, change, next);
    case ConfigResourceType::kBroker:
      return check_broker(settings, change, next);
    case ConfigResourceType::kClientMetrics:
      return check_client_metrics(change, next);
    case ConfigResourceType::kGroup:
      return check_group(settings, change, next);
    default:
      return {};
  }
}

base::Result<> check_existence(const ClusterImage& image, const ResourceChange& change) {
  if (change.resource_type() != ConfigResourceType::kTopic) return {};
  if (image.find_topic(change.name) != nullptr) return {};
  return base::fail(ErrorCode::kUnknownTopicOrPartition,
                    fmt::format("The topic '{}' does not exist.", change.name));
}

}  // namespace odradek::metadata
