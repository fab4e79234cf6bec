// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "env/disk.h"

// Kafka's text checkpoints: a line with the version (0), a line with the number of entries, a line
// an entry, its fields separated by a blank; every line ends with a newline. An empty file holds
// nothing. Anything else is an error that names the path and the line. See
// docs/formats/log-directory.md.
namespace odradek::log::directory {

inline constexpr std::string_view kRecoveryPointFile = "recovery-point-offset-checkpoint";
inline constexpr std::string_view kLogStartOffsetFile = "log-start-offset-checkpoint";
inline constexpr std::string_view kHighWatermarkFile = "replication-offset-checkpoint";
inline constexpr std::string_view kCleanerOffsetFile = "cleaner-offset-checkpoint";

// `fields` is the number of fields of every entry.
[[nodiscard]] base::Result<std::vector<std::vector<std::string>>> parse_checkpoint(
    std::string_view text, std::size_t fields, const std::string& path);
// `entries` are finished lines without their newlines.
std::string format_checkpoint(const std::vector<std::string>& entries);

// A whole decimal number, negative ones included; nothing else around it.
[[nodiscard]] base::Result<std::int64_t> parse_checkpoint_number(std::string_view field,
                                                                 std::int64_t min, std::int64_t max,
                                                                 const std::string& path);

// In any order; of two of one name the later one counts.
using OffsetEntries = std::vector<std::pair<base::TopicPartition, base::Offset>>;
using PartitionOffsets = std::map<base::TopicPartition, base::Offset>;

[[nodiscard]] base::Result<OffsetEntries> parse_offset_entries(std::string_view text,
                                                               const std::string& path);
[[nodiscard]] base::Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text,
                                                                     const std::string& path);
// Sorted by name. REQUIRES: different names.
std::string format_offset_checkpoint(OffsetEntries offsets);

// Atomic and durable.
[[nodiscard]] base::Result<> write_offset_checkpoint(env::Disk& disk, const std::string& path,
                                                     OffsetEntries offsets);

}  // namespace odradek::log::directory
