// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/placement.h"

#include <fmt/core.h>

#include <algorithm>

namespace odradek::metadata {
namespace {

using base::ErrorCode;

bool are_all_cordoned(const BrokerImage& broker) {
  const auto is_cordoned = [&](const base::Uuid& directory) {
    return std::ranges::count(broker.cordoned_log_directories, directory) > 0;
  };
  return !broker.log_directories.empty() &&
         std::ranges::all_of(broker.log_directories, is_cordoned);
}

// Those that may take partitions, live ones first.
struct Takers {
  std::vector<base::BrokerId> brokers;
  std::size_t live = 0;
};
Takers takers_of(const ClusterImage& image) {
  Takers takers;
  for (const bool fenced : {false, true}) {
    for (const auto& [id, broker] : image.brokers) {
      if (broker->fenced == fenced && !are_all_cordoned(*broker)) takers.brokers.push_back(id);
    }
    if (!fenced) takers.live = takers.brokers.size();
  }
  return takers;
}

}  // namespace

bool is_live(const ClusterImage& image, base::BrokerId id) {
  const BrokerImage* broker = image.find_broker(id);
  return broker != nullptr && !broker->fenced && !broker->in_controlled_shutdown;
}

base::Uuid default_directory(const ClusterImage& image, base::BrokerId id) {
  const BrokerImage* broker = image.find_broker(id);
  const bool is_sole = broker != nullptr && broker->log_directories.size() == 1;
  return is_sole ? broker->log_directories.front() : base::kDirectoryUnassigned;
}

base::Result<std::vector<std::vector<base::BrokerId>>> place_replicas(
    const ClusterImage& image, std::int32_t first, std::int32_t count,
    std::int16_t replication_factor) {
  const auto [brokers, live] = takers_of(image);
  if (live == 0) {
    return base::fail(ErrorCode::kInvalidReplicationFactor,
                      "All brokers are currently fenced, or have all their log directories "
                      "cordoned (cordoned.log.dirs).");
  }
  if (static_cast<std::size_t>(replication_factor) > brokers.size()) {
    const bool is_any_cordoned = brokers.size() < image.brokers.size();
    return base::fail(
        ErrorCode::kInvalidReplicationFactor,
        fmt::format("The target replication factor of {} cannot be reached because only {} "
                    "broker(s) are registered{}.",
                    replication_factor, brokers.size(),
                    is_any_cordoned ? " that have a log directory not in cordoned.log.dirs" : ""));
  }
  // Counting on from topic to topic spreads topics of one partition over the brokers.
  const std::size_t start = image.topics_by_id.size() + static_cast<std::size_t>(first);
  std::vector<std::vector<base::BrokerId>> placed(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < placed.size(); ++i) {
    for (std::size_t j = 0; j < static_cast<std::size_t>(replication_factor); ++j) {
      placed[i].push_back(brokers[(start + i + j) % brokers.size()]);
    }
  }
  return placed;
}

base::Result<> check_assignment(const ClusterImage& image,
                                const std::vector<base::BrokerId>& replicas) {
  if (replicas.empty()) {
    return base::fail(ErrorCode::kInvalidReplicaAssignment,
                      "The manual partition assignment includes an empty replica list.");
  }
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    const std::int32_t id = replicas[i].value();
    if (image.find_broker(replicas[i]) == nullptr) {
      return base::fail(
          ErrorCode::kInvalidReplicaAssignment,
          fmt::format("The manual partition assignment includes broker {}, but no such "
                      "broker is registered.",
                      id));
    }
    if (std::find(replicas.begin(), replicas.begin() + static_cast<std::ptrdiff_t>(i),
                  replicas[i]) != replicas.begin() + static_cast<std::ptrdiff_t>(i)) {
      return base::fail(
          ErrorCode::kInvalidReplicaAssignment,
          fmt::format("The manual partition assignment includes the broker {} more than once.",
                      id));
    }
  }
  return {};
}

wire::PartitionRecord new_partition(const ClusterImage& image, const base::TopicId& topic,
                                    std::int32_t index,
                                    const std::vector<base::BrokerId>& replicas) {
  wire::PartitionRecord record;
  record.partition_id = index;
  record.topic_id = topic;
  record.replicas = replicas;
  for (const base::BrokerId replica : replicas) {
    if (is_live(image, replica)) record.isr.push_back(replica);
    record.directories.push_back(default_directory(image, replica));
  }
  if (record.isr.empty()) record.isr.push_back(replicas.front());
  record.leader = is_live(image, record.isr.front()) ? record.isr.front() : base::kNoBroker;
  record.leader_epoch = base::LeaderEpoch(0);
  record.partition_epoch = 0;
  return record;
}

}  // namespace odradek::metadata
