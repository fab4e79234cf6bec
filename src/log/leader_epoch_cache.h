// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/log.h"

namespace odradek::log {

inline constexpr std::string_view kLeaderEpochFile = "leader-epoch-checkpoint";

struct LeaderEpochEntry {
  base::LeaderEpoch epoch = base::kNoLeaderEpoch;
  base::Offset start_offset = base::kNoOffset;

  friend bool operator==(const LeaderEpochEntry&, const LeaderEpochEntry&) = default;
};

// Where each leader epoch of a partition begins (KIP-101, KIP-279): epochs and start offsets both
// ascend. Pure; an empty one allocates nothing. Threads: the caller serialises.
//
// What a change that returned true means for the file: an assignment must be written durably before
// the recovery point passes its start offset; a truncation may be written any time later, for the
// same truncation is done again when the log is opened.
class LeaderEpochCache {
 public:
  LeaderEpochCache() = default;
  // REQUIRES: ascending entries, as `parse_leader_epochs` gives them.
  explicit LeaderEpochCache(std::vector<LeaderEpochEntry> entries);

  // `epoch` starts at `start_offset`. Entries that contradict it, of the same or a later epoch or
  // starting at or after it, go. Nothing happens when it is the latest epoch already, unless it
  // started later. Returns whether anything changed. REQUIRES: neither is negative.
  bool assign(base::LeaderEpoch epoch, base::Offset start_offset);

  bool empty() const { return entries_.empty(); }
  const std::vector<LeaderEpochEntry>& entries() const { return entries_; }
  std::optional<LeaderEpochEntry> latest() const;
  std::optional<LeaderEpochEntry> earliest() const;
  // The epoch that `offset` was written in; kNoLeaderEpoch below the earliest.
  base::LeaderEpoch epoch_of(base::Offset offset) const;
  // The greatest epoch at or below `epoch` and the offset it ends at: the start of the next one, or
  // `log_end_offset` for the latest. Below the earliest: `epoch` itself with the earliest's start.
  // Unknown (both -1) beyond the latest, or where nothing is known.
  EpochEndOffset end_offset_for(base::LeaderEpoch epoch, base::Offset log_end_offset) const;

  // Drops the epochs that start at or after `end_offset`. Returns whether anything changed.
  bool truncate_from_end(base::Offset end_offset);
  // The log begins at `start_offset` now: epochs that ended before go, the one it lies in starts
  // there. Returns whether anything changed.
  bool truncate_from_start(base::Offset start_offset);
  bool clear();

 private:
  std::vector<LeaderEpochEntry> entries_;
};

// `leader-epoch-checkpoint`: a text checkpoint with lines "epoch start_offset".
std::string format_leader_epochs(const LeaderEpochCache& epochs);
[[nodiscard]] base::Result<LeaderEpochCache> parse_leader_epochs(std::string_view text,
                                                                 const std::string& path);
// A missing file: an empty cache.
[[nodiscard]] base::Result<LeaderEpochCache> read_leader_epochs(
    env::Disk& disk, const std::string& partition_directory);
// Atomic and durable: after a power cut the old content is there or the new one.
[[nodiscard]] base::Result<> write_leader_epochs(env::Disk& disk,
                                                 const std::string& partition_directory,
                                                 const LeaderEpochCache& epochs);

// Over what is there, at once and not durably: a crash may leave a part of it.
[[nodiscard]] base::Result<> write_leader_epochs_in_place(env::Disk& disk,
                                                          const std::string& partition_directory,
                                                          const LeaderEpochCache& epochs);

// The same in steps, so that one sync of the file system serves many partitions: written without
// waiting for the disk, synced, put in place; the new name counts with the next sync.
//
// Where there is no file yet, the epochs are it (false); else they lie beside it (true), for
// renaming what is not flushed over what is could leave neither after a power cut.
[[nodiscard]] base::Result<bool> write_leader_epochs_aside(env::Disk& disk,
                                                           const std::string& partition_directory,
                                                           const LeaderEpochCache& epochs);
// Flushes what was written, for a caller that does not sync the file system.
[[nodiscard]] base::Result<> flush_leader_epochs(env::Disk& disk,
                                                 const std::string& partition_directory,
                                                 bool are_aside);
[[nodiscard]] base::Result<> put_leader_epochs_in_place(env::Disk& disk,
                                                        const std::string& partition_directory);

}  // namespace odradek::log
