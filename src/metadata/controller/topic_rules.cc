// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/topic_rules.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "config/table.h"
#include "config/topic_config.h"
#include "config/value.h"

namespace odradek::metadata {
namespace {

class Rules {
 public:
  Rules(const config::Settings& settings, const ConfigMap* own) : settings_(settings), own_(own) {}

  bool flag(std::string_view key) const {
    return config::normalized(*config::find_topic_setting(key), value(key)) == "true";
  }
  std::size_t count(std::string_view key) const {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(config::parse_whole(value(key)).value_or(1), 1));
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
  rules.min_in_sync_replicas = values.count("min.insync.replicas");
  if (!topic.partitions.empty()) {
    rules.min_in_sync_replicas =
        std::min(rules.min_in_sync_replicas, topic.partitions.front().replicas.size());
  }
  rules.may_elect_uncleanly = values.flag("unclean.leader.election.enable");
  rules.survives_crashes = !values.flag("write.caching");
  const auto level = image.features.find("eligible.leader.replicas.version");
  rules.has_eligible_replicas = level != image.features.end() && level->second > 0;
  return rules;
}

}  // namespace odradek::metadata
