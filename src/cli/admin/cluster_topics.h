// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"

namespace odradek::cli {

class Admin;

// A partition as the server that was named sees it.
struct ClusterPartition {
  base::BrokerId leader = base::kNoBroker;
  std::vector<base::BrokerId> replicas;  // the preferred leader first
  std::vector<base::BrokerId> in_sync;
};

struct ClusterTopic {
  base::Uuid id;
  bool is_internal = false;
  std::map<std::int32_t, ClusterPartition> partitions;
};

using ClusterTopics = std::map<std::string, ClusterTopic>;

// Asked in one request: every topic, or those of `names` that there are.
[[nodiscard]] base::Result<ClusterTopics> load_topics(
    Admin& admin, const std::optional<std::vector<std::string>>& names = std::nullopt);

// nullptr where there is none.
const ClusterPartition* find_partition(const ClusterTopics& topics,
                                       const base::TopicPartition& partition);

}  // namespace odradek::cli
