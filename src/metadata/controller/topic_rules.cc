// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/topic_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "config/table.h"
#include "config/topic_config.h"
#include "config/value.h"
#include "metadata/controller/eligible_replicas.h"

namespace odradek::metadata {
namespace {

class Rules {
 public:
  Rules(const config::Settings& settings, const ConfigMap* own) : settings_(settings), own_(own) {}

  bool flag(std::string_view key) const {
    return config::normalized(*config::find_topic_setting(key), value(key)) == "true";
  }
  // `of_cluster` comes before the settings, where the topic has none of its own.
  std::size_t count(std::string_view key, const std::string* of_cluster) const {
    const bool is_own = own_ != nullptr && own_->contains(key);
    const auto number = config::parse_whole(is_own || !of_cluster ? value(key) : *of_cluster);
    return static_cast<std::size_t>(std::max<std::int64_t>(number.value_or(1), 1));
  }

 private:
  std::string value(std::string_view key) const {
    return config::topic_value(settings_, own_, key);
  }

  const config::Settings& settings_;
  const ConfigMap* own_;
};

}  // namespace

TopicRules rules_of(const ClusterImage& image, const config::Settings& settings,
                    const TopicImage& topic) {
  const Rules values(settings, image.find_config(ConfigResourceType::kTopic, topic.name));
  TopicRules rules;
  rules.min_in_sync_replicas = values.count(kMinInSyncReplicas, cluster_min_in_sync(image));
  if (!topic.partitions.empty()) {
    rules.min_in_sync_replicas =
        std::min(rules.min_in_sync_replicas, topic.partitions.front().replicas.size());
  }
  rules.may_elect_uncleanly = values.flag("unclean.leader.election.enable");
  rules.survives_crashes = !values.flag("write.caching");
  rules.has_eligible_replicas = has_eligible_replicas(image);
  return rules;
}

}  // namespace odradek::metadata
