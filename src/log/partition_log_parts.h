// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/index_file.h"
#include "log/leader_epoch_cache.h"
#include "log/log.h"
#include "log/offset_index.h"
#include "log/recovery/damage.h"
#include "log/recovery/known_bytes.h"
#include "log/segment.h"
#include "log/transaction_index.h"

namespace odradek::log {

// What a PartitionLog's steps hand each other: plans that are made under its lock and carried out
// without it. Its base, so that it alone has these names.
struct PartitionLogParts {
  // A batch (or several of one append) with its place, on its way to the file.
  struct PendingWrite {
    std::shared_ptr<Segment> segment;
    std::uint64_t position = 0;
    base::SharedBytes bytes;
    base::Offset end_offset;
    // Of a coordinator: the server needs it to go on.
    bool may_use_reserve = false;
    // Transactions that it aborted, for the segment's index.
    std::vector<AbortedTransaction> aborted = {};
  };
  // Appends that found no room, from `end` on.
  struct TakeBack {
    base::Offset end;
    base::Error error;
  };
  // The producers at the log's end, `end`, for a snapshot of them.
  struct KeptProducers {
    base::Offset end;
    std::uint64_t withdrawals;  // as they were counted then
    std::vector<std::uint8_t> encoded;
  };
  // A segment that another one followed: its indexes are completed, and the producers are kept as
  // they were then, so that recovering the new segment needs nothing of the old ones.
  struct FinishedSegment {
    std::shared_ptr<Segment> segment;
    base::Offset snapshot_offset;
    // Empty: no snapshot is wanted.
    std::vector<std::uint8_t> snapshot;
  };
  // What one append's batches say together.
  struct Arrived {
    base::Offset first_offset;
    base::Offset last_offset;
    base::Timestamp max_timestamp = base::kNoTimestamp;
    base::Timestamp log_append_time = base::kNoTimestamp;
  };
  // What became of the leader epochs' file.
  enum class EpochFile : std::uint8_t {
    kDurable,
    kWritten,  // the first one, not flushed
    kAside,    // not flushed, beside the one before
    kRenamed,  // durable, but for its name
  };
  // Where an end is in the files.
  struct KnownEnd {
    base::Offset offset;
    base::Offset segment;
    std::uint64_t position = 0;
  };
  // Bytes that a flush makes durable, as prepare_flush saw them.
  struct FlushPlan {
    KnownEnd end;
    // What has unflushed bytes: `.log` files, and the indexes of segments that are finished.
    // Each with its segment's base offset.
    std::vector<std::pair<std::shared_ptr<env::File>, base::Offset>> files;
    std::vector<TransactionIndex> transaction_indexes;
    std::shared_ptr<env::File> snapshot;
    std::optional<base::Offset> kept_snapshot;
    EpochFile epochs = EpochFile::kDurable;
    bool names_changed = false;
    std::uint64_t names_version = 0;
    std::uint64_t cuts = 0;
    std::uint64_t bytes = 0;
    // Something that recovery trusts below the recovery point found no room yet.
    bool keeps_recovery_point = false;
  };
  // The flush that covers what was written last.
  enum class FlushAsked : std::uint8_t { kNo, kInBackground, kAtOnce };
  // One look into an offset index: begun under the lock, ended without it.
  struct IndexLookup {
    base::Offset base_offset;
    base::Offset target;
    std::optional<OffsetPosition> pending;
    IndexFile::Stored stored;

    // Blocks.
    base::Result<OffsetPosition> end() const;
  };
  // What a read asks for.
  struct Wanted {
    base::Offset from;
    base::Offset until;
    std::uint64_t max_bytes = 0;
    bool at_least_one_batch = false;
    ReadMode mode = ReadMode::kMayWait;
  };
  // Where a read starts and what bounds it, as the lock showed them.
  struct ReadPlan {
    std::shared_ptr<env::File> file;
    std::uint64_t file_end = 0;
    // The first batch where it is known, else where to look for it.
    std::optional<OffsetPosition> start = std::nullopt;
    std::optional<std::uint64_t> first_batch_end = std::nullopt;
    IndexLookup start_lookup = {};
    // Where `until` is, or where to look for it.
    std::optional<std::uint64_t> end = std::nullopt;
    IndexLookup end_lookup = {};
    std::int32_t index_interval_bytes = 0;
    // What was looked up is not there, or lies far before what it was looked up for.
    bool is_index_wrong = false;
    // What batches are held against where they are checked: no record of the segment is at or above
    // the offset.
    base::Offset end_offset = {};
    recovery::KnownBytes known{0};
    LeaderEpochCache epochs = {};
    std::uint64_t cuts = 0;
  };
  // What a check of bytes found.
  struct Checked {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::vector<recovery::Damage> damages;
    // The index names a place where no batch is.
    bool is_index_wrong = false;
  };
};

}  // namespace odradek::log
