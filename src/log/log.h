// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "log/log_config.h"

namespace odradek::log {

namespace directory {
class LogDirectory;
}
namespace cleaner {
class CleanableLog;
}
namespace move {
class PartitionCopy;
struct CopySource;
}  // namespace move

// Who appends: decides what is checked and stamped.
enum class AppendOrigin : std::uint8_t {
  kClient,       // offsets and epoch are assigned, producer sequences checked
  kCoordinator,  // as kClient, without sequence checks; control batches allowed
  kReplication,  // offsets and epochs are the leader's and kept
};

// Where an append ends, for those who wait until it is written or committed. An append that found
// no room on the disk is taken back, one that another leader lacks is cut off, and others get the
// offsets: the count tells them apart.
struct AppendEnd {
  base::Offset offset = base::kNoOffset;
  // How often appends had been taken back or cut off in this log before it.
  std::uint64_t take_backs = 0;
};

struct AppendInfo {
  base::Offset first_offset = base::kNoOffset;
  base::Offset last_offset = base::kNoOffset;
  // The time the broker stamped where the topic says LogAppendTime; else kNoTimestamp.
  base::Timestamp log_append_time = base::kNoTimestamp;
  base::Offset log_start_offset = base::kNoOffset;
  // The batch is in the log already: nothing was written, the offsets are those of the first time;
  // where they are not known, `first_offset` is kNoOffset, and it ends at or below `last_offset`.
  bool is_duplicate = false;
  // See AppendEnd.
  std::uint64_t take_backs = 0;

  AppendEnd end() const { return {last_offset + 1, take_backs}; }
};

struct ReadInfo {
  // Consecutive whole or partial batches; the first one holds, or ends before, the offset asked
  // for. Empty at the end of what may be read.
  base::FileRange bytes;
  // The base offset of the first batch in `bytes`.
  base::Offset first_batch_offset = base::kNoOffset;
  // Of ReadMode::kWithoutWaiting: what is to be read was not checked yet, or is damaged. `bytes` is
  // no more than a guess then; the same read that may wait, up to `until`, says what is there.
  bool must_wait = false;
  base::Offset until = base::kNoOffset;
};

// Whether a read may wait for the disk to check what this process neither wrote nor checked before.
enum class ReadMode : std::uint8_t { kMayWait, kWithoutWaiting };

// An aborted transaction that overlaps what was read (KIP-98).
struct AbortedTransaction {
  base::ProducerId producer_id = base::kNoProducerId;
  base::Offset first_offset = base::kNoOffset;
  base::Offset last_offset = base::kNoOffset;
  base::Offset last_stable_offset = base::kNoOffset;
};

struct TimestampAndOffset {
  base::Timestamp timestamp = base::kNoTimestamp;
  base::Offset offset = base::kNoOffset;
  base::LeaderEpoch leader_epoch = base::kNoLeaderEpoch;
};

// A look at a log for what its retention deletes.
struct RetentionCheck {
  // The wall clock's time.
  base::Timestamp now;
  // False while the wall clock is not believed: nothing is deleted by age.
  bool may_delete_by_time = true;
};

struct EpochEndOffset {
  base::LeaderEpoch leader_epoch = base::kNoLeaderEpoch;
  base::Offset end_offset = base::kNoOffset;
};

// An idempotent or transactional producer that is alive in the partition, as DescribeProducers
// shows it.
struct ActiveProducer {
  base::ProducerId producer_id = base::kNoProducerId;
  base::ProducerEpoch producer_epoch = base::kNoProducerEpoch;
  std::int32_t last_sequence = -1;
  base::Timestamp last_timestamp = base::kNoTimestamp;
  std::int32_t coordinator_epoch = -1;
  base::Offset current_transaction_start_offset = base::kNoOffset;
};

// Told when the log got on, so that whoever waits can be released. Called without any lock of the
// log's held, from the thread that wrote or flushed; calls may overlap.
class ProgressListener {
 public:
  virtual ~ProgressListener() = default;
  // One of the ends moved, or the log's start was moved on.
  virtual void on_progress() = 0;
  // The log can't be written any more: its directory is offline. Nothing after `flushed_end_offset`
  // is safe.
  virtual void on_failure(const base::Error& error) = 0;
  // What was appended from `end` on found no room on the disk: it was taken back, and nothing of it
  // is in the log. Nothing is appended before this returns, and no on_progress tells of those ends
  // until then.
  virtual void on_taken_back(base::Offset /*end*/, const base::Error& /*error*/) {}
  // Records were found to be damaged. Unlike the others it is called with locks held: what is to be
  // done about it is done later.
  virtual void on_damage() {}
};

// One partition on disk: segments, indexes, producer state, leader epochs, in Apache Kafka's
// formats (docs/formats/log.md). Threads: any. Its own lock is short; no call holds it over a wait
// for the disk, but for the reads of index pages.
//
// An append takes offsets and a place in the queue under the lock; one writer at a time writes the
// queue out. Ends follow each other: log_end_offset (offsets assigned) >= written_end_offset (in
// the page cache, readable) >= answerable_end_offset (acks=1 may be answered) >= flushed_end_offset
// (survives a power cut).
class Log {
 public:
  struct OpenOptions {
    base::TopicPartition name;
    base::TopicId topic_id;
    LogConfig config;
    // Where reading again has to start after an unclean stop; from the directory's checkpoint.
    base::Offset recovery_point{0};
    base::Offset log_start_offset{0};
    // The directory was closed cleanly: nothing is read again.
    bool was_clean = true;
    // The recovery point may have been higher: its file is damaged. Then nothing is cut that is
    // followed by whole batches.
    bool is_recovery_point_lost = false;
    // The caller syncs the file system before it tells anybody of the log, so that creating or
    // recovering many costs one sync and not several each.
    bool is_synced_by_caller = false;
  };

  // Opens what is in `directory`/<name>, or creates it; recovers what an unclean stop left
  // (docs/durability.md says how), cutting a torn tail at the last whole batch. Blocks on the disk.
  // The directory outlives the log.
  [[nodiscard]] static base::Result<std::unique_ptr<Log>> open(directory::LogDirectory& directory,
                                                               OpenOptions options);
  virtual ~Log() = default;

  virtual const base::TopicPartition& name() const = 0;
  virtual const base::TopicId& topic_id() const = 0;
  virtual directory::LogDirectory& directory() const = 0;
  // At most one; set before the first append. It outlives the log or is reset with nullptr.
  virtual void set_listener(ProgressListener* listener) = 0;
  virtual void set_config(const LogConfig& config) = 0;
  virtual LogConfig config() const = 0;

  // Appends consecutive whole batches that were validated (record/validate.h). The bytes are
  // stamped in place (base offset, leader epoch, append time) and kept until written. Errors:
  // OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, UNKNOWN_PRODUCER_ID (as Kafka gives them;
  // nothing is written), KAFKA_STORAGE_ERROR; with ENOSPC as os_error where the directory is full
  // (directory/room.h): clients' and replicated records stop at its reserve, a coordinator's may
  // use it. The caller serialises appends of one partition with its epoch's changes.
  [[nodiscard]] virtual base::Result<AppendInfo> append(base::SharedBytes batches,
                                                        base::LeaderEpoch leader_epoch,
                                                        AppendOrigin origin) = 0;

  // One writer at a time: writes what is queued, in order, until the queue is empty, unless another
  // thread is at it (then returns at once: that one takes this append along). Calls the listener.
  // Never while holding a lock that the listener takes. An error has been given to the listener.
  virtual void write_out() = 0;

  // Where the log ends now. The count in it grows when appends were taken back or cut off: the log
  // is since then as if they had never been.
  virtual AppendEnd end() const = 0;
  // The error of an append that was taken back or cut off.
  [[nodiscard]] virtual base::Result<> check_kept(const AppendEnd& end) const = 0;

  virtual base::Offset log_start_offset() const = 0;
  virtual base::Offset log_end_offset() const = 0;
  virtual base::Offset written_end_offset() const = 0;
  // Written, and flushed where the configuration does not let more be unflushed: flush.messages,
  // log.unflushed.max.bytes.
  virtual base::Offset answerable_end_offset() const = 0;
  virtual base::Offset flushed_end_offset() const = 0;
  // What this replica has safely, as `write.caching` means it: flushed, or answerable.
  virtual base::Offset safe_end_offset() const = 0;
  // The first offset of the oldest transaction that is open, or whose end lies at or above
  // `high_watermark` and could be lost yet; nothing when there is none. Kafka's first unstable
  // offset: the last stable offset is the smaller of it and the high watermark.
  virtual std::optional<base::Offset> first_unstable_offset(base::Offset high_watermark) const = 0;
  virtual std::uint64_t size_bytes() const = 0;

  // Batches from the one that holds `from`, not beyond `until` (exclusive; a batch boundary at or
  // below written_end_offset), at most `max_bytes`, but where `at_least_one_batch` the first batch
  // whole. OFFSET_OUT_OF_RANGE below the log start or above the end. What is given was checked,
  // checksums included, since this process began, or written by it; it ends before what is damaged
  // (docs/formats/log.md says how that is known). CORRUPT_MESSAGE where `from` itself lies in
  // damage, with the place and what is wrong.
  [[nodiscard]] virtual base::Result<ReadInfo> read(base::Offset from, base::Offset until,
                                                    std::uint64_t max_bytes,
                                                    bool at_least_one_batch,
                                                    ReadMode mode = ReadMode::kMayWait) = 0;
  // Aborted transactions that overlap [from, until), for a read_committed fetch.
  [[nodiscard]] virtual base::Result<std::vector<AbortedTransaction>> aborted_transactions(
      base::Offset from, base::Offset until) = 0;

  // The first record at or after `timestamp` below `until`; nothing where there is none.
  [[nodiscard]] virtual base::Result<std::optional<TimestampAndOffset>> offset_for_timestamp(
      base::Timestamp timestamp, base::Offset until) = 0;
  // The record with the greatest timestamp (ListOffsets -3); nothing in an empty log.
  [[nodiscard]] virtual base::Result<std::optional<TimestampAndOffset>>
  offset_of_max_timestamp() = 0;

  // A leader's epoch begins at the log's end: noted even where nothing is appended in it.
  virtual void begin_leader_epoch(base::LeaderEpoch epoch) = 0;
  virtual base::LeaderEpoch latest_leader_epoch() const = 0;
  // The epoch that `offset` was written in.
  virtual base::LeaderEpoch leader_epoch_of(base::Offset offset) const = 0;
  // The greatest epoch at or below `epoch` and where it ends (KIP-101, KIP-279); both unknown where
  // there is none.
  virtual EpochEndOffset end_offset_for_epoch(base::LeaderEpoch epoch) const = 0;

  virtual std::vector<ActiveProducer> active_producers() const = 0;

  // Moves the log start (DeleteRecords); whole segments below it are deleted. OFFSET_OUT_OF_RANGE
  // beyond `limit`, the high watermark.
  [[nodiscard]] virtual base::Result<> delete_records(base::Offset new_log_start,
                                                      base::Offset limit) = 0;
  // Deletes the oldest segments that cleanup.policy, retention.ms, retention.bytes and the log
  // start offset no longer keep (log/retention), below the directory's high watermark; the log
  // start follows. Where that is all there is, the log begins a segment at its end first. Returns
  // how many went; says of them in the server's log why. Blocks.
  [[nodiscard]] virtual base::Result<std::size_t> delete_old_segments(
      const RetentionCheck& check) = 0;
  // Forgets producers that wrote nothing for producer.id.expiration.ms.
  virtual void expire_producers(base::Timestamp now) = 0;
  // Drops everything from `offset` on. Not while an append runs: the caller serialises.
  [[nodiscard]] virtual base::Result<> truncate_to(base::Offset offset) = 0;
  // Drops everything; the log begins, and ends, at `offset`: of a follower whose leader has nothing
  // below it any more. Not while an append runs. REQUIRES: beyond the log's end, or an empty log.
  [[nodiscard]] virtual base::Result<> restart_at(base::Offset offset) = 0;

  // What compaction works on; null where it never does.
  virtual cleaner::CleanableLog* cleanable() { return nullptr; }

  // Blocks until what was written before the call is flushed.
  [[nodiscard]] virtual base::Result<> flush() = 0;
  // Before a flush that nobody waits for: writes what others leave to it (leader epochs), without
  // waiting for the disk to have it. On a worker.
  [[nodiscard]] virtual base::Result<> prepare_background_flush() { return {}; }
  // The two halves of a flush by the directory's group, on a worker, one group at a time:
  // prepare_flush notes what is written now (and writes what belongs to it, leader epochs, without
  // waiting for the disk); finish_flush makes just that durable and moves flushed_end_offset and
  // the directory's recovery point. `file_system_was_synced`: a syncfs that began after
  // prepare_flush returned already did the flushing.
  [[nodiscard]] virtual base::Result<> prepare_flush() = 0;
  [[nodiscard]] virtual base::Result<> finish_flush(bool file_system_was_synced) = 0;
  // The directory went offline: nothing is written any more, the listener is told (once). From loop
  // 0, without a lock held.
  virtual void on_directory_failure(const base::Error& error) = 0;
  // Clean close: everything written, indexes trimmed and complete, a producer snapshot at the end;
  // costs nothing where nothing changed since a clean opening. Durable once the directory's
  // close_cleanly synced the file system. Blocks.
  [[nodiscard]] virtual base::Result<> close() = 0;
  // For a move into another log directory: the files as they are written now.
  [[nodiscard]] virtual base::Result<move::CopySource> copy_source() = 0;
  // Completes `copy`, which lies in `target` and has nearly everything, while writes wait, and goes
  // on in it, under the partition's name; the directory that the log lay in is removed after
  // file.delete.delay.ms. Appends, reads and who waits go on all the while. Blocks. After an error
  // the log is where it was, and `copy` is the caller's to remove.
  [[nodiscard]] virtual base::Result<> relocate(directory::LogDirectory& target,
                                                move::PartitionCopy& copy) = 0;
  // Renames the directory to Kafka's `<name>.<uuid>-delete` form; the files go after
  // file.delete.delay.ms.
  [[nodiscard]] virtual base::Result<> remove() = 0;

  // Where the first records begin that were found to be damaged, and that nobody has deleted since;
  // nothing where none were found. What lies before need not be whole: nobody may have read it yet.
  // To cut the log there takes the damage out of its file.
  virtual std::optional<base::Offset> first_damaged_offset() const { return std::nullopt; }
};

}  // namespace odradek::log
