// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/placement.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <utility>

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

}  // namespace

ReplicaPlacer::ReplicaPlacer(const ClusterImage& image) {
  for (const auto& [id, broker] : image.brokers) {
    if (are_all_cordoned(*broker)) {
      is_any_cordoned_ = true;
      continue;
    }
    if (broker->in_controlled_shutdown) continue;
    (broker->fenced ? fenced_ : live_).push_back({id, broker->rack});
  }
  live_ = alternate_racks(std::move(live_));
  fenced_ = alternate_racks(std::move(fenced_));
  count_leaders(image);
}

// One of each rack, then the next one of each; brokers without a rack are a rack of their own.
std::vector<ReplicaPlacer::Candidate> ReplicaPlacer::alternate_racks(
    std::vector<Candidate> brokers) {
  std::map<std::optional<std::string>, std::size_t> seen;
  std::map<std::pair<std::size_t, std::optional<std::string>>, Candidate> ordered;
  for (Candidate& broker : brokers) {
    const std::size_t round = seen[broker.rack]++;
    auto place = std::pair(round, broker.rack);
    ordered.emplace(std::move(place), std::move(broker));
  }
  std::vector<Candidate> alternating;
  for (auto& [place, broker] : ordered) alternating.push_back(std::move(broker));
  return alternating;
}

void ReplicaPlacer::count_leaders(const ClusterImage& image) {
  std::map<base::BrokerId, std::int64_t> counts;
  image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    for (const PartitionImage& partition : topic->partitions) {
      if (!partition.replicas.empty()) ++counts[partition.replicas.front()];
    }
  });
  for (Candidate& broker : live_) broker.preferred_of = counts[broker.id];
}

std::size_t ReplicaPlacer::least_leading() const {
  const auto least = std::ranges::min_element(live_, {}, &Candidate::preferred_of);
  return static_cast<std::size_t>(least - live_.begin());
}

base::Result<std::vector<ReplicaList>> ReplicaPlacer::place(std::int32_t partitions,
                                                            std::int16_t replication_factor) {
  if (live_.empty()) {
    return base::fail(ErrorCode::kInvalidReplicationFactor,
                      "All brokers are currently fenced, or have all their log directories "
                      "cordoned (cordoned.log.dirs).");
  }
  const std::size_t brokers = live_.size() + fenced_.size();
  if (static_cast<std::size_t>(replication_factor) > brokers) {
    return base::fail(
        ErrorCode::kInvalidReplicationFactor,
        fmt::format("The target replication factor of {} cannot be reached because only {} "
                    "broker(s) are registered{}.",
                    replication_factor, brokers,
                    is_any_cordoned_ ? " that have a log directory not in cordoned.log.dirs" : ""));
  }
  const std::size_t start = least_leading();
  std::vector<ReplicaList> placed(static_cast<std::size_t>(partitions));
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const std::size_t first = (start + i) % live_.size();
    placed[i] = place_one(first, static_cast<std::size_t>(replication_factor));
    ++live_[first].preferred_of;
  }
  return placed;
}

// Goes around from `first`: brokers of racks that the partition is in least often come first, those
// that serve before those that are fenced.
ReplicaList ReplicaPlacer::place_one(std::size_t first, std::size_t replication_factor) const {
  ReplicaList replicas;
  std::map<std::optional<std::string>, std::size_t> in_rack;
  for (const auto* candidates : {&live_, &fenced_}) {
    const std::size_t count = candidates->size();
    std::vector<bool> is_taken(count);
    const std::size_t wanted = std::min(replication_factor, replicas.size() + count);
    while (replicas.size() < wanted) {
      std::size_t best = count;
      for (std::size_t step = 0; step < count; ++step) {
        const std::size_t at = (first + step) % count;
        if (is_taken[at]) continue;
        if (best == count || in_rack[(*candidates)[at].rack] < in_rack[(*candidates)[best].rack]) {
          best = at;
        }
      }
      is_taken[best] = true;
      ++in_rack[(*candidates)[best].rack];
      replicas.push_back((*candidates)[best].id);
    }
  }
  return replicas;
}

bool is_live(const ClusterImage& image, base::BrokerId id) {
  const BrokerImage* broker = image.find_broker(id);
  return broker != nullptr && !broker->fenced && !broker->in_controlled_shutdown;
}

base::Uuid default_directory(const ClusterImage& image, base::BrokerId id) {
  const BrokerImage* broker = image.find_broker(id);
  const bool is_sole = broker != nullptr && broker->log_directories.size() == 1;
  return is_sole ? broker->log_directories.front() : base::kDirectoryUnassigned;
}

bool has_directory(const BrokerImage& broker, const base::Uuid& directory) {
  if (directory == base::kDirectoryLost) return false;
  if (directory == base::kDirectoryUnassigned || directory == base::kDirectoryMigrating)
    return true;
  // One that says nothing of its directories keeps replicas all the same.
  return broker.log_directories.empty() ||
         std::ranges::find(broker.log_directories, directory) != broker.log_directories.end();
}

base::Result<> check_assignment(const ClusterImage& image, const ReplicaList& replicas) {
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

base::Result<> check_new_assignment(const ClusterImage& image, std::int32_t partition,
                                    const ReplicaList& replicas) {
  if (auto valid = check_assignment(image, replicas); !valid) return valid;
  if (std::ranges::any_of(replicas, [&](base::BrokerId id) { return is_live(image, id); })) {
    return {};
  }
  return base::fail(
      ErrorCode::kInvalidReplicaAssignment,
      fmt::format("All brokers specified in the manual partition assignment for partition {} are "
                  "fenced or in controlled shutdown.",
                  partition));
}

wire::PartitionRecord new_partition(const ClusterImage& image, const base::TopicId& topic,
                                    std::int32_t index, const ReplicaList& replicas) {
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
