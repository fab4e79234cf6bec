// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "metadata/image_builder.h"
#include "metadata/snapshot_clients.h"

namespace odradek::metadata {
namespace {

// Kafka reads a snapshot's features first: they say how the rest is written.
void add_features(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  constexpr std::string_view kMetadataVersion = "metadata.version";
  const auto add = [&records](const std::string& name, std::int16_t level) {
    wire::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    records.emplace_back(std::move(record));
  };
  if (const auto version = image.features.find(std::string(kMetadataVersion));
      version != image.features.end()) {
    add(version->first, version->second);
  }
  for (const auto& [name, level] : image.features) {
    if (name != kMetadataVersion) add(name, level);
  }
}

wire::RegisterBrokerRecord to_record(const BrokerImage& broker) {
  wire::RegisterBrokerRecord record;
  record.broker_id = broker.id;
  record.incarnation_id = broker.incarnation_id;
  record.broker_epoch = broker.epoch;
  for (const auto& endpoint : broker.endpoints) {
    record.end_points.push_back(
        {endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& [name, range] : broker.supported_features) {
    record.features.push_back({name, range.first, range.second});
  }
  record.rack = broker.rack;
  record.fenced = broker.fenced;
  record.in_controlled_shutdown = broker.in_controlled_shutdown;
  record.log_dirs = broker.log_directories;
  if (!broker.cordoned_log_directories.empty()) {
    record.cordoned_log_dirs = broker.cordoned_log_directories;
  }
  return record;
}

wire::RegisterControllerRecord to_record(base::BrokerId id, const ControllerImage& controller) {
  wire::RegisterControllerRecord record;
  record.controller_id = id;
  record.incarnation_id = controller.incarnation_id;
  record.zk_migration_ready = controller.zk_migration_ready;
  for (const auto& endpoint : controller.endpoints) {
    record.end_points.push_back(
        {endpoint.listener, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& [name, range] : controller.supported_features) {
    record.features.push_back({name, range.first, range.second});
  }
  return record;
}

wire::PartitionRecord to_record(const TopicImage& topic, std::size_t index) {
  const PartitionImage& partition = topic.partitions[index];
  wire::PartitionRecord record;
  record.partition_id = static_cast<std::int32_t>(index);
  record.topic_id = topic.id;
  record.replicas = partition.replicas;
  record.isr = partition.in_sync_replicas;
  record.removing_replicas = partition.removing_replicas;
  record.adding_replicas = partition.adding_replicas;
  record.leader = partition.leader;
  record.leader_recovery_state = partition.leader_recovery_state;
  record.leader_epoch = partition.leader_epoch;
  record.partition_epoch = partition.partition_epoch;
  record.directories = partition.directories;
  if (!partition.eligible_leader_replicas.empty()) {
    record.eligible_leader_replicas = partition.eligible_leader_replicas;
  }
  if (!partition.last_known_eligible_leader_replicas.empty()) {
    record.last_known_elr = partition.last_known_eligible_leader_replicas;
  }
  return record;
}

void add_topics(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  std::vector<std::shared_ptr<const TopicImage>> topics;
  image.topics_by_name.for_each(
      [&topics](const std::string&, const auto& topic) { topics.push_back(topic); });
  std::ranges::sort(topics, {}, [](const auto& topic) { return topic->name; });
  for (const auto& topic : topics) {
    wire::TopicRecord record;
    record.name = topic->name;
    record.topic_id = topic->id;
    records.emplace_back(std::move(record));
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      records.emplace_back(to_record(*topic, i));
    }
  }
}

void add_configs(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  for (const auto& [resource, config] : image.configs) {
    for (const auto& [name, value] : *config) {
      wire::ConfigRecord record;
      record.resource_type = static_cast<std::int8_t>(resource.type);
      record.resource_name = resource.name;
      record.name = name;
      record.value = value;
      records.emplace_back(std::move(record));
    }
  }
}

}  // namespace

std::vector<MetadataRecord> snapshot_records(const ClusterImage& image) {
  std::vector<MetadataRecord> records;
  add_features(image, records);
  for (const auto& [id, broker] : image.brokers) records.emplace_back(to_record(*broker));
  for (const auto& [id, controller] : image.controllers) {
    records.emplace_back(to_record(id, *controller));
  }
  add_topics(image, records);
  add_configs(image, records);
  add_client_records(image, records);
  if (image.next_producer_id.value() != 0) {
    wire::ProducerIdsRecord record;
    record.next_producer_id = image.next_producer_id;
    records.emplace_back(record);
  }
  return records;
}

}  // namespace odradek::metadata
