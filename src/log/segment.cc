// SPDX-License-Identifier: Apache-2.0
#include "log/segment.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/batch_scanner.h"
#include "log/file_names.h"

namespace odradek::log {

Segment::Segment(std::shared_ptr<const PartitionPath> path, base::Offset base_offset,
                 std::uint64_t size, base::Timestamp created, std::int64_t roll_jitter_ms)
    : path_(std::move(path)),
      base_offset_(base_offset),
      size_(size),
      written_size_(size),
      created_(created),
      roll_jitter_ms_(roll_jitter_ms),
      known_(size) {}

std::shared_ptr<Segment> Segment::make_new(std::shared_ptr<const PartitionPath> path,
                                           base::Offset base_offset, base::Timestamp created,
                                           std::int64_t roll_jitter_ms) {
  auto segment =
      std::make_shared<Segment>(std::move(path), base_offset, 0, created, roll_jitter_ms);
  segment->install({nullptr,
                    OffsetIndex(base_offset),
                    TimeIndex(base_offset),
                    {base::kNoTimestamp, base_offset}});
  segment->is_complete_ = false;
  segment->are_index_ends_checked_ = true;
  return segment;
}

std::string Segment::path(std::string_view suffix) const { return path(suffix, marker()); }

std::string Segment::path(std::string_view suffix, Marker marker) const {
  std::string path = path_->value() + '/' + offset_file_name(base_offset_, suffix);
  if (marker == Marker::kCleaned) path += kCleanedSuffix;
  if (marker == Marker::kSwap) path += kSwapSuffix;
  return path;
}

base::Result<std::shared_ptr<env::File>> Segment::open_log(env::Disk& disk) const {
  const Marker marked = marker();
  auto file = disk.open(path(kLogSuffix, marked), env::OpenMode::kReadWrite);
  if (file || file.error().os_error != ENOENT || marked == Marker::kNone) return file;
  return disk.open(path(kLogSuffix, Marker::kNone), env::OpenMode::kReadWrite);
}

base::Result<IndexFile> Segment::open_index(env::Disk& disk, std::string_view suffix,
                                            std::uint32_t entry_bytes) const {
  const Marker marked = marker();
  const std::string marked_path = path(suffix, marked);
  auto index = IndexFile::open(disk, marked_path, entry_bytes);
  if (!index || index->stored().file || marked == Marker::kNone) return index;
  // An empty one is no missing one: until it is renamed, the name without a marker is another's.
  if (disk.exists(marked_path)) return index;
  return IndexFile::open(disk, path(suffix, Marker::kNone), entry_bytes);
}

base::Result<Segment::Files> Segment::open_files(env::Disk& disk) const {
  auto log = open_log(disk);
  if (!log) return base::fail(std::move(log));
  auto offsets = open_index(disk, kOffsetIndexSuffix, OffsetIndex::kEntryBytes);
  if (!offsets) return base::fail(std::move(offsets));
  auto times = open_index(disk, kTimeIndexSuffix, TimeIndex::kEntryBytes);
  if (!times) return base::fail(std::move(times));
  Files files{std::move(*log),
              OffsetIndex(base_offset_, std::move(*offsets)),
              TimeIndex(base_offset_, std::move(*times)),
              {}};
  files.max_timestamp = files.time_index.last();
  BatchScanner scanner(files.log, 0, std::numeric_limits<std::int64_t>::max(),
                       record::kBatchHeaderSize);
  auto first = scanner.next();
  // What is no batch is found, and told, by whoever reads it.
  if (!first && first.error().code != base::ErrorCode::kCorruptMessage) {
    return base::fail(std::move(first));
  }
  if (first && *first) files.first_batch_timestamp = (*first)->max_timestamp();
  return files;
}

void Segment::install(Files files) {
  ODRADEK_ASSERT(!is_open());
  files_ = std::make_unique<Files>(std::move(files));
}

void Segment::close() {
  ODRADEK_ASSERT(is_complete_ && written_size_ == size_);
  max_timestamp_ = known_max_timestamp();
  files_.reset();
}

bool Segment::can_index(base::Offset offset) const {
  const std::int64_t relative = offset - base_offset_;
  return relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max();
}

bool Segment::should_roll(const Arrival& arrival, const LogConfig& config) const {
  if (!can_index(arrival.last_offset)) return true;
  if (size_ == 0) return false;
  const auto limit = static_cast<std::uint64_t>(config.segment_bytes);
  if (arrival.bytes > limit || size_ > limit - arrival.bytes) return true;
  const auto entries_max = [&](std::uint32_t entry_bytes) {
    return static_cast<std::uint64_t>(config.segment_index_bytes) / entry_bytes;
  };
  // The last place in the time index is kept for the entry of the end.
  if (files_->offset_index.file().entries() >= entries_max(OffsetIndex::kEntryBytes) ||
      files_->time_index.file().entries() + 1 >= entries_max(TimeIndex::kEntryBytes)) {
    return true;
  }
  const base::Timestamp first = files_->first_batch_timestamp;
  const std::int64_t waited_ms = first.value() >= 0 ? arrival.max_timestamp.value() - first.value()
                                                    : arrival.now.value() - created_.value();
  std::int64_t segment_ms = config.segment_ms;
  if (config.cleanup_compact && config.max_compaction_lag_ms > 0) {
    segment_ms = std::min(segment_ms, config.max_compaction_lag_ms);
  }
  return waited_ms > segment_ms - roll_jitter_ms_;
}

void Segment::place(const record::BatchHeader& batch, std::int32_t index_interval_bytes) {
  if (size_ == 0) files_->first_batch_timestamp = batch.max_timestamp();
  const std::uint64_t position = size_;
  size_ += batch.total_size();
  is_complete_ = false;
  index_batch(batch, position, index_interval_bytes);
}

void Segment::index_batch(const record::BatchHeader& batch, std::uint64_t position,
                          std::int32_t index_interval_bytes) {
  if (batch.max_timestamp() > files_->max_timestamp.timestamp) {
    files_->max_timestamp = {batch.max_timestamp(), batch.last_offset()};
  }
  if (files_->bytes_since_index_entry > static_cast<std::uint64_t>(index_interval_bytes)) {
    files_->offset_index.append(batch.last_offset(), position);
    files_->time_index.append_if_greater(files_->max_timestamp);
    files_->bytes_since_index_entry = 0;
  }
  files_->bytes_since_index_entry += batch.total_size();
}

bool Segment::drop_unwritten(base::Offset end) {
  size_ = written_size_;
  Files& files = *files_;
  files.offset_index.file().keep_pending(files.offset_index.count_pending_below(end));
  files.time_index.file().keep_pending(files.time_index.count_pending_below(end));
  files.bytes_since_index_entry = size_ - std::min(files.offset_index.last().position, size_);
  if (size_ == 0) {
    files.first_batch_timestamp = base::kNoTimestamp;
    files.max_timestamp = {base::kNoTimestamp, base_offset_};
  }
  return size_ == 0 || files.max_timestamp.offset < end;
}

base::Result<TimestampOffset> Segment::find_max_timestamp() const {
  return find_max_timestamp(*files_, written_size_);
}

// It is the last entry's of the time index, or comes after it.
base::Result<TimestampOffset> Segment::find_max_timestamp(const Files& files, std::uint64_t size) {
  TimestampOffset max = files.time_index.last();
  auto start = files.offset_index.lookup(max.offset);
  if (!start) return base::fail(std::move(start));
  BatchScanner scanner(files.log, start->position, size, BatchScanner::kReplayChunkBytes);
  for (;;) {
    auto header = scanner.next();
    // Of what is damaged nothing is known; who reads it says so.
    if (!header && header.error().code == base::ErrorCode::kCorruptMessage) return max;
    if (!header) return base::fail(std::move(header));
    if (!*header) return max;
    if ((*header)->max_timestamp() > max.timestamp) {
      max = {(*header)->max_timestamp(), (*header)->last_offset()};
    }
  }
}

Segment::Completion Segment::begin_completion() {
  files_->time_index.append_if_greater(files_->max_timestamp);
  Completion completion = begin_writing_indexes();
  completion.completed_size = size_;
  if (is_preallocated_) completion.trimmed_size = size_;
  return completion;
}

Segment::Completion Segment::begin_writing_indexes() {
  return {files_->log, files_->offset_index.file().take_pending(),
          files_->time_index.file().take_pending()};
}

base::Result<> Segment::Completion::carry_out(env::Disk& disk, const Segment& segment) {
  if (!log) {
    auto created = create_log_file(disk, segment.path(kLogSuffix));
    if (!created) return base::fail(std::move(created));
    log = std::move(*created);
  }
  if (auto done = offset_index.write(disk, segment.path(kOffsetIndexSuffix)); !done) return done;
  env::fail_point(env::FailPoint::kSegmentCompleting);
  if (auto done = time_index.write(disk, segment.path(kTimeIndexSuffix)); !done) return done;
  if (auto done = offset_index.cut_behind(); !done) return done;
  if (auto done = time_index.cut_behind(); !done) return done;
  return trimmed_size ? log->truncate(*trimmed_size) : base::Result<>();
}

void Segment::end_completion(const Completion& completion) {
  files_->log = completion.log;
  files_->offset_index.file().commit(completion.offset_index);
  files_->time_index.file().commit(completion.time_index);
  is_preallocated_ &= !completion.trimmed_size;
  is_complete_ = completion.completed_size == size_;
}

void Segment::begin_recovery() {
  files_->max_timestamp = files_->time_index.last();
  files_->bytes_since_index_entry = 0;
  is_complete_ = false;
}

void Segment::end_recovery(std::uint64_t size) {
  size_ = written_size_ = size;
  known_.cut_to(size);
  files_->bytes_since_index_entry = 0;
}

base::Result<std::shared_ptr<env::File>> create_log_file(env::Disk& disk, const std::string& path) {
  auto file = disk.open(path, env::OpenMode::kCreate);
  if (!file) return file;
  auto leftover = (*file)->size();
  if (!leftover) return base::fail(std::move(leftover));
  if (*leftover == 0) return file;
  if (auto cut = (*file)->truncate(0); !cut) return base::fail(std::move(cut));
  return file;
}

base::Result<std::shared_ptr<Segment>> Segment::truncated(env::Disk& disk, base::Offset offset,
                                                          std::uint64_t position,
                                                          base::Timestamp now) const {
  auto files = open_files(disk);
  if (!files) return base::fail(std::move(files));
  if (auto done = files->offset_index.truncate_to(offset); !done)
    return base::fail(std::move(done));
  if (auto done = files->time_index.truncate_to(offset); !done) return base::fail(std::move(done));
  if (auto done = files->log->truncate(position); !done) return base::fail(std::move(done));
  auto max = find_max_timestamp(*files, position);
  if (!max) return base::fail(std::move(max));
  files->max_timestamp = *max;
  if (position == 0) files->first_batch_timestamp = base::kNoTimestamp;
  auto cut = std::make_shared<Segment>(path_, base_offset_, position,
                                       position == 0 ? now : created_, roll_jitter_ms_);
  cut->install(std::move(*files));
  cut->is_complete_ = false;
  return cut;
}

std::shared_ptr<Segment> Segment::closed_copy() const {
  ODRADEK_ASSERT(is_complete_ && written_size_ == size_);
  auto copy = std::make_shared<Segment>(path_, base_offset_, size_, created_, roll_jitter_ms_);
  copy->known_ = known_;
  copy->max_timestamp_ = known_max_timestamp();
  copy->are_index_ends_checked_ = are_index_ends_checked_;
  return copy;
}

base::Result<Segment::Moved> Segment::open_moved(env::Disk& disk,
                                                 const std::string& partition_path) const {
  Moved moved;
  struct Target {
    std::string_view suffix;
    std::shared_ptr<env::File>& file;
  };
  for (const Target& target :
       {Target{kLogSuffix, moved.log}, Target{kOffsetIndexSuffix, moved.offset_index},
        Target{kTimeIndexSuffix, moved.time_index}}) {
    auto file = disk.open(partition_path + '/' + offset_file_name(base_offset_, target.suffix),
                          env::OpenMode::kReadWrite);
    if (!file && file.error().os_error == ENOENT) continue;
    if (!file) return base::fail(std::move(file));
    target.file = std::move(*file);
  }
  return moved;
}

void Segment::move_to(Moved files) {
  files_->log = std::move(files.log);
  files_->offset_index.file().set_file(std::move(files.offset_index));
  files_->time_index.file().set_file(std::move(files.time_index));
}

}  // namespace odradek::log
