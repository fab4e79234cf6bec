// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/throttled_replicas.h"

#include <string>

#include "config/value.h"

namespace odradek::broker {

ThrottledReplicas::ThrottledReplicas(const metadata::ConfigMap* configs, base::BrokerId broker)
    : as_leader_(partitions_in(configs, "leader.replication.throttled.replicas", broker)),
      as_follower_(partitions_in(configs, "follower.replication.throttled.replicas", broker)) {}

// What was stored by others and is no such list names nothing.
ThrottledReplicas::Partitions ThrottledReplicas::partitions_in(const metadata::ConfigMap* configs,
                                                               std::string_view key,
                                                               base::BrokerId broker) {
  Partitions partitions;
  if (configs == nullptr) return partitions;
  const auto found = configs->find(key);
  if (found == configs->end()) return partitions;
  for (const std::string& element : config::split_list(found->second)) {
    if (element == "*") {
      partitions.are_all = true;
      continue;
    }
    const auto colon = element.find(':');
    if (colon == std::string::npos) continue;
    const auto partition = config::parse_whole(std::string_view(element).substr(0, colon));
    const auto replica = config::parse_whole(std::string_view(element).substr(colon + 1));
    if (!partition || replica != broker.value()) continue;
    partitions.named.insert(static_cast<std::int32_t>(*partition));
  }
  return partitions;
}

replica::Partition::Throttled ThrottledReplicas::of(std::int32_t partition) const {
  return {.as_leader = as_leader_.contain(partition),
          .as_follower = as_follower_.contain(partition)};
}

}  // namespace odradek::broker
