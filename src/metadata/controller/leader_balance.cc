// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/leader_balance.h"

#include <map>
#include <optional>

#include "metadata/controller/partition_change.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {
namespace {

struct Share {
  std::int64_t preferred = 0;  // partitions whose first replica the broker has
  std::int64_t led_by_others = 0;
};

bool is_away(const PartitionImage& partition) {
  return !partition.replicas.empty() && partition.leader != partition.replicas.front();
}

std::map<base::BrokerId, Share> shares_of(const ClusterImage& image) {
  std::map<base::BrokerId, Share> shares;
  image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    for (const PartitionImage& partition : topic->partitions) {
      if (partition.replicas.empty()) continue;
      Share& share = shares[partition.replicas.front()];
      ++share.preferred;
      if (is_away(partition)) ++share.led_by_others;
    }
  });
  return shares;
}

// Elects by `policy` in the partitions that are wanted, of topics whose rules are.
template <typename Wanted, typename WantedRules>
Changes elect_where(const ControllerView& view, ElectionPolicy policy, Reason reason, Wanted wanted,
                    WantedRules wanted_rules, std::size_t max_elections) {
  Changes changes;
  view.image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    std::optional<TopicRules> rules;
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      if (changes.records.size() >= max_elections) return;
      const PartitionImage& partition = topic->partitions[i];
      if (!wanted(partition)) continue;
      if (!rules) rules = rules_of(view.image, view.settings, *topic);
      if (!wanted_rules(*rules)) return;
      PartitionChange change(view.image, *topic, static_cast<std::int32_t>(i), *rules);
      change.set_policy(policy);
      add(change.build({reason, partition.replicas.front()}), changes);
    }
  });
  return changes;
}

}  // namespace

Changes balance_leaders(const ControllerView& view, std::int64_t allowed_percent,
                        std::size_t max_elections) {
  const auto shares = shares_of(view.image);
  const auto is_imbalanced = [&](base::BrokerId broker) {
    const Share& share = shares.at(broker);
    return share.led_by_others * 100 > allowed_percent * share.preferred;
  };
  return elect_where(
      view, ElectionPolicy::kPreferred, Reason::kPreferredLeaderReady,
      [&](const PartitionImage& partition) {
        if (!is_away(partition) || is_reassigning(partition)) return false;
        const base::BrokerId preferred = partition.replicas.front();
        return is_imbalanced(preferred) && is_live(view.image, preferred) &&
               contains(partition.in_sync_replicas, preferred);
      },
      [](const TopicRules&) { return true; }, max_elections);
}

Changes elect_unclean_leaders(const ControllerView& view, std::size_t max_elections) {
  return elect_where(
      view, ElectionPolicy::kUnclean, Reason::kUncleanAllowed,
      [](const PartitionImage& partition) {
        return partition.leader == base::kNoBroker && !partition.replicas.empty();
      },
      [](const TopicRules& rules) { return rules.may_elect_uncleanly; }, max_elections);
}

}  // namespace odradek::metadata
