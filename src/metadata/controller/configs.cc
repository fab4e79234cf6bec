// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/configs.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "config/dynamic.h"
#include "metadata/controller/config_change.h"
#include "metadata/controller/config_resources.h"
#include "metadata/controller/eligible_replicas.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;

constexpr std::size_t kMaxValueBytes = 32767;

std::string describe(ConfigOperation operation) {
  return operation == ConfigOperation::kAppend ? "append" : "subtract";
}

class ConfigAlterer {
 public:
  ConfigAlterer(const ClusterImage& image, const ConfigInputs& inputs,
                const std::vector<ResourceChange>& changes)
      : image_(image), inputs_(inputs), changes_(changes) {
    for (const ResourceChange& change : changes) ++counts_[{change.type, change.name}];
  }

  // The error of each change, in their order.
  std::vector<base::Result<>> run() {
    std::vector<base::Result<>> results;
    for (const ResourceChange& change : changes_) {
      auto records = alter(change);
      if (records) std::ranges::move(*records, std::back_inserter(records_));
      results.push_back(records ? base::Result<>() : base::fail(std::move(records)));
    }
    clear_eligible_replicas();
    return results;
  }

  std::vector<MetadataRecord> take_records() { return std::move(records_); }

 private:
  using Records = std::vector<MetadataRecord>;

  base::Result<Records> alter(const ResourceChange& change) const {
    if (auto valid = check_form(change); !valid) return base::fail(std::move(valid));
    if (auto valid = check_resource(inputs_.broker, change); !valid) {
      return base::fail(std::move(valid));
    }
    if (change.resource_type() == ConfigResourceType::kBrokerLogger) return Records{};
    auto next = apply(change);
    if (!next) return base::fail(std::move(next));
    Records records = difference(change, *next);
    if (auto valid = check_records(records); !valid) return base::fail(std::move(valid));
    if (auto valid = check_values(*settings_of(change), change, *next); !valid) {
      return base::fail(std::move(valid));
    }
    if (auto valid = check_existence(image_, change); !valid) return base::fail(std::move(valid));
    return records;
  }

  // Those of the broker that a change is about, where it is another one than decides: of its file
  // nothing is known here.
  std::shared_ptr<const config::SettingsLayers> settings_of(const ResourceChange& change) const {
    const bool is_elsewhere = change.resource_type() == ConfigResourceType::kBroker &&
                              !change.name.empty() && !inputs_.broker;
    if (!is_elsewhere) return {std::shared_ptr<void>(), &inputs_.settings};
    std::vector<std::string> ignored;
    config::LiveSettings live(inputs_.settings.file);
    live.set_dynamic(
        inputs_.settings.cluster_default,
        config::usable_dynamic(present(change), config::DynamicScope::kBroker, ignored));
    return live.layers();
  }

  base::Result<> check_form(const ResourceChange& change) const {
    if (counts_.at({change.type, change.name}) > 1) {
      return base::fail(ErrorCode::kInvalidRequest, "Each resource must appear at most once.");
    }
    std::set<std::string_view> keys;
    std::vector<std::string_view> without_value;
    for (const ConfigOp& op : change.ops) {
      if (!keys.insert(op.key).second) {
        return base::fail(ErrorCode::kInvalidRequest,
                          fmt::format("Error due to duplicate config keys: {}", op.key));
      }
      if (!op.value && op.operation != ConfigOperation::kDelete) without_value.push_back(op.key);
    }
    if (without_value.empty()) return {};
    return base::fail(ErrorCode::kInvalidRequest, fmt::format("Null value not supported for : {}",
                                                              fmt::join(without_value, ", ")));
  }

  const ConfigMap& present(const ResourceChange& change) const {
    static const ConfigMap kNone;
    const ConfigMap* found = image_.find_config(change.resource_type(), change.name);
    return found == nullptr ? kNone : *found;
  }

  // The resource's whole configuration after the change.
  base::Result<ConfigMap> apply(const ResourceChange& change) const {
    ConfigMap next = change.replaces ? ConfigMap{} : present(change);
    for (const ConfigOp& op : change.ops) {
      switch (op.operation) {
        case ConfigOperation::kSet:
          next[op.key] = *op.value;
          break;
        case ConfigOperation::kDelete:
          next.erase(op.key);
          break;
        case ConfigOperation::kAppend:
        case ConfigOperation::kSubtract: {
          auto list = change_list(change, op, next);
          if (!list) return base::fail(std::move(list));
          next[op.key] = std::move(*list);
          break;
        }
        default:
          return base::fail(ErrorCode::kInvalidRequest,
                            fmt::format("Unknown operations type {}; 0 (SET), 1 (DELETE), 2 "
                                        "(APPEND) and 3 (SUBTRACT) are known",
                                        static_cast<int>(op.operation)));
      }
    }
    return next;
  }

  static base::Result<std::string> change_list(const ResourceChange& change, const ConfigOp& op,
                                               const ConfigMap& configs) {
    const config::Setting* setting = find_setting(change.resource_type(), op.key);
    if (setting == nullptr || setting->type != config::Type::kList) {
      return base::fail(ErrorCode::kInvalidConfig,
                        fmt::format("Can't {} to key {} because its type is not LIST.",
                                    describe(op.operation), op.key));
    }
    const auto own = configs.find(op.key);
    const std::string_view before =
        own != configs.end() ? own->second : setting->default_value.value_or("");
    return op.operation == ConfigOperation::kAppend ? append_to_list(before, *op.value)
                                                    : subtract_from_list(before, *op.value);
  }

  // A broker's keys are written again where they are what they were: files behind them may have
  // changed.
  Records difference(const ResourceChange& change, const ConfigMap& next) const {
    const ConfigMap& before = present(change);
    const bool always = change.resource_type() == ConfigResourceType::kBroker;
    Records records;
    std::set<std::string_view> named;
    for (const ConfigOp& op : change.ops) {
      named.insert(op.key);
      const auto old = before.find(op.key);
      const auto now = next.find(op.key);
      const bool is_same =
          old == before.end() ? now == next.end() : now != next.end() && now->second == old->second;
      if (is_same && !always) continue;
      records.push_back(
          record(change, op.key, now == next.end() ? std::nullopt : std::optional(now->second)));
    }
    for (const auto& [key, value] : before) {
      if (!named.contains(key) && !next.contains(key)) {
        records.push_back(record(change, key, std::nullopt));
      }
    }
    return records;
  }

  static wire::ConfigRecord record(const ResourceChange& change, const std::string& key,
                                   std::optional<std::string> value) {
    wire::ConfigRecord record;
    record.resource_type = change.type;
    record.resource_name = change.name;
    record.name = key;
    record.value = std::move(value);
    return record;
  }

  // What the records themselves may not say.
  base::Result<> check_records(const Records& records) const {
    for (const MetadataRecord& record : records) {
      const auto& config = std::get<wire::ConfigRecord>(record);
      if (auto valid = check_min_in_sync(config); !valid) return valid;
      if (config.value && config.value->size() > kMaxValueBytes) {
        return base::fail(ErrorCode::kInvalidConfig,
                          fmt::format("The value of {} has {} bytes; at most {} are possible.",
                                      config.name, config.value->size(), kMaxValueBytes));
      }
    }
    return {};
  }

  // With eligible leader replicas (KIP-966) one number holds for the cluster, and it stays known.
  base::Result<> check_min_in_sync(const wire::ConfigRecord& record) const {
    if (record.name != kMinInSyncReplicas || !has_eligible_replicas(image_) ||
        record.resource_type != static_cast<std::int8_t>(ConfigResourceType::kBroker)) {
      return {};
    }
    if (!record.resource_name.empty()) {
      return base::fail(ErrorCode::kInvalidConfig,
                        "Broker-level min.insync.replicas cannot be altered while ELR is enabled.");
    }
    if (record.value) return {};
    return base::fail(ErrorCode::kInvalidConfig,
                      "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.");
  }

  // What counted as eligible under another minimum no longer does.
  void clear_eligible_replicas() {
    if (!has_eligible_replicas(image_)) return;
    Records cleared;
    for (const MetadataRecord& record : records_) {
      const auto& config = std::get<wire::ConfigRecord>(record);
      if (config.name != kMinInSyncReplicas) continue;
      const bool is_topic =
          config.resource_type == static_cast<std::int8_t>(ConfigResourceType::kTopic);
      metadata::clear_eligible_replicas(image_, is_topic ? config.resource_name : std::string(),
                                        cleared);
    }
    std::ranges::move(cleared, std::back_inserter(records_));
  }

  const ClusterImage& image_;
  const ConfigInputs& inputs_;
  const std::vector<ResourceChange>& changes_;
  std::map<std::pair<std::int8_t, std::string>, int> counts_;
  Records records_;
};

template <typename Decision>
Decision decide(const ClusterImage& image, const ConfigInputs& inputs,
                const std::vector<ResourceChange>& changes, bool validate_only) {
  ConfigAlterer alterer(image, inputs, changes);
  auto results = alterer.run();
  Decision decision;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto& response = decision.reply.responses.emplace_back();
    response.resource_type = changes[i].type;
    response.resource_name = changes[i].name;
    response.error_message.reset();
    if (results[i]) continue;
    response.error_code = results[i].error().code;
    response.error_message = std::move(results[i]).error().message;
  }
  if (!validate_only) decision.records = alterer.take_records();
  return decision;
}

}  // namespace

AlterConfigsDecision alter_configs(const ClusterImage& image, const ConfigInputs& inputs,
                                   const wire::AlterConfigsRequest& request) {
  std::vector<ResourceChange> changes;
  for (const auto& resource : request.resources) {
    auto& change = changes.emplace_back();
    change.type = resource.resource_type;
    change.name = resource.resource_name;
    change.replaces = true;
    for (const auto& entry : resource.configs) {
      change.ops.push_back({entry.name, ConfigOperation::kSet, entry.value});
    }
  }
  return decide<AlterConfigsDecision>(image, inputs, changes, request.validate_only);
}

IncrementalAlterConfigsDecision incremental_alter_configs(
    const ClusterImage& image, const ConfigInputs& inputs,
    const wire::IncrementalAlterConfigsRequest& request) {
  std::vector<ResourceChange> changes;
  for (const auto& resource : request.resources) {
    auto& change = changes.emplace_back();
    change.type = resource.resource_type;
    change.name = resource.resource_name;
    for (const auto& entry : resource.configs) {
      change.ops.push_back(
          {entry.name, static_cast<ConfigOperation>(entry.config_operation), entry.value});
    }
  }
  return decide<IncrementalAlterConfigsDecision>(image, inputs, changes, request.validate_only);
}

}  // namespace odradek::metadata
