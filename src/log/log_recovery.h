// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/leader_epoch_cache.h"
#include "log/log_loader.h"

namespace odradek::log {

// What recovery found in one segment.
struct RecoveredSegment {
  base::Offset end_offset;
  // Bytes that were no whole batch, and were cut.
  std::uint64_t cut_bytes = 0;
};

// Reads a segment again after an unclean stop: from `recovery_point` on every batch is checked
// (CRC, size, order), below it only how the batches follow each other, from an index entry that can
// be trusted on. Cuts at the first that is not whole, rebuilds the indexes from there, and gives
// `epochs` the epochs that are new. The segment is complete and closed afterwards.
[[nodiscard]] base::Result<RecoveredSegment> recover_segment(env::Disk& disk, Segment& segment,
                                                             base::Offset recovery_point,
                                                             std::int32_t index_interval_bytes,
                                                             LeaderEpochCache& epochs,
                                                             bool& epochs_changed);

// Recovers every segment that reaches beyond the recovery point; those after a cut are removed.
// Says in one sentence what was cut. Sets the log's end.
[[nodiscard]] base::Result<> recover_segments(directory::LogDirectory& directory,
                                              const Log::OpenOptions& options, LoadedLog& log);

}  // namespace odradek::log
