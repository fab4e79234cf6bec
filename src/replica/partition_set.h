// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "base/uuid.h"
#include "replica/partition.h"

namespace odradek::replica {

// The partitions that this broker has, by topic id. Threads: any.
class PartitionSet {
 public:
  // Null when this broker does not have the partition.
  std::shared_ptr<Partition> find(const base::TopicId& topic, std::int32_t partition) const;
  void add(std::shared_ptr<Partition> partition, std::int32_t index);
  // Takes a partition out and returns it (null when there was none); those who wait in it are not
  // told.
  std::shared_ptr<Partition> remove(const base::TopicId& topic, std::int32_t partition);
  // All partitions, as one moment saw them.
  std::vector<std::shared_ptr<Partition>> all() const;

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<base::TopicId, std::vector<std::shared_ptr<Partition>>> topics_;
};

}  // namespace odradek::replica
