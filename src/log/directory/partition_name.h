// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/topic_partition.h"
#include "base/uuid.h"

// The names that a partition's directory goes by: `topic-N`, and, while it is deleted, moved or not
// wanted, `topic-N.<32 hex digits>` with a suffix.
namespace odradek::log::directory {

enum class DirectoryRole : std::uint8_t {
  kLog,     // topic-N
  kDelete,  // …-delete: to be removed
  kFuture,  // …-future: a copy on its way to another log directory (KIP-113)
  kStray,   // …-stray: of a partition that this broker does not have; left to the operator
  kOther,   // nobody's we know
};

DirectoryRole role_of(std::string_view name);
// Nothing unless `name` is a topic's name, a dash and a partition number.
std::optional<base::TopicPartition> parse_partition_name(std::string_view name);
// The partition that a directory's name with a role and its 32 digits begins with; nothing where it
// is no partition's, or was cut.
std::optional<base::TopicPartition> partition_of(std::string_view name);
// `role` is one of those with a suffix. Kafka caps the name at 255 bytes by cutting the topic.
std::string directory_name(const base::TopicPartition& partition, const base::Uuid& unique,
                           DirectoryRole role);

}  // namespace odradek::log::directory
