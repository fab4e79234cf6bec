// SPDX-License-Identifier: Apache-2.0
#include "replica/partition_set.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/assert.h"

namespace odradek::replica {

std::shared_ptr<Partition> PartitionSet::find(const base::TopicId& topic,
                                              std::int32_t partition) const {
  const std::shared_lock lock(mutex_);
  const auto found = topics_.find(topic);
  if (found == topics_.end() || partition < 0) return nullptr;
  const auto index = static_cast<std::size_t>(partition);
  return index < found->second.size() ? found->second[index] : nullptr;
}

void PartitionSet::add(std::shared_ptr<Partition> partition, std::int32_t index) {
  ODRADEK_ASSERT(index >= 0);
  const std::unique_lock lock(mutex_);
  auto& partitions = topics_[partition->topic_id()];
  if (partitions.size() <= static_cast<std::size_t>(index)) {
    partitions.resize(static_cast<std::size_t>(index) + 1);
  }
  ODRADEK_ASSERT(partitions[static_cast<std::size_t>(index)] == nullptr);
  partitions[static_cast<std::size_t>(index)] = std::move(partition);
}

std::shared_ptr<Partition> PartitionSet::remove(const base::TopicId& topic,
                                                std::int32_t partition) {
  const std::unique_lock lock(mutex_);
  const auto found = topics_.find(topic);
  if (found == topics_.end() || partition < 0) return nullptr;
  auto& partitions = found->second;
  if (static_cast<std::size_t>(partition) >= partitions.size()) return nullptr;
  auto removed = std::exchange(partitions[static_cast<std::size_t>(partition)], nullptr);
  if (std::ranges::all_of(partitions, [](const auto& left) { return left == nullptr; })) {
    topics_.erase(found);
  }
  return removed;
}

std::vector<std::shared_ptr<Partition>> PartitionSet::all() const {
  const std::shared_lock lock(mutex_);
  std::vector<std::shared_ptr<Partition>> all;
  for (const auto& [topic, partitions] : topics_) {
    std::ranges::copy_if(partitions, std::back_inserter(all),
                         [](const auto& partition) { return partition != nullptr; });
  }
  return all;
}

}  // namespace odradek::replica
