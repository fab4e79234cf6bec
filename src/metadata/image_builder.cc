// SPDX-License-Identifier: Apache-2.0
#include "metadata/image_builder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "metadata/partition_replay.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> misfit(const char* record, const std::string& what) {
  return base::fail(ErrorCode::kCorruptMessage,
                    fmt::format("metadata log: a {} names {}, which is not there", record, what));
}

}  // namespace

ImageBuilder::ImageBuilder(std::shared_ptr<const ClusterImage> from) : next_(*from) {}

std::shared_ptr<const ClusterImage> ImageBuilder::build(base::Offset end_offset,
                                                        base::LeaderEpoch epoch) {
  close_topics();
  next_.end_offset = end_offset;
  next_.epoch = epoch;
  return std::make_shared<const ClusterImage>(next_);
}

base::Result<> ImageBuilder::replay(const MetadataRecord& record) {
  if (std::holds_alternative<wire::BeginTransactionRecord>(record)) {
    in_transaction_ = true;
    return {};
  }
  if (std::holds_alternative<wire::AbortTransactionRecord>(record)) {
    in_transaction_ = false;
    transaction_.clear();
    return {};
  }
  if (std::holds_alternative<wire::EndTransactionRecord>(record)) {
    in_transaction_ = false;
    for (const MetadataRecord& held : std::exchange(transaction_, {})) {
      if (auto done = apply(held); !done) return done;
    }
    return {};
  }
  if (in_transaction_) {
    transaction_.push_back(record);
    return {};
  }
  return apply(record);
}

base::Result<> ImageBuilder::apply(const MetadataRecord& record) {
  return std::visit(
      [this]<typename Record>(const Record& body) -> base::Result<> {
        if constexpr (requires { on(body); }) {
          return on(body);
        } else {
          return {};
        }
      },
      record);
}

base::Result<> ImageBuilder::on(const wire::RegisterBrokerRecord& record) {
  auto broker = std::make_shared<BrokerImage>();
  broker->id = record.broker_id;
  broker->epoch = record.broker_epoch;
  broker->incarnation_id = record.incarnation_id;
  for (const auto& endpoint : record.end_points) {
    broker->endpoints.push_back(
        {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& feature : record.features) {
    broker->supported_features[feature.name] = {feature.min_supported_version,
                                                feature.max_supported_version};
  }
  broker->log_directories = record.log_dirs;
  broker->cordoned_log_directories = record.cordoned_log_dirs.value_or(std::vector<base::Uuid>());
  broker->rack = record.rack;
  broker->fenced = record.fenced;
  broker->in_controlled_shutdown = record.in_controlled_shutdown;
  next_.brokers[record.broker_id] = std::move(broker);
  delta_.brokers_changed = true;
  return {};
}

base::Result<> ImageBuilder::on(const wire::UnregisterBrokerRecord& record) {
  next_.brokers.erase(record.broker_id);
  delta_.brokers_changed = true;
  return {};
}

template <typename Change>
base::Result<> ImageBuilder::change_broker(base::BrokerId id, const char* record, Change change) {
  const auto found = next_.brokers.find(id);
  if (found == next_.brokers.end()) return misfit(record, fmt::format("broker {}", id.value()));
  auto broker = std::make_shared<BrokerImage>(*found->second);
  change(*broker);
  found->second = std::move(broker);
  delta_.brokers_changed = true;
  return {};
}

base::Result<> ImageBuilder::on(const wire::FenceBrokerRecord& record) {
  return change_broker(base::BrokerId(record.id), "FenceBrokerRecord",
                       [](BrokerImage& broker) { broker.fenced = true; });
}

base::Result<> ImageBuilder::on(const wire::UnfenceBrokerRecord& record) {
  return change_broker(base::BrokerId(record.id), "UnfenceBrokerRecord",
                       [](BrokerImage& broker) { broker.fenced = false; });
}

base::Result<> ImageBuilder::on(const wire::BrokerRegistrationChangeRecord& record) {
  return change_broker(record.broker_id, "BrokerRegistrationChangeRecord",
                       [&record](BrokerImage& broker) {
                         if (record.fenced != 0) broker.fenced = record.fenced > 0;
                         if (record.in_controlled_shutdown != 0) {
                           broker.in_controlled_shutdown = record.in_controlled_shutdown > 0;
                         }
                         if (!record.log_dirs.empty()) broker.log_directories = record.log_dirs;
                         if (record.cordoned_log_dirs) {
                           broker.cordoned_log_directories = *record.cordoned_log_dirs;
                         }
                       });
}

TopicImage* ImageBuilder::open_topic(const base::TopicId& id) {
  if (const auto open = open_topics_.find(id); open != open_topics_.end()) {
    return open->second.get();
  }
  const auto& topic = next_.find_topic(id);
  if (topic == nullptr) return nullptr;
  return (open_topics_[id] = std::make_shared<TopicImage>(*topic)).get();
}

void ImageBuilder::close_topics() {
  for (auto& [id, topic] : open_topics_) {
    delta_.changed_topics.insert(id);
    next_.topics_by_name.set(topic->name, topic);
    next_.topics_by_id.set(id, topic);
  }
  open_topics_.clear();
}

base::Result<> ImageBuilder::on(const wire::TopicRecord& record) {
  auto topic = std::make_shared<TopicImage>();
  topic->name = record.name;
  topic->id = record.topic_id;
  open_topics_[record.topic_id] = std::move(topic);
  return {};
}

base::Result<> ImageBuilder::on(const wire::PartitionRecord& record) {
  TopicImage* topic = open_topic(record.topic_id);
  if (topic == nullptr) return misfit("PartitionRecord", "topic " + record.topic_id.to_string());
  constexpr std::int32_t kMaxPartitions = 1'000'000;
  if (record.partition_id < 0 || record.partition_id >= kMaxPartitions) {
    return misfit("PartitionRecord", fmt::format("partition {}", record.partition_id));
  }
  const auto index = static_cast<std::size_t>(record.partition_id);
  if (topic->partitions.size() <= index) topic->partitions.resize(index + 1);
  topic->partitions[index] = to_image(record);
  return {};
}

base::Result<> ImageBuilder::on(const wire::PartitionChangeRecord& record) {
  TopicImage* topic = open_topic(record.topic_id);
  if (topic == nullptr || !topic->has_partition(record.partition_id)) {
    return misfit(
        "PartitionChangeRecord",
        fmt::format("partition {} of topic {}", record.partition_id, record.topic_id.to_string()));
  }
  apply_change(record, topic->partitions[static_cast<std::size_t>(record.partition_id)]);
  return {};
}

base::Result<> ImageBuilder::on(const wire::RemoveTopicRecord& record) {
  close_topics();
  const auto topic = next_.find_topic(record.topic_id);
  if (topic == nullptr) {
    return misfit("RemoveTopicRecord", "topic " + record.topic_id.to_string());
  }
  next_.topics_by_name.erase(topic->name);
  next_.topics_by_id.erase(topic->id);
  next_.configs.erase({ConfigResourceType::kTopic, topic->name});
  delta_.changed_topics.erase(topic->id);
  delta_.removed_topics.push_back(topic);
  return {};
}

base::Result<> ImageBuilder::on(const wire::ConfigRecord& record) {
  const ConfigResource resource{static_cast<ConfigResourceType>(record.resource_type),
                                record.resource_name};
  const auto found = next_.configs.find(resource);
  ConfigMap config = found == next_.configs.end() ? ConfigMap{} : *found->second;
  if (record.value) {
    config[record.name] = *record.value;
  } else {
    config.erase(record.name);
  }
  if (config.empty()) {
    next_.configs.erase(resource);
  } else {
    next_.configs[resource] = std::make_shared<const ConfigMap>(std::move(config));
  }
  delta_.changed_configs.insert(resource);
  return {};
}

base::Result<> ImageBuilder::on(const wire::FeatureLevelRecord& record) {
  if (record.feature_level == 0) {
    next_.features.erase(record.name);
  } else {
    next_.features[record.name] = record.feature_level;
  }
  return {};
}

base::Result<> ImageBuilder::on(const wire::ProducerIdsRecord& record) {
  next_.next_producer_id = record.next_producer_id;
  return {};
}

base::Result<> ImageBuilder::on(const wire::ClearElrRecord& record) {
  close_topics();
  std::vector<base::TopicId> cleared;
  next_.topics_by_id.for_each([&](const base::TopicId& id, const auto& topic) {
    if (record.topic_name.empty() || topic->name == record.topic_name) cleared.push_back(id);
  });
  for (const base::TopicId& id : cleared) {
    for (PartitionImage& partition : open_topic(id)->partitions) {
      partition.eligible_leader_replicas.clear();
      partition.last_known_eligible_leader_replicas.clear();
    }
  }
  return {};
}

base::Result<> ImageBuilder::on(const wire::RegisterControllerRecord& record) {
  auto controller = std::make_shared<ControllerImage>();
  controller->incarnation_id = record.incarnation_id;
  controller->zk_migration_ready = record.zk_migration_ready;
  for (const auto& endpoint : record.end_points) {
    controller->endpoints.push_back(
        {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
  }
  for (const auto& feature : record.features) {
    controller->supported_features[feature.name] = {feature.min_supported_version,
                                                    feature.max_supported_version};
  }
  next_.controllers[record.controller_id] = std::move(controller);
  return {};
}

base::Result<> ImageBuilder::on(const wire::UnregisterControllerRecord& record) {
  next_.controllers.erase(record.controller_id);
  return {};
}

}  // namespace odradek::metadata
