// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "cli/admin/admin.h"

namespace odradek::cli {

struct PartitionDescription {
  std::int32_t index = 0;
  base::BrokerId leader{-1};
  std::vector<base::BrokerId> replicas;
  std::vector<base::BrokerId> in_sync;
  // Nothing where the server cannot say.
  std::optional<std::vector<base::BrokerId>> eligible_leaders;
  std::optional<std::vector<base::BrokerId>> last_known_eligible;
  // Of a running reassignment.
  bool is_moving = false;
  std::vector<base::BrokerId> adding;
  std::vector<base::BrokerId> removing;
};

struct TopicDescription {
  std::string name;
  base::Uuid id;
  std::vector<PartitionDescription> partitions;  // by index
};

// A topic's configuration where it is not Kafka's default; and all of it by name.
struct TopicConfigValues {
  std::vector<std::pair<std::string, std::string>> overridden;
  int min_in_sync_replicas = 1;
};

struct TopicName {
  std::string name;
  base::Uuid id;
  std::int32_t partitions = 0;
  std::int32_t replication_factor = 0;
  bool is_internal = false;
};

// Every topic, by name.
[[nodiscard]] base::Result<std::vector<TopicName>> list_topics(Admin& admin);

// Described in the order asked for, with running reassignments. `page` bounds the partitions of
// one answer.
[[nodiscard]] base::Result<std::vector<TopicDescription>> describe_topics(
    Admin& admin, const std::vector<std::string>& names, int page = 2000);

[[nodiscard]] base::Result<std::vector<TopicConfigValues>> describe_topic_configs(
    Admin& admin, const std::vector<TopicDescription>& topics);

}  // namespace odradek::cli
