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
#include "log/log.h"
#include "log/recovery/damage.h"

// What `odradek log check` looks for: every byte of a partition's files, or of a log directory's,
// held against the others. Reads only.
namespace odradek::log::recovery {

struct Finding {
  std::string file;
  // One word for programs: "checksum", "index", "epochs" …
  std::string kind;
  std::string text;
  std::optional<std::uint64_t> position;
  std::optional<std::uint64_t> bytes;
  // Offsets of records that can't be read for it.
  std::optional<base::Offset> first_offset;
  std::optional<base::Offset> last_offset;
};

// What one segment's files are, and what they should be.
struct SegmentCheck {
  base::Offset base_offset;
  base::Offset end_offset;
  std::uint64_t bytes = 0;
  std::vector<Damage> damages;
  bool is_offset_index_wrong = false;
  bool is_time_index_wrong = false;
  bool is_transaction_index_wrong = false;
  // By the batches.
  std::vector<AbortedTransaction> aborted_transactions;
};

struct PartitionCheck {
  std::string path;
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::vector<SegmentCheck> segments;
  std::vector<std::string> broken_snapshots;
  bool are_epochs_wrong = false;
  bool is_metadata_wrong = false;
  bool is_metadata_missing = false;
  LeaderEpochCache epochs;  // by the batches
  std::vector<Finding> findings;
};

struct CheckOptions {
  // A server has the directory open: what it has not finished writing is no finding.
  bool is_in_use = false;
  // What the directory's checkpoint says; records below it have to be there.
  base::Offset recovery_point{0};
  bool is_compacted = false;
  // A repair went before: what the server's next start makes anew may be missing.
  bool is_repaired = false;
};

// Errors are the disk's: what is wrong with the content is a finding.
[[nodiscard]] base::Result<PartitionCheck> check_partition(env::Disk& disk, const std::string& path,
                                                           const CheckOptions& options);

// The files of a log directory itself: meta.properties, the checkpoints, the mark of a clean stop.
[[nodiscard]] base::Result<std::vector<Finding>> check_directory_files(env::Disk& disk,
                                                                       const std::string& path);

}  // namespace odradek::log::recovery
