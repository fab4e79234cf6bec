// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/leader_epoch_cache.h"
#include "log/log_loader.h"
#include "log/recovery/damage.h"

namespace odradek::log {

// What recovery found in one segment.
struct RecoveredSegment {
  base::Offset end_offset;
  // Bytes that were no whole batch, and were cut.
  std::uint64_t cut_bytes = 0;
  // Of the first batch that was read, and behind the last one of a producer; nothing where there
  // was none.
  std::optional<base::Offset> first_offset = std::nullopt;
  std::optional<base::Offset> producers_end = std::nullopt;
  // They begin with zeros: space that was preallocated and not written, or was not flushed.
  bool is_cut_blank = false;
  // What lies below the recovery point and is no batch: it stays where it is.
  std::vector<recovery::Damage> damages;
  // The segment's last bytes are damaged, or are missing: nothing is appended to it.
  bool is_end_damaged = false;
};

struct RecoveryBounds {
  // Below it everything was flushed.
  base::Offset recovery_point;
  // It may have been higher: what whole batches follow is not cut.
  bool is_recovery_point_lost = false;
  // See LoadedLog.
  bool is_cache_true = false;
  // No record of the segment is at or above it: the base offset of the next segment, where that
  // counts.
  base::Offset end_offset;
  std::int32_t index_interval_bytes = 4096;
  // The log's last segment, which goes on being appended to.
  bool is_last = false;
};

// Reads a segment again after an unclean stop: from the recovery point on every batch is checked
// (CRC, size, order), below it only how the batches follow each other, from an index entry that can
// be trusted on. Cuts at the first that is not whole above the recovery point; what is damaged
// below it is left, and passed over. Rebuilds the indexes from there, and gives `epochs` the epochs
// that are new. The segment is open and complete afterwards, but for two cases in which entries of
// its indexes stay in memory: there is no room for them on the disk, or it is the last one and they
// are few; it is completed like any other then, when it is finished or closed.
[[nodiscard]] base::Result<RecoveredSegment> recover_segment(env::Disk& disk, Segment& segment,
                                                             const RecoveryBounds& bounds,
                                                             LeaderEpochCache& epochs,
                                                             bool& epochs_changed);

// Recovers every segment that reaches beyond the recovery point; those after a cut are removed.
// Says in one sentence what was cut, and what is damaged below the recovery point. Sets the log's
// end, which is never below the recovery point: offsets are not given twice. After damage at the
// end an empty segment is what is appended to.
[[nodiscard]] base::Result<> recover_segments(directory::LogDirectory& directory,
                                              const Log::OpenOptions& options, LoadedLog& log);

}  // namespace odradek::log
