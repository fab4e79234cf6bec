// SPDX-License-Identifier: Apache-2.0
#include "log/segment.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.h"
#include "log/batch_scanner.h"
#include "log/file_names.h"

namespace odradek::log {

Segment::Segment(std::shared_ptr<const std::string> directory, base::Offset base_offset,
                 std::uint64_t size, bool is_new, base::Timestamp created,
                 std::int64_t roll_jitter_ms)
    : directory_(std::move(directory)),
      base_offset_(base_offset),
      size_(size),
      written_size_(size),
      offset_index_(base_offset),
      time_index_(base_offset),
      created_(created),
      roll_jitter_ms_(roll_jitter_ms),
      is_new_(is_new),
      is_complete_(!is_new) {
  ODRADEK_ASSERT(!is_new || size == 0);
  if (!is_new) return;
  offset_index_.file().start_empty();
  time_index_.file().start_empty();
  max_timestamp_ = TimestampOffset{base::kNoTimestamp, base_offset};
}

std::string Segment::path(std::string_view suffix) const {
  return *directory_ + '/' + offset_file_name(base_offset_, suffix);
}

base::Result<std::shared_ptr<env::File>> Segment::file(env::Disk& disk) {
  if (!file_) {
    const auto mode = is_new_ ? env::OpenMode::kCreate : env::OpenMode::kReadWrite;
    auto opened = disk.open(path(kLogSuffix), mode);
    if (!opened) return base::fail(std::move(opened));
    if (is_new_) {
      // What a crash left under this name does not belong to the log.
      auto leftover = (*opened)->size();
      if (!leftover) return base::fail(std::move(leftover));
      if (*leftover > 0) {
        if (auto cut = (*opened)->truncate(0); !cut) return base::fail(std::move(cut));
      }
    }
    file_ = std::move(*opened);
    is_new_ = false;
  }
  return file_;
}

base::Result<> Segment::load_indexes(env::Disk& disk) {
  if (!offset_index_.file().is_loaded()) {
    if (auto done = offset_index_.file().load(disk, path(kOffsetIndexSuffix)); !done) return done;
  }
  if (!time_index_.file().is_loaded()) {
    if (auto done = time_index_.file().load(disk, path(kTimeIndexSuffix)); !done) return done;
  }
  return {};
}

base::Result<TimestampOffset> Segment::max_timestamp(env::Disk& disk) {
  if (!max_timestamp_) {
    if (auto loaded = load_indexes(disk); !loaded) return base::fail(std::move(loaded));
    auto last = time_index_.last();
    if (!last) return base::fail(std::move(last));
    max_timestamp_ = *last;
  }
  return *max_timestamp_;
}

base::Result<> Segment::prepare_append(env::Disk& disk) {
  if (max_timestamp_ && offset_index_.file().is_loaded()) return {};
  if (auto loaded = load_indexes(disk); !loaded) return loaded;
  auto max = max_timestamp(disk);
  if (!max) return base::fail(std::move(max));
  return {};
}

bool Segment::can_index(base::Offset offset) const {
  const std::int64_t relative = offset - base_offset_;
  return relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max();
}

base::Result<base::Timestamp> Segment::first_batch_timestamp(env::Disk& disk) {
  if (first_batch_timestamp_) return *first_batch_timestamp_;
  auto opened = file(disk);
  if (!opened) return base::fail(std::move(opened));
  BatchScanner scanner(*opened, 0, written_size_, record::kBatchHeaderSize);
  auto header = scanner.next();
  if (!header) return base::fail(std::move(header));
  if (!*header) return base::kNoTimestamp;
  first_batch_timestamp_ = (*header)->max_timestamp();
  return *first_batch_timestamp_;
}

base::Result<bool> Segment::should_roll(env::Disk& disk, const Arrival& arrival,
                                        const LogConfig& config) {
  if (!can_index(arrival.last_offset)) return true;
  if (size_ == 0) return false;
  const auto limit = static_cast<std::uint64_t>(config.segment_bytes);
  if (arrival.bytes > limit || size_ > limit - arrival.bytes) return true;
  const auto entries_max = [&](std::uint32_t entry_bytes) {
    return static_cast<std::uint64_t>(config.segment_index_bytes) / entry_bytes;
  };
  // The last place in the time index is kept for the entry of the end.
  if (offset_index_.file().entries() >= entries_max(OffsetIndex::kEntryBytes) ||
      time_index_.file().entries() + 1 >= entries_max(TimeIndex::kEntryBytes)) {
    return true;
  }
  auto first = first_batch_timestamp(disk);
  if (!first) return base::fail(std::move(first));
  const std::int64_t waited_ms = first->value() >= 0
                                     ? arrival.max_timestamp.value() - first->value()
                                     : arrival.now.value() - created_.value();
  std::int64_t segment_ms = config.segment_ms;
  if (config.cleanup_compact && config.max_compaction_lag_ms > 0) {
    segment_ms = std::min(segment_ms, config.max_compaction_lag_ms);
  }
  return waited_ms > segment_ms - roll_jitter_ms_;
}

base::Result<> Segment::place(const record::BatchHeader& batch, std::int32_t index_interval_bytes) {
  if (size_ == 0) first_batch_timestamp_ = batch.max_timestamp();
  const std::uint64_t position = size_;
  size_ += batch.total_size();
  is_complete_ = false;
  return index_batch(batch, position, index_interval_bytes);
}

base::Result<> Segment::index_batch(const record::BatchHeader& batch, std::uint64_t position,
                                    std::int32_t index_interval_bytes) {
  ODRADEK_ASSERT(max_timestamp_ && can_index(batch.last_offset()));
  if (batch.max_timestamp() > max_timestamp_->timestamp) {
    max_timestamp_ = TimestampOffset{batch.max_timestamp(), batch.last_offset()};
  }
  if (bytes_since_index_entry_ > static_cast<std::uint64_t>(index_interval_bytes)) {
    offset_index_.append(batch.last_offset(), position);
    if (auto done = time_index_.append_if_greater(*max_timestamp_); !done) return done;
    bytes_since_index_entry_ = 0;
  }
  bytes_since_index_entry_ += batch.total_size();
  return {};
}

base::Result<> Segment::complete(env::Disk& disk) {
  if (is_complete_) return {};
  if (auto loaded = prepare_append(disk); !loaded) return loaded;
  if (auto opened = file(disk); !opened) return base::fail(std::move(opened));
  if (auto done = time_index_.append_if_greater(*max_timestamp_); !done) return done;
  if (auto done = offset_index_.file().write_all(disk, path(kOffsetIndexSuffix)); !done)
    return done;
  if (auto done = time_index_.file().write_all(disk, path(kTimeIndexSuffix)); !done) return done;
  is_complete_ = true;
  return {};
}

void Segment::begin_recovery(TimestampOffset max_timestamp) {
  max_timestamp_ = max_timestamp;
  first_batch_timestamp_.reset();
  bytes_since_index_entry_ = 0;
  is_complete_ = false;
}

void Segment::end_recovery(std::uint64_t size) {
  size_ = written_size_ = size;
  bytes_since_index_entry_ = 0;
}

base::Result<> Segment::flush() {
  if (file_) {
    if (auto done = file_->flush(); !done) return done;
  }
  if (auto done = offset_index_.file().flush(); !done) return done;
  return time_index_.file().flush();
}

base::Result<> Segment::truncate(env::Disk& disk, base::Offset offset, std::uint64_t position,
                                 base::Timestamp now) {
  ODRADEK_ASSERT(position <= size_ && written_size_ == size_);
  if (auto loaded = load_indexes(disk); !loaded) return loaded;
  auto opened = file(disk);
  if (!opened) return base::fail(std::move(opened));
  if (auto done = offset_index_.truncate_to(offset); !done) return done;
  if (auto done = time_index_.truncate_to(offset); !done) return done;
  if (auto done = (*opened)->truncate(position); !done) return done;
  size_ = written_size_ = position;
  is_complete_ = false;
  bytes_since_index_entry_ = 0;
  if (size_ == 0) {
    created_ = now;
    first_batch_timestamp_.reset();
  }
  // The greatest timestamp is the last entry's, or comes after it.
  auto entry = time_index_.last();
  if (!entry) return base::fail(std::move(entry));
  TimestampOffset max = *entry;
  auto start = offset_index_.lookup(max.offset);
  if (!start) return base::fail(std::move(start));
  BatchScanner scanner(*opened, start->position, size_, BatchScanner::kReplayChunkBytes);
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header) break;
    if ((*header)->max_timestamp() > max.timestamp) {
      max = {(*header)->max_timestamp(), (*header)->last_offset()};
    }
  }
  max_timestamp_ = max;
  return {};
}

void Segment::release() {
  ODRADEK_ASSERT(is_complete_ && written_size_ == size_);
  file_.reset();
  offset_index_.file().release();
  time_index_.file().release();
}

}  // namespace odradek::log
