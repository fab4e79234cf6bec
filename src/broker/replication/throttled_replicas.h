// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "base/ids.h"
#include "metadata/cluster_image.h"
#include "replica/partition.h"

namespace odradek::broker {

// Which of a topic's replicas on one broker the lists leader. and
// follower.replication.throttled.replicas name (KIP-73).
class ThrottledReplicas {
 public:
  // `configs`: the topic's own; may be null.
  ThrottledReplicas(const metadata::ConfigMap* configs, base::BrokerId broker);

  replica::Partition::Throttled of(std::int32_t partition) const;

 private:
  struct Partitions {
    bool are_all = false;
    std::set<std::int32_t> named;

    bool contain(std::int32_t partition) const { return are_all || named.contains(partition); }
  };

  static Partitions partitions_in(const metadata::ConfigMap* configs, std::string_view key,
                                  base::BrokerId broker);

  Partitions as_leader_;
  Partitions as_follower_;
};

}  // namespace odradek::broker
