// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/replicas.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.h"
#include "broker/api/topic_lookup.h"
#include "broker/runtime/log_config.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ConfigResourceType;

}  // namespace

base::Result<log::LoadSummary> Replicas::start(const metadata::ClusterImage& image) {
  replication_.follow_brokers(image);
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
  create_all_missing(image, Age::kMaybeOld);
  return summary;
}

void Replicas::create_all_missing(const metadata::ClusterImage& image) {
  create_all_missing(image, Age::kNew);
}

void Replicas::create_all_missing(const metadata::ClusterImage& image, Age age) {
  Missing missing;
  image.topics_by_id.for_each(
      [&](const base::TopicId&, const auto& topic) { assume_roles(*topic, image, missing); });
  create(missing, image, age);
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
  for (const auto& partition : partitions_.all()) set_limits(*partition, image);
}

void Replicas::set_limits(replica::Partition& partition,
                          const metadata::ClusterImage& image) const {
  const auto settings = settings_.current();
  const std::int64_t least = api::min_insync_replicas(image, *settings, partition.name().topic);
  partition.set_in_sync_limits(
      {.max_lag = std::chrono::milliseconds(settings->number("replica.lag.time.max.ms")),
       .min_in_sync = static_cast<int>(least)});
}

bool Replicas::is_mine(const metadata::PartitionImage& partition) const {
  return std::ranges::find(partition.replicas, node_) != partition.replicas.end();
}

void Replicas::apply(const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
  if (delta.brokers_changed) replication_.follow_brokers(image);
  for (const auto& topic : delta.removed_topics) remove(*topic);
  // Before the in-sync sets, which are to be as large as the topic says by then.
  for (const metadata::ConfigResource& resource : delta.changed_configs) {
    if (resource.type == ConfigResourceType::kTopic) configure(resource.name, image);
  }
  Missing missing;
  for (const base::TopicId& id : delta.changed_topics) {
    if (const auto& topic = image.find_topic(id)) assume_roles(*topic, image, missing);
  }
  create(missing, image, Age::kNew);
}

void Replicas::configure(const std::string& name, const metadata::ClusterImage& image) {
  logs_.set_config(name, config_of(image, name));
  const auto& topic = image.find_topic(name);
  if (topic == nullptr) return;
  const ThrottledReplicas throttled = throttled_of(image, name);
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    const auto partition = partitions_.find(topic->id, index);
    if (!partition) continue;
    set_limits(*partition, image);
    partition->set_throttled(throttled.of(index));
  }
}

ThrottledReplicas Replicas::throttled_of(const metadata::ClusterImage& image,
                                         const std::string& topic) const {
  return ThrottledReplicas(image.find_config(ConfigResourceType::kTopic, topic), node_);
}

void Replicas::assume_roles(const metadata::TopicImage& topic, const metadata::ClusterImage& image,
                            Missing& missing) {
  std::optional<log::LogConfig> config;
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    const auto present = partitions_.find(topic.id, index);
    if (!is_mine(topic.partitions[i])) {
      if (present) {
        remove(topic, index,
               {ErrorCode::kNotLeaderOrFollower, "the partition moved to other brokers", 0});
      }
    } else if (present && is_to_be_copied_again(*present, topic.partitions[i])) {
      copy_again(present, topic, index, image);
    } else if (present) {
      assume_role(present, topic.partitions[i]);
    } else if (!maybe_elsewhere_.contains({topic.id, index})) {
      if (!config) config = config_of(image, topic.name);
      missing.logs.push_back({{topic.name, index}, topic.id, *config, false});
      missing.topics.push_back(&topic);
    }
  }
}

// All of a change at once: what makes new files last takes as long for one as for thousands.
void Replicas::create(Missing& missing, const metadata::ClusterImage& image, Age age) {
  if (missing.logs.empty()) return;
  std::vector<bool> are_here;
  for (log::NewLog& log : missing.logs) {
    log.may_be_elsewhere = age == Age::kMaybeOld;
    are_here.push_back(logs_.get(log.name) != nullptr);
  }
  auto logs = logs_.create_many(missing.logs);
  // Of each topic once, for its list may name thousands.
  std::unordered_map<const metadata::TopicImage*, ThrottledReplicas> throttled;
  std::size_t new_count = 0;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    const metadata::TopicImage& topic = *missing.topics[i];
    const base::TopicPartition& name = missing.logs[i].name;
    if (logs[i]) {
      if (age == Age::kMaybeOld && !are_here[i]) {
        new_count += say_what_is_gone(topic, name.partition, **logs[i]) ? 0 : 1;
      }
      auto lists = throttled.find(&topic);
      if (lists == throttled.end()) {
        lists = throttled.emplace(&topic, throttled_of(image, topic.name)).first;
      }
      take_in(std::move(*logs[i]), topic, name.partition, image, lists->second);
    } else {
      if (age == Age::kMaybeOld && logs_.has_offline_directory()) {
        maybe_elsewhere_.emplace(topic.id, name.partition);
      }
      base::log::error("replica", "{} is offline: {}", name.to_string(), logs[i].error().message);
    }
  }
  if (new_count == 0) return;
  base::log::info("replica",
                  "{} partitions had no log here yet: empty ones were made, to be filled",
                  new_count);
}

// Where a directory that is here was noted for a replica that nobody counts on, the partition came
// while this broker was away, as a rule; its leader has what this one lacks.
bool Replicas::may_be_new(const metadata::PartitionImage& partition,
                          const base::Uuid& noted) const {
  for (const auto* counted : {&partition.in_sync_replicas, &partition.eligible_leader_replicas,
                              &partition.last_known_eligible_leader_replicas}) {
    if (std::ranges::find(*counted, node_) != counted->end()) return false;
  }
  return std::ranges::any_of(logs_.directories(), [&noted](const auto& directory) {
    const auto& identity = directory->identity();
    return identity && identity->directory_id == noted;
  });
}

bool Replicas::say_what_is_gone(const metadata::TopicImage& topic, std::int32_t index,
                                const log::Log& made) const {
  const auto& partition = topic.partitions[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < partition.replicas.size() && i < partition.directories.size(); ++i) {
    const base::Uuid& noted = partition.directories[i];
    if (partition.replicas[i] != node_ || noted == base::kDirectoryUnassigned) continue;
    if (may_be_new(partition, noted)) continue;
    base::log::error(
        "replica",
        "{}: its log is in no log directory any more; an empty one was made in {}, and "
        "what was in the old one is gone",
        made.name().to_string(), made.directory().path());
    return true;
  }
  return false;
}

// One replica leads by itself; there it matters only that it is told of each epoch once. It may
// have followed another one until now, and where nobody leads it does not either.
void Replicas::assume_role(const std::shared_ptr<replica::Partition>& partition,
                           const metadata::PartitionImage& image) {
  if (image.replicas.size() > 1 || image.leader != node_) {
    return replication_.assume_role(partition, image);
  }
  replication_.give_up(partition->topic_id(), partition->name().partition);
  if (partition->leader_epoch() < image.leader_epoch || partition->has_followers()) {
    partition->become_leader(image.leader_epoch);
  }
}

bool Replicas::is_to_be_copied_again(replica::Partition& partition,
                                     const metadata::PartitionImage& image) const {
  const auto at = std::ranges::find(image.replicas, node_) - image.replicas.begin();
  return image.directories[static_cast<std::size_t>(at)] == base::kDirectoryLost &&
         image.leader != node_ && image.leader != base::kNoBroker &&
         partition.log().first_damaged_offset().has_value();
}

// The partition becomes another object: whatever is under way for the old one, fetches above all,
// appends nothing to the log that was cut.
void Replicas::copy_again(const std::shared_ptr<replica::Partition>& partition,
                          const metadata::TopicImage& topic, std::int32_t index,
                          const metadata::ClusterImage& image) {
  const base::BrokerId leader = topic.partitions[static_cast<std::size_t>(index)].leader;
  auto log = logs_.get({topic.name, index});
  const base::Offset first = *log->first_damaged_offset();
  const base::Offset end = log->log_end_offset();
  partitions_.remove(topic.id, index);
  replication_.give_up(topic.id, index);
  partition->retire({ErrorCode::kNotLeaderOrFollower, "the log is damaged, and copied again", 0});
  partition->detach();
  auto& directory = log->directory();
  directory.set_high_watermark(log->name(), std::min(directory.high_watermark(log->name()), first));
  if (auto cut = log->truncate_to(first); !cut) {
    base::log::error("replica", "{}: damaged from offset {} on, and can't be cut there: {}",
                     log->name().to_string(), first.value(), cut.error().message);
  } else {
    base::log::warn("replica",
                    "{}: damaged from offset {} on: cut there from offset {}, and copied again "
                    "from broker {}",
                    log->name().to_string(), first.value(), end.value(), leader.value());
  }
  take_in(std::move(log), topic, index, image, throttled_of(image, topic.name), Content::kCut);
}

void Replicas::take_in(std::shared_ptr<log::Log> log, const metadata::TopicImage& topic,
                       std::int32_t index, const metadata::ClusterImage& image,
                       const ThrottledReplicas& throttled, Content content) {
  const bool is_damaged = log->first_damaged_offset().has_value();
  const auto partition = std::make_shared<replica::Partition>(std::move(log), topic.id, on_damage_);
  if (content == Content::kCut) partition->begin_refill();
  if (is_damaged && on_damage_) on_damage_();
  set_limits(*partition, image);
  partition->set_throttled(throttled.of(index));
  assume_role(partition, topic.partitions[static_cast<std::size_t>(index)]);
  partitions_.add(partition, index);
}

void Replicas::remove(const metadata::TopicImage& topic) {
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    maybe_elsewhere_.erase({topic.id, index});
    remove(topic, index, {ErrorCode::kUnknownTopicOrPartition, "the topic was deleted", 0});
  }
}

void Replicas::remove(const metadata::TopicImage& topic, std::int32_t index,
                      const base::Error& why) {
  const auto partition = partitions_.remove(topic.id, index);
  if (partition == nullptr) return;
  replication_.give_up(topic.id, index);
  partition->retire(why);
  partition->detach();
  if (auto done = logs_.remove({topic.name, index}); !done) {
    base::log::error("replica", "{}-{} could not be removed: {}", topic.name, index,
                     done.error().message);
  }
}

void Replicas::stop() {
  for (const auto& partition : partitions_.all()) {
    partition->retire({ErrorCode::kNotLeaderOrFollower, "the broker stops", 0});
    partition->detach();
  }
}

}  // namespace odradek::broker
