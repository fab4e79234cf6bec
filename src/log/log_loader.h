// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/clock.h"
#include "log/leader_epoch_cache.h"
#include "log/log.h"
#include "log/partition_path.h"
#include "log/producer_state.h"
#include "log/producer_state_snapshot.h"
#include "log/segment.h"
#include "log/transaction_index.h"

namespace odradek::log {

using Segments = std::vector<std::shared_ptr<Segment>>;
// Indexes of aborted transactions, by their segments' base offsets; only those that exist.
using TransactionIndexes = std::map<base::Offset, TransactionIndex>;

// A partition as it was found on disk, or made anew.
struct LoadedLog {
  LoadedLog(env::Disk& disk, const std::string& partition_path);

  std::shared_ptr<PartitionPath> path;
  // By base offset; at least one.
  Segments segments;
  TransactionIndexes transaction_indexes;
  base::Offset log_start_offset{0};
  base::Offset end_offset{0};
  LeaderEpochCache epochs;
  bool epochs_changed = false;
  ProducerState producers;
  ProducerSnapshots snapshots;
  // What the page cache has of the log is what was written (CacheMark). Otherwise what is read
  // again is read from the disk.
  bool is_cache_true = false;
  // Recovery saw every batch from this offset on, and none has a producer; nothing where it saw
  // none of them.
  std::optional<base::Offset> no_producers_from;
  // Whether the last segment's end was looked at. After a clean stop it is not, until somebody
  // appends.
  bool is_end_checked = true;
};

// How much sooner than segment.ms a new segment is to be rolled, by segment.jitter.ms.
std::int64_t roll_jitter_ms(env::Random& random, const LogConfig& config);

// Reads a partition's directory, or creates it; see Log::open. Blocks.
[[nodiscard]] base::Result<LoadedLog> load_log(directory::LogDirectory& directory,
                                               const Log::OpenOptions& options);

// Brings `producers`, which stand at their end_offset(), to `end`: reads the batches in between.
// Aborted transactions that end at or after `unindexed_from` go into their segments' indexes. Who
// shares the segments with others reads files of its own.
enum class ReplayFiles : std::uint8_t { kItsOwn, kOfSegments };
[[nodiscard]] base::Result<> replay_producers(env::Disk& disk, const Segments& segments,
                                              TransactionIndexes& indexes, ProducerState& producers,
                                              base::Offset end, base::Offset unindexed_from,
                                              ReplayFiles which = ReplayFiles::kItsOwn);

// The index of `segment`, opened or made where it is not there yet.
[[nodiscard]] base::Result<TransactionIndex*> transaction_index_of(env::Disk& disk,
                                                                   const Segment& segment,
                                                                   TransactionIndexes& indexes);

}  // namespace odradek::log
