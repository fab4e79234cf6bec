// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "broker/runtime/group/group_shard.h"
#include "broker/services.h"
#include "config/settings.h"
#include "metadata/image_builder.h"

namespace odradek::broker {

// The partition of __consumer_offsets that keeps a group: Java's hash code of its id, modulo their
// number.
std::int32_t group_partition(const std::string& group_id, std::int32_t partition_count);

// All groups that this broker coordinates: one shard for each partition of __consumer_offsets that
// it leads. Threads: any.
class GroupService {
 public:
  GroupService(env::World& world, const config::Settings& settings, base::BrokerId node,
               ImageHolder& image, replica::PartitionSet& partitions);

  // Loads what is there. Once, before requests come.
  void start();
  // Follows a change of the metadata: partitions of __consumer_offsets are read when this broker
  // becomes their leader, in each epoch anew, and given up when it is no longer; offsets of deleted
  // topics are forgotten. One at a time, after the partitions have followed the change.
  void follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // Another broker leads this partition, of whichever topic, though the metadata here does not say
  // so yet.
  void give_up(const base::TopicId& topic, std::int32_t partition);
  void stop();

  // The shard that keeps the group. NOT_COORDINATOR where this broker does not lead it, or the
  // topic is not there.
  [[nodiscard]] base::Result<std::shared_ptr<GroupShard>> shard_of(
      const std::string& group_id) const;
  std::vector<std::shared_ptr<GroupShard>> shards() const;

 private:
  using Shards = std::vector<std::shared_ptr<GroupShard>>;
  // A partition of __consumer_offsets.
  struct Slot {
    std::shared_ptr<GroupShard> shard;  // null where it is not led here
    base::LeaderEpoch epoch{0};         // in which it is
  };

  void serve(const metadata::TopicImage& topic);
  void serve_locked(const metadata::TopicImage& topic, Shards& gone, Shards& fresh);
  void resign_all();
  void arm_expiry();
  void expire_offsets();

  env::World& world_;
  const group::GroupSettings settings_;
  const env::Duration commit_timeout_;
  const env::Duration expiry_interval_;
  const base::BrokerId node_;
  ImageHolder& image_;
  replica::PartitionSet& partitions_;

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;  // by partition
  env::Executor::TimerId expiry_timer_ = 0;
  bool stopped_ = false;
};

}  // namespace odradek::broker
