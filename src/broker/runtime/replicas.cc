// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/replicas.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/runtime/log_config.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ConfigResourceType;

}  // namespace

base::Result<log::LoadSummary> Replicas::start(const metadata::ClusterImage& image) {
  // Of each topic once: its partitions share them.
  std::mutex mutex;
  std::unordered_map<std::string, log::LogConfig> configs;
  const auto config_once = [&](const std::string& topic) {
    const std::lock_guard lock(mutex);
    const auto known = configs.find(topic);
    if (known != configs.end()) return known->second;
    return configs.try_emplace(topic, config_of(image, topic)).first->second;
  };
  auto summary = logs_.load_logs([&](const base::TopicPartition& name) {
    log::LogDecision decision;
    const auto& topic = image.find_topic(name.topic);
    if (topic == nullptr || !topic->has_partition(name.partition)) return decision;
    decision.is_known = is_mine(topic->partitions[static_cast<std::size_t>(name.partition)]);
    decision.topic_id = topic->id;
    decision.config = config_once(name.topic);
    return decision;
  });
  if (!summary) return summary;
  image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    create_missing(*topic, image, Age::kMaybeOld);
  });
  return summary;
}

void Replicas::create_all_missing(const metadata::ClusterImage& image) {
  image.topics_by_id.for_each(
      [&](const base::TopicId&, const auto& topic) { create_missing(*topic, image, Age::kNew); });
}

std::vector<metadata::ReplicaPlace> Replicas::offline_partitions() const {
  std::vector<metadata::ReplicaPlace> places;
  for (const auto& [topic, partition] : maybe_elsewhere_) places.push_back({topic, partition, {}});
  return places;
}

log::LogConfig Replicas::config_of(const metadata::ClusterImage& image,
                                   const std::string& topic) const {
  return make_log_config(*settings_.current(),
                         image.find_config(ConfigResourceType::kTopic, topic));
}

void Replicas::configure_all(const metadata::ClusterImage& image) {
  logs_.set_configs([&](const std::string& topic) { return config_of(image, topic); });
}

bool Replicas::is_mine(const metadata::PartitionImage& partition) const {
  return std::ranges::find(partition.replicas, node_) != partition.replicas.end();
}

void Replicas::apply(const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
  for (const auto& topic : delta.removed_topics) remove(*topic);
  for (const base::TopicId& id : delta.changed_topics) {
    if (const auto& topic = image.find_topic(id)) create_missing(*topic, image, Age::kNew);
  }
  for (const metadata::ConfigResource& resource : delta.changed_configs) {
    if (resource.type != ConfigResourceType::kTopic) continue;
    logs_.set_config(resource.name, config_of(image, resource.name));
  }
}

void Replicas::create_missing(const metadata::TopicImage& topic,
                              const metadata::ClusterImage& image, Age age) {
  std::vector<log::NewLog> wanted;
  std::vector<std::int32_t> indexes;
  std::vector<bool> are_here;
  const log::LogConfig config = config_of(image, topic.name);
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    if (!is_mine(topic.partitions[i])) continue;
    if (const auto present = partitions_.find(topic.id, index)) {
      follow_leader(*present, topic.partitions[i]);
      continue;
    }
    if (maybe_elsewhere_.contains({topic.id, index})) continue;
    wanted.push_back({{topic.name, index}, topic.id, config, age == Age::kMaybeOld});
    indexes.push_back(index);
    are_here.push_back(logs_.get(wanted.back().name) != nullptr);
  }
  if (wanted.empty()) return;
  auto logs = logs_.create_many(wanted);
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (logs[i]) {
      if (age == Age::kMaybeOld && !are_here[i]) say_what_is_gone(topic, indexes[i], **logs[i]);
      lead(std::move(*logs[i]), topic, indexes[i]);
    } else {
      if (age == Age::kMaybeOld && logs_.has_offline_directory()) {
        maybe_elsewhere_.emplace(topic.id, indexes[i]);
      }
      base::log::error("replica", "{} is offline: {}", wanted[i].name.to_string(),
                       logs[i].error().message);
    }
  }
}

void Replicas::say_what_is_gone(const metadata::TopicImage& topic, std::int32_t index,
                                const log::Log& made) const {
  const auto& partition = topic.partitions[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < partition.replicas.size() && i < partition.directories.size(); ++i) {
    if (partition.replicas[i] != node_ || partition.directories[i] == base::kDirectoryUnassigned) {
      continue;
    }
    base::log::error(
        "replica",
        "{}: its log is in no log directory any more; an empty one was made in {}, and "
        "what was in the old one is gone",
        made.name().to_string(), made.directory().path());
  }
}

void Replicas::follow_leader(replica::Partition& partition, const metadata::PartitionImage& image) {
  if (image.leader != node_ || partition.leader_epoch() >= image.leader_epoch) return;
  partition.become_leader(image.leader_epoch);
}

void Replicas::lead(std::shared_ptr<log::Log> log, const metadata::TopicImage& topic,
                    std::int32_t index) {
  const auto& image = topic.partitions[static_cast<std::size_t>(index)];
  auto partition = std::make_shared<replica::Partition>(std::move(log), topic.id);
  if (image.leader == node_) partition->become_leader(image.leader_epoch);
  partitions_.add(std::move(partition), index);
}

void Replicas::remove(const metadata::TopicImage& topic) {
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    maybe_elsewhere_.erase({topic.id, index});
    const auto partition = partitions_.remove(topic.id, index);
    if (partition == nullptr) continue;
    partition->retire({ErrorCode::kUnknownTopicOrPartition, "the topic was deleted", 0});
    partition->detach();
    if (auto done = logs_.remove({topic.name, index}); !done) {
      base::log::error("replica", "{}-{} could not be removed: {}", topic.name, index,
                       done.error().message);
    }
  }
}

void Replicas::stop() {
  for (const auto& partition : partitions_.all()) {
    partition->retire({ErrorCode::kNotLeaderOrFollower, "the broker stops", 0});
    partition->detach();
  }
}

}  // namespace odradek::broker
