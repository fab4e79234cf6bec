// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "broker/services.h"
#include "config/settings.h"
#include "metadata/cluster_image.h"
#include "replica/partition.h"

namespace odradek::broker::api {

// The topic that a request names by id or by name. UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION.
[[nodiscard]] base::Result<std::shared_ptr<const metadata::TopicImage>> find_topic(
    const metadata::ClusterImage& image, bool by_id, const std::string& name,
    const base::TopicId& id);

// The partition of a topic by name, where it is on this broker. UNKNOWN_TOPIC_OR_PARTITION,
// NOT_LEADER_OR_FOLLOWER, KAFKA_STORAGE_ERROR.
[[nodiscard]] base::Result<std::shared_ptr<replica::Partition>> find_partition(
    const Services& services, const metadata::ClusterImage& image, const std::string& topic,
    std::int32_t partition);

// Why this broker does not have the partition: it does not exist, lies in a directory that is
// offline, or another broker has it.
base::Error missing_partition_error(const Services& services, const metadata::TopicImage& topic,
                                    std::int32_t partition);

// The topic's min.insync.replicas.
std::int64_t min_insync_replicas(const metadata::ClusterImage& image,
                                 const config::Settings& settings, const std::string& topic);

}  // namespace odradek::broker::api
