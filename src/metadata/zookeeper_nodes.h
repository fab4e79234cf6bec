// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/cluster_image.h"

// The text of single nodes of the view in ZooKeeper (zookeeper_view.h): Kafka's JSON, field by
// field in the order in which Kafka's own maps happen to print them.
namespace odradek::metadata {

// /brokers/topics/<topic>, version 3.
std::string topic_node(const TopicImage& topic);
// /brokers/topics/<topic>/partitions/<partition>/state, version 1.
std::string partition_state_node(const PartitionImage& partition, std::int32_t controller_epoch);
// /config/<type>/<name>, version 1. Values as they shall be shown.
std::string config_node(const std::map<std::string, std::string>& config);
// /feature, version 2: the finalized features.
std::string feature_node(const std::map<std::string, std::int16_t>& features);
// /kafka-acl/<type>/<name> and those of prefixes, version 1.
std::string access_control_node(const std::vector<const AccessControlEntryImage*>& entries);

// A name as part of a path: what is not [A-Za-z0-9._-] as %XX, byte by byte of its UTF-8.
std::string sanitized(std::string_view name);

// Kafka's names of the numbers in access control: "Topic", "TransactionalId"; empty: unknown.
std::string_view resource_type_name(std::int8_t type);

}  // namespace odradek::metadata
