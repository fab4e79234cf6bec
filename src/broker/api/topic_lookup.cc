// SPDX-License-Identifier: Apache-2.0
#include "broker/api/topic_lookup.h"

#include <fmt/core.h>

#include "config/value.h"
#include "log/log_manager.h"
#include "replica/partition_set.h"

namespace odradek::broker::api {

using base::ErrorCode;

base::Result<std::shared_ptr<const metadata::TopicImage>> find_topic(
    const metadata::ClusterImage& image, bool by_id, const std::string& name,
    const base::TopicId& id) {
  const auto& topic = by_id ? image.find_topic(id) : image.find_topic(name);
  if (topic != nullptr) return topic;
  return base::fail(by_id ? ErrorCode::kUnknownTopicId : ErrorCode::kUnknownTopicOrPartition);
}

base::Result<std::shared_ptr<replica::Partition>> find_partition(
    const Services& services, const metadata::ClusterImage& image, const std::string& topic,
    std::int32_t partition) {
  const auto& found = image.find_topic(topic);
  if (found == nullptr) return base::fail(ErrorCode::kUnknownTopicOrPartition);
  if (auto here = services.partitions.find(found->id, partition)) return here;
  return base::fail(missing_partition_error(services, *found, partition));
}

base::Error missing_partition_error(const Services& services, const metadata::TopicImage& topic,
                                    std::int32_t partition) {
  if (!topic.has_partition(partition)) return {ErrorCode::kUnknownTopicOrPartition, "", 0};
  if (services.logs.has_offline_directory()) {
    return {ErrorCode::kKafkaStorageError,
            fmt::format("{}-{} is offline with its log directory", topic.name, partition), 0};
  }
  return {ErrorCode::kNotLeaderOrFollower,
          fmt::format("{}-{} is not on this broker", topic.name, partition), 0};
}

std::int64_t min_insync_replicas(const metadata::ClusterImage& image,
                                 const config::Settings& settings, const std::string& topic) {
  constexpr std::string_view kName = "min.insync.replicas";
  if (const auto* config = image.find_config(metadata::ConfigResourceType::kTopic, topic)) {
    if (const auto found = config->find(kName); found != config->end()) {
      if (const auto own = config::parse_whole(found->second)) return *own;
    }
  }
  return settings.number(kName);
}

}  // namespace odradek::broker::api
