// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/log_config.h"
#include "log/offset_index.h"
#include "log/partition_path.h"
#include "log/recovery/known_bytes.h"
#include "log/time_index.h"
#include "record/batch_header.h"

namespace odradek::log {

// One segment of a partition: its `.log` file, its two sparse indexes and what decides when the
// next one begins. A closed one is a few numbers: no open file, nothing of its indexes in memory.
//
// Threads: guarded by its log's lock. What blocks on the disk says so; it is called without that
// lock, works on what it is given, and its result is installed under the lock.
class Segment {
 public:
  // What an open segment has. The file is null while a new segment has none.
  struct Files {
    std::shared_ptr<env::File> log;
    OffsetIndex offset_index;
    TimeIndex time_index;
    TimestampOffset max_timestamp;
    // Of the first batch; kNoTimestamp in an empty segment.
    base::Timestamp first_batch_timestamp = base::kNoTimestamp;
    std::uint64_t bytes_since_index_entry = 0;
  };

  // A closed segment of `size` bytes of whole batches, in the partition's `directory`. `created`:
  // now.
  Segment(std::shared_ptr<const PartitionPath> path, base::Offset base_offset, std::uint64_t size,
          base::Timestamp created, std::int64_t roll_jitter_ms);
  // An empty, open segment that has no files before it needs them.
  static std::shared_ptr<Segment> make_new(std::shared_ptr<const PartitionPath> path,
                                           base::Offset base_offset, base::Timestamp created,
                                           std::int64_t roll_jitter_ms);

  base::Offset base_offset() const { return base_offset_; }
  // The path of the segment's file with this suffix, and with its marker. Any thread.
  std::string path(std::string_view suffix) const;

  // A segment that compaction makes has marked files until it has taken its originals' place:
  // `.cleaned` while it is written, `.swap` while they go. Its files are renamed first, then this
  // is set; in between they are found under either name.
  enum class Marker : std::uint8_t { kNone, kCleaned, kSwap };
  Marker marker() const { return marker_.load(std::memory_order_acquire); }
  void set_marker(Marker marker) { marker_.store(marker, std::memory_order_release); }
  std::string path(std::string_view suffix, Marker marker) const;

  // Bytes that have their place in the file, and those of them that were written.
  std::uint64_t size() const { return size_; }
  std::uint64_t written_size() const { return written_size_; }
  void set_written_size(std::uint64_t size) { written_size_ = size; }

  // What was checked of the bytes, and found to be damaged.
  recovery::KnownBytes& known() { return known_; }
  const recovery::KnownBytes& known() const { return known_; }

  // The greatest timestamp of its records, kNoTimestamp where none has one; nothing where the
  // segment is closed and nobody looked yet.
  std::optional<base::Timestamp> known_max_timestamp() const {
    return files_ ? files_->max_timestamp.timestamp : max_timestamp_;
  }
  void note_max_timestamp(base::Timestamp timestamp) { max_timestamp_ = timestamp; }

  bool is_open() const { return files_ != nullptr; }
  // Blocks; any thread.
  [[nodiscard]] base::Result<Files> open_files(env::Disk& disk) const;
  // REQUIRES: not open.
  void install(Files files);
  // REQUIRES: complete.
  void close();

  // REQUIRES of all below: open.
  const Files& files() const { return *files_; }
  // `is_preallocated`: it is longer than what is written; completing the segment cuts it.
  void set_log_file(std::shared_ptr<env::File> file, bool is_preallocated) {
    files_->log = std::move(file);
    is_preallocated_ = is_preallocated;
  }
  OffsetIndex& offset_index() { return files_->offset_index; }
  TimeIndex& time_index() { return files_->time_index; }

  // What is about to be appended, as far as rolling goes.
  struct Arrival {
    std::uint64_t bytes = 0;
    base::Timestamp max_timestamp;
    base::Offset last_offset;
    base::Timestamp now;
  };
  // Kafka's rule: the segment would become too large or (by record time) too old, an index is full,
  // or an offset does not fit in 31 bits above the base.
  bool should_roll(const Arrival& arrival, const LogConfig& config) const;
  // Whether `offset` can be in this segment's index.
  bool can_index(base::Offset offset) const;

  // Gives a batch its place at the end, with its index entries.
  void place(const record::BatchHeader& batch, std::int32_t index_interval_bytes);

  // Drops what was placed and not written, with its index entries; `end`: of what was written.
  // False: the greatest timestamp was of a batch dropped. It is looked for, and set.
  [[nodiscard]] bool drop_unwritten(base::Offset end);
  // Blocks; any thread. REQUIRES: nothing is placed meanwhile.
  [[nodiscard]] base::Result<TimestampOffset> find_max_timestamp() const;
  void set_max_timestamp(TimestampOffset max_timestamp) { files_->max_timestamp = max_timestamp; }

  // Completing the indexes with the greatest timestamp and writing them, exactly as long as they
  // are: begun under the lock, carried out without it, ended under it again. All three files exist
  // afterwards.
  struct Completion {
    std::shared_ptr<env::File> log;
    IndexFile::Batch offset_index;
    IndexFile::Batch time_index;
    // Where the preallocated file ends then.
    std::optional<std::uint64_t> trimmed_size = std::nullopt;
    // What is complete then; nothing where only the indexes are written.
    std::optional<std::uint64_t> completed_size = std::nullopt;

    // Blocks.
    [[nodiscard]] base::Result<> carry_out(env::Disk& disk, const Segment& segment);
  };
  // Whether there is anything to complete; closed or open.
  bool is_complete() const { return is_complete_; }
  Completion begin_completion();
  // The same without the greatest timestamp, and the segment is not complete after it: it is going
  // to be cut or moved, and batches may be placed meanwhile.
  Completion begin_writing_indexes();
  void end_completion(const Completion& completion);

  // The segment cut, with its indexes, at `position`, where the batch at or after `offset` starts:
  // a new object in its place. Blocks. REQUIRES: nothing is written meanwhile.
  [[nodiscard]] base::Result<std::shared_ptr<Segment>> truncated(env::Disk& disk,
                                                                 base::Offset offset,
                                                                 std::uint64_t position,
                                                                 base::Timestamp now) const;

  // Whether the ends of its indexes were held against its batches, or this process wrote them.
  bool are_index_ends_checked() const { return are_index_ends_checked_; }
  void note_index_ends_checked() { are_index_ends_checked_ = true; }
  // An index was found to be wrong: true for the first who says so.
  bool ask_for_rebuild() { return !std::exchange(is_rebuild_asked_, true); }
  void withdraw_rebuild() { is_rebuild_asked_ = false; }

  // A move into another log directory. The same segment, closed: a new object in its place, so that
  // who works on this one's files goes on. REQUIRES: complete.
  std::shared_ptr<Segment> closed_copy() const;
  // The files that an open segment has in its new place; null ones where there are none.
  struct Moved {
    std::shared_ptr<env::File> log;
    std::shared_ptr<env::File> offset_index;
    std::shared_ptr<env::File> time_index;
  };
  // By the segment's path as it is now. Blocks.
  [[nodiscard]] base::Result<Moved> open_moved(env::Disk& disk,
                                               const std::string& partition_path) const;
  void move_to(Moved files);

  // Recovery: between begin_recovery and end_recovery, with the bytes that are whole, index_batch
  // is told of each batch that is in the file from an index entry on, that entry's batch included.
  void begin_recovery();
  void index_batch(const record::BatchHeader& batch, std::uint64_t position,
                   std::int32_t index_interval_bytes);
  void end_recovery(std::uint64_t size);

 private:
  base::Result<std::shared_ptr<env::File>> open_log(env::Disk& disk) const;
  base::Result<IndexFile> open_index(env::Disk& disk, std::string_view suffix,
                                     std::uint32_t entry_bytes) const;
  static base::Result<TimestampOffset> find_max_timestamp(const Files& files, std::uint64_t size);

  const std::shared_ptr<const PartitionPath> path_;
  const base::Offset base_offset_;
  std::uint64_t size_;
  std::uint64_t written_size_;
  const base::Timestamp created_;
  const std::int64_t roll_jitter_ms_;
  recovery::KnownBytes known_;
  std::unique_ptr<Files> files_;
  std::optional<base::Timestamp> max_timestamp_;
  bool is_complete_ = true;
  bool is_preallocated_ = false;
  bool are_index_ends_checked_ = false;
  bool is_rebuild_asked_ = false;
  std::atomic<Marker> marker_ = Marker::kNone;
};

// Creates the `.log` file of a new segment; what a crash left under its name is dropped. Blocks.
[[nodiscard]] base::Result<std::shared_ptr<env::File>> create_log_file(env::Disk& disk,
                                                                       const std::string& path);

}  // namespace odradek::log
