// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/log_config.h"
#include "log/offset_index.h"
#include "log/time_index.h"
#include "record/batch_header.h"

namespace odradek::log {

// One segment of a partition: its `.log` file, its two sparse indexes and what decides when the
// next one begins. An idle one has no open file and nothing of its indexes in memory. Threads:
// guarded by its log's lock, but for what says otherwise.
class Segment {
 public:
  // `directory` is the partition's. A segment that is there has `size` bytes of whole batches; a
  // new one (size 0, is_new) has no files before it needs them. `created`: now.
  Segment(std::shared_ptr<const std::string> directory, base::Offset base_offset,
          std::uint64_t size, bool is_new, base::Timestamp created, std::int64_t roll_jitter_ms);

  base::Offset base_offset() const { return base_offset_; }
  // The path of the segment's file with this suffix. Any thread.
  std::string path(std::string_view suffix) const;

  // Bytes that have their place in the file, and those of them that were written.
  std::uint64_t size() const { return size_; }
  std::uint64_t written_size() const { return written_size_; }
  void set_written_size(std::uint64_t size) { written_size_ = size; }

  // The `.log` file, opened or created now where it was not.
  [[nodiscard]] base::Result<std::shared_ptr<env::File>> file(env::Disk& disk);
  // Where it is open already.
  const std::shared_ptr<env::File>& open_file() const { return file_; }
  // Whether no file was made yet.
  bool is_new() const { return is_new_; }

  // Loads what appending needs: the indexes' ends, the greatest timestamp.
  [[nodiscard]] base::Result<> prepare_append(env::Disk& disk);

  // What is about to be appended, as far as rolling goes.
  struct Arrival {
    std::uint64_t bytes = 0;
    base::Timestamp max_timestamp;
    base::Offset last_offset;
    base::Timestamp now;
  };
  // Kafka's rule: the segment would become too large or (by record time) too old, an index is full,
  // or an offset does not fit in 31 bits above the base. REQUIRES: prepare_append was called.
  [[nodiscard]] base::Result<bool> should_roll(env::Disk& disk, const Arrival& arrival,
                                               const LogConfig& config);
  // Whether `offset` can be in this segment's index.
  bool can_index(base::Offset offset) const;

  // Gives a batch its place at the end, with its index entries. REQUIRES: prepare_append.
  [[nodiscard]] base::Result<> place(const record::BatchHeader& batch,
                                     std::int32_t index_interval_bytes);

  // Recovery: between begin_recovery, with the greatest timestamp below the place where it starts,
  // and end_recovery, with the bytes that are whole, index_batch is told of each batch that is in
  // the file. Where it starts at an index entry, that entry's batch is the first.
  void begin_recovery(TimestampOffset max_timestamp);
  [[nodiscard]] base::Result<> index_batch(const record::BatchHeader& batch, std::uint64_t position,
                                           std::int32_t index_interval_bytes);
  void end_recovery(std::uint64_t size);

  // The greatest timestamp, and the last offset of its batch; no timestamp where there is none.
  [[nodiscard]] base::Result<TimestampOffset> max_timestamp(env::Disk& disk);

  OffsetIndex& offset_index() { return offset_index_; }
  TimeIndex& time_index() { return time_index_; }
  [[nodiscard]] base::Result<> load_indexes(env::Disk& disk);

  // Completes the indexes with the greatest timestamp and writes them, exactly as long as they are;
  // all three files exist afterwards. The segment may go on after it.
  [[nodiscard]] base::Result<> complete(env::Disk& disk);
  // Makes the files that are open durable.
  [[nodiscard]] base::Result<> flush();
  // Whether complete() would change a file.
  bool is_complete() const { return is_complete_; }

  // Cuts the segment and its indexes at `position`, where the batch of `offset` starts. REQUIRES:
  // nothing is being written.
  [[nodiscard]] base::Result<> truncate(env::Disk& disk, base::Offset offset,
                                        std::uint64_t position, base::Timestamp now);
  // Closes files. REQUIRES: complete.
  void release();

 private:
  [[nodiscard]] base::Result<base::Timestamp> first_batch_timestamp(env::Disk& disk);

  const std::shared_ptr<const std::string> directory_;
  const base::Offset base_offset_;
  std::uint64_t size_;
  std::uint64_t written_size_;
  std::shared_ptr<env::File> file_;
  OffsetIndex offset_index_;
  TimeIndex time_index_;
  // Nothing: not known yet.
  std::optional<TimestampOffset> max_timestamp_;
  std::optional<base::Timestamp> first_batch_timestamp_;
  std::uint64_t bytes_since_index_entry_ = 0;
  base::Timestamp created_;
  const std::int64_t roll_jitter_ms_;
  bool is_new_;
  bool is_complete_;
};

}  // namespace odradek::log
