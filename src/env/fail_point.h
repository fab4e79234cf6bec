// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/result.h"

// Named moments at which a test ends the process, as `kill -9` would: those at which the disk and
// what was promised stand in the least comfortable way to each other. They are in every build, for
// what is tested is what runs; one that is not armed costs a load and a branch.
namespace odradek::env {

enum class FailPoint : std::uint8_t {
  kAppendPlaced,       // a batch has its offset, nothing is written
  kWriteDone,          // batches are written, nothing is flushed
  kFlushBegun,         // a log's flush is planned, nothing is flushed
  kFlushDone,          // flushed, and nobody knows
  kSegmentCreated,     // a segment's file is there, empty
  kSegmentCompleting,  // a finished segment's offset index is whole, its time index is not
  kSegmentCompleted,   // a finished segment's indexes are whole, its producers are not written
  kSnapshotWritten,    // a producer snapshot is written, not flushed
  kEpochsWritten,      // the leader epochs are written beside their file
  kFileWritten,        // what replaces a file (a checkpoint) is flushed beside it
  kFileRenamed,        // it has replaced the file, the directory is not synced
  kRecoveryCut,        // recovery has cut a torn tail, the indexes are not whole
  kRecoveryDone,       // every log of a directory is recovered, no checkpoint says so
  kPartitionCreated,   // a new partition's directory is there, empty
  kPartitionRemoved,   // a partition's directory has its new name, which is not durable
  kSwapRenaming,       // of a cleaned segment's files the records have their next name alone
  kSwapBegun,          // a cleaned segment is marked as the one that stays, its originals are there
  kSwapAlone,          // they are gone, and it does not have their names yet
  kMovePromoted,       // two directories hold the partition under its name
  kMoveLeft,           // the old one's has its new name, which is not durable
  kMetadataAppended,   // metadata records are written, not flushed
  kMetadataFlushed,    // they are flushed, nobody was answered
  kMetadataSnapshot,   // a metadata snapshot is written, what it stands for is still there
  kStopCheckpointed,   // a clean stop has written its checkpoints, not that it was clean
  kStopMarked,         // a clean stop has said so
  kStartUnmarked,      // a start has taken back that the last stop was clean
};

namespace fail_points {
extern std::atomic<bool> are_armed;
void reached(FailPoint point);
}  // namespace fail_points

// Ends the process here where a test has asked for it. Threads: any.
inline void fail_point(FailPoint point) {
  if (fail_points::are_armed.load(std::memory_order_relaxed)) [[unlikely]] {
    fail_points::reached(point);
  }
}

// What a test asks for: `name:count` ends the process when the point is reached for the count-th
// time from now on; several are separated by commas, each counts for itself. Empty: none. An
// unknown name is an error that lists all that are known. Once, before the threads start.
[[nodiscard]] base::Result<> arm_fail_points(std::string_view text);

}  // namespace odradek::env
