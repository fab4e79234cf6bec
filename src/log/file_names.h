// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

// The names of the files and directories of a partition, as Apache Kafka has them
// (docs/formats/log.md).
namespace odradek::log {

inline constexpr std::string_view kLogSuffix = ".log";
inline constexpr std::string_view kOffsetIndexSuffix = ".index";
inline constexpr std::string_view kTimeIndexSuffix = ".timeindex";
inline constexpr std::string_view kTransactionIndexSuffix = ".txnindex";
inline constexpr std::string_view kSnapshotSuffix = ".snapshot";
// A file that waits for its removal.
inline constexpr std::string_view kDeletedSuffix = ".deleted";
// A compacted segment that is being written, and one that is about to take its original's place.
inline constexpr std::string_view kCleanedSuffix = ".cleaned";
inline constexpr std::string_view kSwapSuffix = ".swap";
// An index made anew that is about to take the place of one that is wrong.
inline constexpr std::string_view kRebuiltSuffix = ".rebuilt";

// `offset` in 20 digits, then `suffix`.
std::string offset_file_name(base::Offset offset, std::string_view suffix);

// A name of the form `<20 digits><suffix>[<marker>]`; nothing where it has another form: that file
// is somebody else's. The markers are `.deleted`, `.cleaned`, `.swap` and `.rebuilt`.
struct OffsetFileName {
  base::Offset offset;
  std::string_view suffix;  // one of the five above
  std::string_view marker;  // empty, or one of the four
};
std::optional<OffsetFileName> parse_offset_file_name(std::string_view name);

}  // namespace odradek::log
