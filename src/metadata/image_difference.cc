// SPDX-License-Identifier: Apache-2.0
#include "metadata/image_difference.h"

namespace odradek::metadata {

ImageDelta difference(const ClusterImage& before, const ClusterImage& after) {
  ImageDelta delta;
  delta.brokers_changed = true;
  delta.clients_changed = true;
  delta.access_changed = true;
  before.topics_by_id.for_each([&](const base::TopicId& id, const auto& topic) {
    if (!after.topics_by_id.contains(id)) delta.removed_topics.push_back(topic);
  });
  after.topics_by_id.for_each([&](const base::TopicId& id, const auto& topic) {
    const auto& known = before.find_topic(id);
    if (known == nullptr || known->partitions != topic->partitions) {
      delta.changed_topics.insert(id);
    }
  });
  for (const auto& [resource, config] : before.configs) {
    const auto found = after.configs.find(resource);
    if (found == after.configs.end() || *found->second != *config) {
      delta.changed_configs.insert(resource);
    }
  }
  for (const auto& [resource, config] : after.configs) {
    if (!before.configs.contains(resource)) delta.changed_configs.insert(resource);
  }
  return delta;
}

}  // namespace odradek::metadata
