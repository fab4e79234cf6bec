// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"

namespace odradek::log {

namespace directory {
class LogDirectory;
}

// Marks the files of the segment that begins at `base_offset` with `.deleted`, so that no start of
// the server takes them for the log's any more, and has them removed `delay_ms` later: who reads
// them now goes on. Missing ones don't matter.
[[nodiscard]] base::Result<> mark_segment_deleted(directory::LogDirectory& directory,
                                                  const std::string& partition_path,
                                                  base::Offset base_offset, std::int64_t delay_ms);

// Finishes or takes back what a crash interrupted: files marked `.deleted`, compacted segments that
// were not complete (`.cleaned`) and indexes made anew (`.rebuilt`) are removed, complete ones
// (`.swap`) take their originals' places, indexes without a segment go. Other files are left alone.
// ENOENT where there is no such directory.
struct TidyDirectory {
  // What is there now.
  std::vector<env::DirectoryEntry> entries;
  // Names had to change for it.
  bool was_changed = false;
};
[[nodiscard]] base::Result<TidyDirectory> tidy_partition_directory(env::Disk& disk,
                                                                   const std::string& path);

}  // namespace odradek::log
