// SPDX-License-Identifier: Apache-2.0
#include "cli/metadata_shell/metadata_image.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "wire/codec.h"
#include "wire/reader.h"

namespace odradek::cli {
namespace {

constexpr std::uint32_t kFrameVersion = 1;
constexpr std::int32_t kNoLeaderChange = -2;

std::string config_resource(const wire::ConfigRecord& record) {
  std::string_view type = "UNKNOWN";
  switch (record.resource_type) {
    case 2:
      type = "TOPIC";
      break;
    case 4:
      type = "BROKER";
      break;
    case 8:
      type = "BROKER_LOGGER";
      break;
    case 16:
      type = "CLIENT_METRICS";
      break;
    case 32:
      type = "GROUP";
      break;
    default:
      break;
  }
  if (record.resource_name.empty()) return std::string(type);
  return fmt::format("{}:{}", type, record.resource_name);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '(' || c == ')') out += '\\';
    out += c;
  }
  return out;
}

std::string quota_entity(const wire::ClientQuotaRecord& record) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kTypes = {
      {{"client-id", "clientId"}, {"ip", "ip"}, {"user", "user"}}};
  std::string out;
  for (const auto& [type, shown] : kTypes) {
    for (const auto& entity : record.entity) {
      if (entity.entity_type != type || !entity.entity_name) continue;
      out += fmt::format("{}{}({})", out.empty() ? "" : "_", shown, escaped(*entity.entity_name));
    }
  }
  return out;
}

// Kafka's placeholder where a record of an old version names no directories.
void fill_directories(wire::PartitionRecord& partition) {
  if (partition.directories.empty()) {
    partition.directories.assign(partition.replicas.size(), base::kDirectoryMigrating);
  }
}

}  // namespace

void ShellImage::set_provenance(std::int64_t offset, std::int32_t epoch, std::int64_t time_ms) {
  offset_ = offset;
  epoch_ = epoch;
  time_ms_ = time_ms;
}

void ShellImage::set_fenced(std::int32_t broker, bool fenced) {
  if (const auto found = brokers_.find(broker); found != brokers_.end()) {
    found->second.fenced = fenced;
  }
}

void ShellImage::apply(const wire::BrokerRegistrationChangeRecord& record) {
  const auto found = brokers_.find(record.broker_id.value());
  if (found == brokers_.end()) return;
  wire::RegisterBrokerRecord& broker = found->second;
  if (record.fenced != 0) broker.fenced = record.fenced > 0;
  if (record.in_controlled_shutdown > 0) broker.in_controlled_shutdown = true;
  if (!record.log_dirs.empty()) broker.log_dirs = record.log_dirs;
  if (record.cordoned_log_dirs) broker.cordoned_log_dirs = record.cordoned_log_dirs;
}

void ShellImage::apply(const wire::RemoveTopicRecord& record) {
  const auto found = topics_.find(record.topic_id);
  if (found == topics_.end()) return;
  configs_.erase("TOPIC:" + found->second.name);
  topics_.erase(found);
}

void ShellImage::apply(const wire::PartitionRecord& record) {
  auto& partition = topics_[record.topic_id].partitions[record.partition_id];
  partition = record;
  fill_directories(partition);
}

void ShellImage::apply(const wire::PartitionChangeRecord& record) {
  const auto topic = topics_.find(record.topic_id);
  if (topic == topics_.end()) return;
  const auto found = topic->second.partitions.find(record.partition_id);
  if (found == topic->second.partitions.end()) return;
  wire::PartitionRecord& partition = found->second;
  if (record.replicas) partition.replicas = *record.replicas;
  if (record.directories) partition.directories = *record.directories;
  fill_directories(partition);
  if (record.isr) partition.isr = *record.isr;
  if (record.removing_replicas) partition.removing_replicas = *record.removing_replicas;
  if (record.adding_replicas) partition.adding_replicas = *record.adding_replicas;
  if (record.leader.value() != kNoLeaderChange) {
    partition.leader = record.leader;
    partition.leader_epoch = base::LeaderEpoch(partition.leader_epoch.value() + 1);
  }
  if (record.leader_recovery_state >= 0) {
    partition.leader_recovery_state = record.leader_recovery_state;
  }
  if (record.eligible_leader_replicas) {
    partition.eligible_leader_replicas = record.eligible_leader_replicas;
  }
  if (record.last_known_elr) partition.last_known_elr = record.last_known_elr;
  ++partition.partition_epoch;
}

void ShellImage::apply(const wire::ClearElrRecord& record) {
  for (auto& [id, topic] : topics_) {
    if (!record.topic_name.empty() && topic.name != record.topic_name) continue;
    for (auto& [index, partition] : topic.partitions) {
      partition.eligible_leader_replicas.reset();
      partition.last_known_elr.reset();
    }
  }
}

void ShellImage::apply(const wire::ConfigRecord& record) {
  const std::string resource = config_resource(record);
  if (record.value) {
    configs_[resource][record.name] = *record.value;
    return;
  }
  const auto found = configs_.find(resource);
  if (found == configs_.end()) return;
  found->second.erase(record.name);
  if (found->second.empty()) configs_.erase(found);
}

void ShellImage::apply(const wire::FeatureLevelRecord& record) {
  if (record.feature_level == 0) {
    features_.erase(record.name);
  } else {
    features_[record.name] = record.feature_level;
  }
}

void ShellImage::apply(const wire::ClientQuotaRecord& record) {
  const std::string entity = quota_entity(record);
  if (!record.remove) {
    quotas_[entity][record.key] = record.value;
    return;
  }
  const auto found = quotas_.find(entity);
  if (found == quotas_.end()) return;
  found->second.erase(record.key);
  if (found->second.empty()) quotas_.erase(found);
}

template <typename Record>
base::Result<> ShellImage::replay_as(base::ByteView body, wire::Version version) {
  wire::Reader reader(base::SharedBytes::copy(body), base::ErrorCode::kCorruptMessage);
  const auto record = wire::decode_as<Record>(reader, version);
  if (!record) return base::fail(record.error());
  apply(*record);
  return {};
}

base::Result<> ShellImage::replay_record(std::int16_t type, wire::Version version,
                                         base::ByteView body) {
  using Replay = base::Result<> (ShellImage::*)(base::ByteView, wire::Version);
  static const std::map<std::int16_t, Replay> kTypes = [] {
    using namespace wire;
    std::map<std::int16_t, Replay> types;
    const auto add = [&]<typename... Records>() {
      ((types[Records::kType] = &ShellImage::replay_as<Records>), ...);
    };
    add.operator()<RegisterBrokerRecord, UnregisterBrokerRecord, RegisterControllerRecord,
                   UnregisterControllerRecord, FenceBrokerRecord, UnfenceBrokerRecord,
                   BrokerRegistrationChangeRecord, TopicRecord, RemoveTopicRecord, PartitionRecord,
                   PartitionChangeRecord, ClearElrRecord, ConfigRecord, FeatureLevelRecord,
                   ClientQuotaRecord, ProducerIdsRecord, AccessControlEntryRecord,
                   RemoveAccessControlEntryRecord, UserScramCredentialRecord,
                   RemoveUserScramCredentialRecord, DelegationTokenRecord,
                   RemoveDelegationTokenRecord>();
    return types;
  }();
  const auto known = kTypes.find(type);
  return known == kTypes.end() ? base::Result<>() : (this->*known->second)(body, version);
}

base::Result<> ShellImage::replay(base::ByteView value) {
  wire::Reader reader(base::SharedBytes::copy(value), base::ErrorCode::kCorruptMessage);
  const std::uint32_t frame = reader.read_unsigned_varint();
  const auto type = static_cast<std::int16_t>(reader.read_unsigned_varint());
  const auto version = static_cast<wire::Version>(reader.read_unsigned_varint());
  if (!reader.ok() || frame != kFrameVersion) {
    return base::fail(base::ErrorCode::kCorruptMessage, "it is no metadata record");
  }
  if (type == wire::BeginTransactionRecord::kType) {
    pending_.emplace();
    return {};
  }
  if (type == wire::AbortTransactionRecord::kType) {
    pending_.reset();
    return {};
  }
  if (type == wire::EndTransactionRecord::kType) {
    const auto records = std::exchange(pending_, std::nullopt);
    for (const auto& record : records.value_or(std::vector<std::vector<std::uint8_t>>())) {
      if (auto done = replay(record); !done) return done;
    }
    return {};
  }
  if (pending_) {
    pending_->emplace_back(value.begin(), value.end());
    return {};
  }
  return replay_record(type, version, value.subspan(reader.position()));
}

}  // namespace odradek::cli
