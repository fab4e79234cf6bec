// SPDX-License-Identifier: Apache-2.0
#include "config/topic_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "config/table.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

constexpr std::pair<std::string_view, std::string_view> kBrokerKeys[] = {
    {"segment.bytes", "log.segment.bytes"},
    {"segment.ms", "log.roll.ms"},
    {"segment.jitter.ms", "log.roll.jitter.ms"},
    {"segment.index.bytes", "log.index.size.max.bytes"},
    {"flush.messages", "log.flush.interval.messages"},
    {"flush.ms", "log.flush.interval.ms"},
    {"retention.bytes", "log.retention.bytes"},
    {"local.retention.bytes", "log.local.retention.bytes"},
    {"retention.ms", "log.retention.ms"},
    {"local.retention.ms", "log.local.retention.ms"},
    {"max.message.bytes", "message.max.bytes"},
    {"index.interval.bytes", "log.index.interval.bytes"},
    {"delete.retention.ms", "log.cleaner.delete.retention.ms"},
    {"min.compaction.lag.ms", "log.cleaner.min.compaction.lag.ms"},
    {"max.compaction.lag.ms", "log.cleaner.max.compaction.lag.ms"},
    {"file.delete.delay.ms", "log.segment.delete.delay.ms"},
    {"min.cleanable.dirty.ratio", "log.cleaner.min.cleanable.ratio"},
    {"cleanup.policy", "log.cleanup.policy"},
    {"unclean.leader.election.enable", "unclean.leader.election.enable"},
    {"min.insync.replicas", "min.insync.replicas"},
    {"compression.type", "compression.type"},
    {"compression.gzip.level", "compression.gzip.level"},
    {"compression.lz4.level", "compression.lz4.level"},
    {"compression.zstd.level", "compression.zstd.level"},
    {"preallocate", "log.preallocate"},
    {"message.timestamp.type", "log.message.timestamp.type"},
    {"message.timestamp.before.max.ms", "log.message.timestamp.before.max.ms"},
    {"message.timestamp.after.max.ms", "log.message.timestamp.after.max.ms"},
    {"max.decompressed.message.bytes", "max.decompressed.message.bytes"},
    {"remote.copy.lag.ms", "log.remote.copy.lag.ms"},
    {"remote.copy.lag.bytes", "log.remote.copy.lag.bytes"},
    {"write.caching", "write.caching.default"},
};

base::Result<> check_availability(std::string_view key, std::string_view value) {
  if (key == "compression.type" && value != "producer") {
    return base::fail(
        ErrorCode::kInvalidConfig,
        fmt::format("Invalid value {} for configuration compression.type: this server "
                    "keeps what producers send and does not re-encode yet; allowed is "
                    "producer",
                    value));
  }
  if (key == "remote.storage.enable" && (value == "true" || value == "TRUE")) {
    return base::fail(ErrorCode::kInvalidConfig,
                      "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                      "configured with remote log storage.");
  }
  return {};
}

}  // namespace

std::string_view broker_key_of(std::string_view topic_key) {
  const auto found = std::ranges::find(kBrokerKeys, topic_key,
                                       &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kBrokerKeys) ? std::string_view{} : found->second;
}

std::optional<std::string> topic_default(const Settings& broker, std::string_view topic_key) {
  if (topic_key == "segment.ms") return std::to_string(broker.log_roll_ms());
  if (topic_key == "segment.jitter.ms") return std::to_string(broker.log_roll_jitter_ms());
  if (topic_key == "retention.ms") return std::to_string(broker.log_retention_ms());
  if (const auto broker_key = broker_key_of(topic_key); !broker_key.empty()) {
    if (auto value = broker.value(broker_key)) return value;
  }
  const Setting* setting = find_topic_setting(topic_key);
  if (setting == nullptr || !setting->default_value) return std::nullopt;
  return std::string(*setting->default_value);
}

std::string topic_value(const Settings& broker, const TopicOverrides* overrides,
                        std::string_view topic_key) {
  ODRADEK_ASSERT(find_topic_setting(topic_key) != nullptr);
  if (overrides != nullptr) {
    if (const auto found = overrides->find(topic_key); found != overrides->end()) {
      return found->second;
    }
  }
  return topic_default(broker, topic_key).value_or("");
}

base::Result<> check_topic_overrides(const TopicOverrides& overrides) {
  for (const auto& [key, value] : overrides) {
    const Setting* setting = find_topic_setting(key);
    if (setting == nullptr) {
      return base::fail(ErrorCode::kInvalidConfig,
                        fmt::format("Unknown topic config name: {}", key));
    }
    if (auto valid = check_value(*setting, value); !valid) return valid;
    if (auto available = check_availability(key, value); !available) return available;
  }
  return {};
}

}  // namespace odradek::config
