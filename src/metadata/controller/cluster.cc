// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/cluster.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "metadata/controller/replica_list.h"

namespace odradek::metadata {
namespace {

struct FeatureLevel {
  const char* name;
  std::int16_t level;
};

// metadata.version first: it says how the others are written. 30 is 4.3-IV0.
constexpr FeatureLevel kFormatLevels[] = {
    {"metadata.version", 30}, {"eligible.leader.replicas.version", 1},
    {"group.version", 1},     {"share.version", 1},
    {"streams.version", 1},   {"transaction.version", 2},
};

// Whether the replica has all that was committed: it is in sync, or, when none is, it was as the
// last one left (KIP-966: Apache Kafka's own clean stop of a single node leaves it so).
bool may_lead(const PartitionImage& partition, base::BrokerId broker) {
  if (!partition.in_sync_replicas.empty()) return contains(partition.in_sync_replicas, broker);
  if (!partition.eligible_leader_replicas.empty()) {
    return contains(partition.eligible_leader_replicas, broker);
  }
  return contains(partition.last_known_eligible_leader_replicas, broker);
}

}  // namespace

std::map<std::string, std::pair<std::int16_t, std::int16_t>> supported_features() {
  return {{"eligible.leader.replicas.version", {0, 1}},
          {"group.version", {0, 1}},
          {"kraft.version", {0, 1}},
          {"metadata.version", {7, 33}},
          {"share.version", {0, 2}},
          {"streams.version", {0, 1}},
          {"transaction.version", {0, 2}}};
}

std::vector<MetadataRecord> format_records() {
  std::vector<MetadataRecord> records;
  for (const auto& [name, level] : kFormatLevels) {
    wire::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    records.emplace_back(std::move(record));
  }
  return records;
}

std::vector<MetadataRecord> register_broker(const BrokerImage& broker, std::int64_t epoch) {
  wire::RegisterBrokerRecord registration;
  registration.broker_id = broker.id;
  registration.incarnation_id = broker.incarnation_id;
  registration.broker_epoch = epoch;
  for (const auto& endpoint : broker.endpoints) {
    registration.end_points.push_back(
        {endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& [name, range] : broker.supported_features) {
    registration.features.push_back({name, range.first, range.second});
  }
  registration.rack = broker.rack;
  registration.fenced = true;
  registration.log_dirs = broker.log_directories;
  if (!broker.cordoned_log_directories.empty()) {
    registration.cordoned_log_dirs = broker.cordoned_log_directories;
  }
  wire::BrokerRegistrationChangeRecord change;
  change.broker_id = broker.id;
  change.broker_epoch = epoch;
  change.fenced = -1;
  return {registration, change};
}

std::vector<MetadataRecord> fence_on_stop(const ClusterImage& image, base::BrokerId broker) {
  const BrokerImage* registered = image.find_broker(broker);
  if (registered == nullptr || registered->fenced) return {};
  wire::BrokerRegistrationChangeRecord change;
  change.broker_id = broker;
  change.broker_epoch = registered->epoch;
  change.fenced = 1;
  return {change};
}

std::vector<MetadataRecord> cordon(const ClusterImage& image, base::BrokerId broker,
                                   std::vector<base::Uuid> log_directories) {
  const BrokerImage* registered = image.find_broker(broker);
  if (registered == nullptr) return {};
  if (registered->cordoned_log_directories == log_directories) return {};
  wire::BrokerRegistrationChangeRecord change;
  change.broker_id = broker;
  change.broker_epoch = registered->epoch;
  change.cordoned_log_dirs = std::move(log_directories);
  return {change};
}

std::vector<MetadataRecord> lead_on_start(const ClusterImage& image, base::BrokerId broker) {
  std::vector<MetadataRecord> records;
  image.topics_by_id.for_each([&](const base::TopicId& id, const auto& topic) {
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const PartitionImage& partition = topic->partitions[i];
      if (partition.leader != base::kNoBroker || !may_lead(partition, broker)) continue;
      wire::PartitionChangeRecord change;
      change.partition_id = static_cast<std::int32_t>(i);
      change.topic_id = id;
      change.leader = broker;
      if (!contains(partition.in_sync_replicas, broker)) {
        change.isr = {broker};
        change.eligible_leader_replicas.emplace();
        change.last_known_elr.emplace();
      }
      records.emplace_back(change);
    }
  });
  return records;
}

UnregisterDecision unregister_broker(const ControllerView& view, base::BrokerId id,
                                     base::BrokerId self) {
  UnregisterDecision decision;
  const BrokerImage* broker = view.image.find_broker(id);
  if (broker == nullptr) {
    decision.reply.error_code = base::ErrorCode::kBrokerIdNotRegistered;
    decision.reply.error_message =
        fmt::format("Broker ID {} is not currently registered", id.value());
    return decision;
  }
  if (id != self) {
    Changes changes = forget_broker(view, id);
    decision.records = std::move(changes.records);
    decision.events = std::move(changes.events);
    return decision;
  }
  wire::UnregisterBrokerRecord record;
  record.broker_id = id;
  record.broker_epoch = broker->epoch;
  decision.records.emplace_back(record);
  const std::int64_t epoch = view.image.end_offset.value() + 1;
  for (auto& again : register_broker(*broker, epoch)) {
    decision.records.push_back(std::move(again));
  }
  return decision;
}

MetadataRecord allocate_producer_ids(const ClusterImage& image, const BrokerImage& broker) {
  wire::ProducerIdsRecord record;
  record.broker_id = broker.id;
  record.broker_epoch = broker.epoch;
  record.next_producer_id = base::ProducerId(image.next_producer_id.value() + kProducerIdBlockSize);
  return record;
}

}  // namespace odradek::metadata
