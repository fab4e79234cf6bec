// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "env/disk.h"

// `partition.metadata`, which ties a partition's directory to the topic's id (KIP-516): the lines
// "version: 0" and "topic_id: <id>", the last without a newline.
namespace odradek::log {

inline constexpr std::string_view kPartitionMetadataFile = "partition.metadata";

std::string format_partition_metadata(const base::TopicId& topic_id);
// Versions from 0 on, as Kafka reads them. The zero id is refused.
[[nodiscard]] base::Result<base::TopicId> parse_partition_metadata(std::string_view text,
                                                                   const std::string& path);

// Nothing when the partition's directory has no such file, or an empty one: what a power cut during
// an unsynced creation leaves.
[[nodiscard]] base::Result<std::optional<base::TopicId>> read_partition_metadata(
    env::Disk& disk, const std::string& partition_directory);
// `is_synced_by_caller`: the caller syncs the file system before anything depends on the file.
[[nodiscard]] base::Result<> write_partition_metadata(env::Disk& disk,
                                                      const std::string& partition_directory,
                                                      const base::TopicId& topic_id,
                                                      bool is_synced_by_caller = false);

}  // namespace odradek::log
