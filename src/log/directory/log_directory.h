// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "env/world.h"
#include "log/directory/flush_statistics.h"
#include "log/directory/log_counters.h"
#include "log/directory/room.h"

namespace odradek::log {
class Log;
class OpenFiles;
}  // namespace odradek::log

namespace odradek::log::directory {

// Who a log directory belongs to: `meta.properties`.
struct DirectoryIdentity {
  // Version 0 has broker.id instead of node.id, and no more than a broker of ZooKeeper's days knew.
  std::int32_t version = 1;
  std::string cluster_id;
  base::BrokerId node_id = base::kNoBroker;
  base::Uuid directory_id;

  friend bool operator==(const DirectoryIdentity&, const DirectoryIdentity&) = default;
};

// How much that was written may be unflushed in a directory, where nobody waits for its flush.
struct FlushBounds {
  // log.unflushed.max.ms: then its flush begins.
  std::int64_t max_ms = 2000;
  // log.unflushed.max.bytes: from half of it on flushes begin at once, and from all of it on
  // nothing is acknowledged before it is flushed.
  std::int64_t max_bytes = std::int64_t{256} << 20U;

  friend bool operator==(const FlushBounds&, const FlushBounds&) = default;
};

// Times and bounds of a directory; the names after them are Kafka's keys.
struct DirectoryOptions {
  FlushBounds flush_bounds = {};
  // log.flush.offset.checkpoint.interval.ms
  std::int64_t recovery_point_interval_ms = 60000;
  // log.flush.start.offset.checkpoint.interval.ms
  std::int64_t log_start_interval_ms = 60000;
  // replica.high.watermark.checkpoint.interval.ms
  std::int64_t high_watermark_interval_ms = 5000;
  // log.dir.reserve.bytes
  std::int64_t reserve_bytes = Room::kAutomatic;
  // Work of this directory that may run at once: flushes of one group, and everything else.
  int max_parallel_flushes = 16;
  int max_parallel_work = 8;
  // A group of more dirty logs than this is flushed by one sync of the file system: from about here
  // on that is faster (flush_groups_bench), though it waits for other users of the disk too.
  std::size_t max_logs_flushed_singly = 64;
  // Where its logs keep their files; null: one of its own.
  std::shared_ptr<OpenFiles> open_files = nullptr;
};

// What a directory holds, by name of partition.
struct FoundLogs {
  std::vector<base::TopicPartition> partitions;
  // __cluster_metadata-0, which is not one of the above: the quorum's.
  bool has_metadata_log = false;
  // Copies of partitions that were on their way here (log/move), by their directories' names.
  std::vector<std::string> futures;
  // Directories left alone: "-stray" ones, and names that are no partition's.
  std::vector<std::string> left_alone;
};

// One entry of `log.dirs`: its lock, identity, checkpoints, flush groups and work queue. A
// directory that fails goes offline alone.
//
// Threads: any. Lock order: replica::Partition, Log, LogDirectory: a log may call anything here
// with its own lock held, but for forget_log, which waits. The directory calls a log only without a
// lock of its own held.
class LogDirectory {
 public:
  // Reads a directory's identity and touches nothing: nothing when it is missing, empty or not
  // formatted. A directory with anything of value but without meta.properties is refused, as is one
  // that can't be read.
  [[nodiscard]] static base::Result<std::optional<DirectoryIdentity>> inspect(
      env::World& world, const std::string& path);
  // Inspects the directory, creates it when missing and locks it. Errors name the path and the
  // reason: locked by another process, no right, no directory.
  [[nodiscard]] static base::Result<std::unique_ptr<LogDirectory>> open(
      env::World& world, std::string path, DirectoryOptions options = {});
  // One of several that can't be used, because of `error`: offline from the start. Touches nothing.
  static std::unique_ptr<LogDirectory> open_offline(env::World& world, std::string path,
                                                    const base::Error& error);
  virtual ~LogDirectory() = default;

  virtual const std::string& path() const = 0;
  virtual const std::optional<DirectoryIdentity>& identity() const = 0;
  // Writes meta.properties, durably; again, where the directory had no id yet. Leaves nothing
  // behind when it fails.
  [[nodiscard]] virtual base::Result<> format(const DirectoryIdentity& identity) = 0;

  // Reads the checkpoints and takes the clean-shutdown mark away, durably (so that a crash from
  // here on counts as one). Call once, before the logs are opened. Returns whether the last stop
  // was clean; `broker_epoch` from the mark, -1 where it has none. After an unclean stop the file
  // system was synced: what recovery reads, having dropped it from the page cache, is on the disk.
  // Where that fails the directory is offline.
  struct LastStop {
    bool was_clean = false;
    std::int64_t broker_epoch = -1;
    // False where a checkpoint file is damaged: the recovery points are 0 then, and may be lower
    // than the true ones.
    bool are_checkpoints_whole = true;
  };
  [[nodiscard]] virtual base::Result<LastStop> begin() = 0;
  // Lists the partition directories; those marked for deletion are removed in the background.
  // Checkpoint entries of partitions that are gone are dropped.
  [[nodiscard]] virtual base::Result<FoundLogs> find_logs() = 0;

  // Values of the checkpoint files as read at start, or as set since; 0 where there is none.
  virtual base::Offset recovery_point(const base::TopicPartition& partition) const = 0;
  virtual base::Offset log_start_offset(const base::TopicPartition& partition) const = 0;
  virtual base::Offset high_watermark(const base::TopicPartition& partition) const = 0;
  virtual void set_high_watermark(const base::TopicPartition& partition, base::Offset offset) = 0;
  // Everything below `offset` is flushed. After lowering it, for a truncation, call
  // write_checkpoints before anything is appended: a stale higher one would hide a torn tail.
  virtual void set_recovery_point(const base::TopicPartition& partition, base::Offset offset) = 0;
  // Of a log that was closed, and is durable only once close_cleanly synced the file system: counts
  // from there on.
  virtual void set_recovery_point_at_close(const base::TopicPartition& partition,
                                           base::Offset offset) = 0;
  virtual void set_log_start_offset(const base::TopicPartition& partition, base::Offset offset) = 0;
  // Where the last compaction of the partition ended (cleaner-offset-checkpoint); nothing where
  // there was none. Written soon after a change: an older one only makes the cleaner do some of its
  // work again.
  virtual std::optional<base::Offset> cleaner_offset(
      const base::TopicPartition& partition) const = 0;
  virtual void set_cleaner_offset(const base::TopicPartition& partition, base::Offset offset) = 0;
  virtual void forget(const base::TopicPartition& partition) = 0;
  // Before a log is made under the name of one that was forgotten: the checkpoint files say nothing
  // of that one any more, durably. A stale recovery point would hide a torn tail of the new one, a
  // stale start its records. Blocks where there is something to write.
  [[nodiscard]] virtual base::Result<> settle_forgotten(const base::TopicPartition& partition) = 0;
  // Writes the checkpoint files (recovery point, log start, high watermark) that changed, durably.
  // Blocks. The directory also does so by itself, a while after a change and at the end.
  [[nodiscard]] virtual base::Result<> write_checkpoints() = 0;

  // From here on the log may ask for flushes and is told of a failure. It stays alive until
  // `forget_log` returned. KAFKA_STORAGE_ERROR when the directory has failed.
  [[nodiscard]] virtual base::Result<> add_log(Log& log) = 0;
  // Waits until neither a group nor a failure's announcement holds the log. Never from
  // Log::prepare_flush, finish_flush or on_directory_failure, and without a lock that these take.
  virtual void forget_log(Log& log) = 0;
  // The log has bytes that want to be flushed in the next group: starts a group at once when none
  // runs; what arrives while one runs forms the next. A group calls prepare_flush on each of its
  // logs, then finish_flush; few dirty logs are flushed in parallel, many by one syncfs in between.
  // A flush that fails takes the directory offline: what it did not confirm is never
  // confirmed by a later one. Nothing happens in a failed directory. REQUIRES: added.
  virtual void request_flush(Log& log) = 0;

  // See FlushHold.
  virtual void hold_flushes() = 0;
  virtual void release_flushes() = 0;
  // The same where nobody waits: the flush begins within `delay`, or earlier where the directory's
  // bounds say so.
  virtual void request_flush_within(Log& log, env::Duration delay) = 0;
  // For what the log leaves to such a flush, however much is unflushed: within a second.
  virtual void request_background_flush(Log& log) = 0;
  // The log wrote so many bytes that are not flushed yet.
  virtual void add_unflushed(std::uint64_t bytes) = 0;
  // So many of them are flushed, or are gone with what was cut, closed or removed.
  virtual void remove_unflushed(std::uint64_t bytes, bool are_flushed) = 0;
  // Written and not flushed. What was acknowledged and a power cut would take is no more than this;
  // acks=all counts only with write.caching=true, or else is not acknowledged yet.
  virtual std::uint64_t unflushed_bytes() const = 0;
  // Whether what is written may be acknowledged unflushed, as far as the bounds go.
  virtual bool may_leave_unflushed() const = 0;
  virtual void set_flush_bounds(const FlushBounds& bounds) = 0;
  // A call of the disk that flushed for this directory; the groups count their own syncs.
  virtual void count_flush(env::Duration duration) = 0;
  virtual FlushFigures flush_figures() const = 0;
  // What its logs count.
  LogCounters& counters() { return counters_; }
  const LogCounters& counters() const { return counters_; }
  // What may be written yet. When the directory becomes full, what waits to be removed is removed
  // at once.
  virtual Room& room() = 0;

  // Blocking work of this directory alone: cold reads, recovery, deletion.
  virtual env::WorkQueue& work_queue() = 0;
  virtual env::World& world() = 0;
  // Where logs open the files that they keep open.
  virtual OpenFiles& open_files() = 0;

  // Removes a file or a tree that carries its deletion mark already (`.deleted`, `-delete`), on the
  // work queue, `delay` from now, or sooner in a directory that is full. What is pending at a stop
  // is left: the next start removes it.
  virtual void remove_later(std::string path, env::Duration delay) = 0;

  // Called when the directory becomes full and when it is so no longer; does not block.
  virtual void set_room_handler(std::function<void(bool is_full)> handler) = 0;
  // Takes the directory offline, at once and for good; every log in it is told soon after, from
  // loop 0: the caller may be a log, and hold its lock. Only the first reason counts.
  virtual void fail(const base::Error& error) = 0;
  virtual std::optional<base::Error> failure() const = 0;
  // Called once from loop 0 when the directory fails, after its logs were told. Set before begin().
  virtual void set_failure_handler(std::function<void(const base::Error&)> handler) = 0;

  // Clean stop, after every log was closed: one syncfs for what they wrote, then checkpoints, then
  // `.kafka_cleanshutdown` with the broker epoch. Nothing is written to a directory that has
  // failed: KAFKA_STORAGE_ERROR.
  [[nodiscard]] virtual base::Result<> close_cleanly(std::int64_t broker_epoch) = 0;

 private:
  LogCounters counters_;
};

// Held by who is about to write to several logs: what they ask for goes out as one group when it
// ends, instead of a group of the first one and another of the rest. For no longer than it takes to
// write; other people's flushes wait, too, as for a group that runs. Threads: one.
class FlushHold {
 public:
  FlushHold() = default;
  ~FlushHold() {
    for (LogDirectory* directory : directories_) directory->release_flushes();
  }
  FlushHold(const FlushHold&) = delete;
  FlushHold& operator=(const FlushHold&) = delete;

  // Nothing changes where it is held already. It outlives the hold.
  void add(LogDirectory& directory) {
    if (std::ranges::find(directories_, &directory) != directories_.end()) return;
    directory.hold_flushes();
    directories_.push_back(&directory);
  }

 private:
  std::vector<LogDirectory*> directories_;
};

}  // namespace odradek::log::directory
