// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/log.h"
#include "log/batch_scanner.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/segment_files.h"

// What goes from the log's beginning: by retention, and by DeleteRecords.
namespace odradek::log {

namespace {

// The greatest timestamp of the segment's records, by its time index.
base::Result<base::Timestamp> indexed_max_timestamp(env::Disk& disk, const Segment& segment) {
  auto file = IndexFile::open(disk, segment.path(kTimeIndexSuffix), TimeIndex::kEntryBytes);
  if (!file) return base::fail(std::move(file));
  return TimeIndex(segment.base_offset(), std::move(*file)).last().timestamp;
}

// The same by the headers of its batches; CORRUPT_MESSAGE where they are damaged.
base::Result<base::Timestamp> scanned_max_timestamp(env::Disk& disk, const Segment& segment,
                                                    std::uint64_t size) {
  auto file = disk.open(segment.path(kLogSuffix), env::OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  BatchScanner scanner(std::move(*file), 0, size, BatchScanner::kReplayChunkBytes);
  base::Timestamp max = base::kNoTimestamp;
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header) return max;
    max = std::max(max, (*header)->max_timestamp());
  }
}

}  // namespace

struct PartitionLog::RetentionView {
  Segments segments;
  // Of the segments, where they are known without the disk.
  std::vector<std::optional<base::Timestamp>> max_timestamps;
  retention::LogFacts facts;
  LogConfig config;
  // As they were counted then.
  std::uint64_t relocations = 0;
};

PartitionLog::RetentionView PartitionLog::view_for_retention_locked() const {
  RetentionView view{.segments = segments_,
                     .max_timestamps = {},
                     .facts = {.segments = {},
                               .log_start_offset = log_start_offset(),
                               .log_end_offset = log_end_offset(),
                               .high_watermark = directory().high_watermark(name_)},
                     .config = config_,
                     .relocations = relocations_};
  for (const SegmentPointer& segment : segments_) {
    view.max_timestamps.push_back(segment->known_max_timestamp());
    view.facts.segments.push_back({segment->base_offset(), segment->size()});
  }
  return view;
}

// An index entry that says "old" of a file that is younger is not taken at its word: a flipped bit
// in it would cost the whole segment. Then, as where the index has none, the batches are asked; and
// the file, where they are damaged.
base::Result<retention::SegmentTime> PartitionLog::time_of(const RetentionView& view,
                                                           std::size_t index, base::Timestamp now) {
  const SegmentPointer& segment = view.segments[index];
  const std::int64_t retention_ms = view.config.retention_ms;
  const auto is_past = [&](base::Timestamp time) {
    return now.value() - time.value() > retention_ms;
  };
  std::optional<base::Timestamp> max = view.max_timestamps[index];
  if (!max) {
    auto indexed = indexed_max_timestamp(disk(), *segment);
    if (!indexed) return base::fail(std::move(indexed));
    max = *indexed;
  }
  if (max->value() >= 0 && !is_past(*max)) {
    const std::lock_guard lock(mutex_);
    segment->note_max_timestamp(*max);
    return retention::SegmentTime{*max};
  }
  auto written = disk().modification_time(segment->path(kLogSuffix));
  if (!written) return base::fail(std::move(written));
  const retention::SegmentTime of_file{*written, true};
  const bool was_scanned = view.max_timestamps[index] == base::kNoTimestamp;
  if (was_scanned) return of_file;
  if (max->value() >= 0 && is_past(*written)) return retention::SegmentTime{*max};
  auto scanned = scanned_max_timestamp(disk(), *segment, view.facts.segments[index].size_bytes);
  if (!scanned && scanned.error().code == base::ErrorCode::kCorruptMessage) return of_file;
  if (!scanned) return base::fail(std::move(scanned));
  const std::lock_guard lock(mutex_);
  segment->note_max_timestamp(*scanned);
  if (*scanned == base::kNoTimestamp) return of_file;
  return retention::SegmentTime{*scanned};
}

base::Result<std::size_t> PartitionLog::delete_old_segments(const RetentionCheck& check) {
  Lock lock(mutex_);
  if (auto settled = settle_replacement(lock); !settled) return base::fail(std::move(settled));
  if (failure_) return std::unexpected(*failure_);
  if (is_closed_ || is_cutting_) return 0U;
  const RetentionView view = view_for_retention_locked();
  lock.unlock();
  auto decision =
      retention::decide(view.facts, view.config, check.now, check.may_delete_by_time,
                        [&](std::size_t index) { return time_of(view, index, check.now); });
  if (!decision) {
    lock.lock();
    // Somebody else took the segments away meanwhile, or moved all of them.
    const bool is_elsewhere = segments_ != view.segments || relocations_ != view.relocations;
    if (is_closed_ || is_elsewhere) return 0U;
    return give_up(std::move(decision));
  }
  if (decision->held_by_future) {
    base::log::warn("log",
                    "{}: segment {} holds a record whose time lies ahead of the clock; it and what "
                    "follows it are not deleted by retention.ms before that",
                    name_.to_string(),
                    view.facts.segments[*decision->held_by_future].base_offset.value());
  }
  if (decision->deletions.empty()) return 0U;
  if (decision->count() == view.segments.size()) {
    auto begun = begin_at_end(view);
    if (!begun) return base::fail(std::move(begun));
    if (!*begun) return 0U;
  }
  lock.lock();
  take_writer(lock);
  auto deleted = carry_out_retention(lock, view, *decision, check.now);
  write_queue(lock, WriteFrom::kPool);
  return deleted;
}

base::Result<std::size_t> PartitionLog::carry_out_retention(Lock& lock, const RetentionView& view,
                                                            const retention::Decision& decision,
                                                            base::Timestamp now) {
  if (auto settled = settle_replacement(lock); !settled) return base::fail(std::move(settled));
  const std::size_t count = decision.count();
  const bool is_as_viewed =
      !failure_ && !is_closed_ && segments_.size() > count &&
      std::ranges::equal(std::span(view.segments).first(count), std::span(segments_).first(count));
  if (!is_as_viewed) return 0U;
  for (const retention::Deletion& deletion : decision.deletions) {
    base::log::info("log", "{}: {}", name_.to_string(),
                    retention::describe(deletion, view.facts, view.config, now));
    directory().counters().count_deletion(deletion.reason, deletion.count, deletion.bytes);
  }
  const base::Offset start = std::max(segments_[count]->base_offset(), log_start_offset());
  if (auto done = move_log_start(lock, start, {}); !done) return base::fail(std::move(done));
  notify_progress(lock);
  return count;
}

// As after any roll: the producers' state is kept in a snapshot, for the records that it came from
// are going.
base::Result<bool> PartitionLog::begin_at_end(const RetentionView& view) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_as_viewed = !failure_ && !is_closed_ && !is_cutting_ && !is_taking_back_ &&
                              segments_ == view.segments &&
                              log_end_offset() == view.facts.log_end_offset;
    if (!is_as_viewed) return false;
    roll_locked(log_end_offset());
  }
  if (auto flushed = flush(); !flushed) return base::fail(std::move(flushed));
  return true;
}

base::Result<> PartitionLog::delete_records(base::Offset new_log_start, base::Offset limit) {
  Lock lock(mutex_);
  take_writer(lock);
  const auto done = [&]() -> base::Result<> {
    if (auto settled = settle_replacement(lock); !settled) return settled;
    if (auto usable = check_usable_locked(); !usable) return usable;
    if (new_log_start > limit) {
      return base::fail(base::ErrorCode::kOffsetOutOfRange,
                        fmt::format("{}: the log can't start at offset {}, beyond the high "
                                    "watermark {}",
                                    name_.to_string(), new_log_start.value(), limit.value()));
    }
    if (new_log_start <= log_start_offset()) return {};
    auto moved = move_log_start(lock, new_log_start, retention::Reason::kLogStart);
    if (moved) notify_progress(lock);
    return moved;
  }();
  write_queue(lock, WriteFrom::kPool);
  return done;
}

base::Result<> PartitionLog::move_log_start(Lock& lock, base::Offset new_log_start,
                                            std::optional<retention::Reason> counted_as) {
  std::size_t count = segment_index_locked(new_log_start);
  if (count > 0) {
    if (auto done = make_names_durable(lock, count); !done) return give_up(std::move(done));
    // Compaction may have made fewer of them meanwhile.
    if (auto settled = settle_replacement(lock); !settled) return settled;
    count = segment_index_locked(new_log_start);
  }
  store(log_start_offset_, new_log_start);
  directory().set_log_start_offset(name_, new_log_start);
  epochs_changed_ |= epochs_.truncate_from_start(new_log_start);
  producers_.forget_ended_transactions_below(new_log_start);
  const auto kept = segments_.begin() + static_cast<std::ptrdiff_t>(count);
  const Segments deleted(segments_.begin(), kept);
  if (deleted.empty()) return {};
  if (counted_as) {
    std::uint64_t bytes = 0;
    for (const SegmentPointer& segment : deleted) bytes += segment->size();
    directory().counters().count_deletion(*counted_as, deleted.size(), bytes);
  }
  segments_.erase(segments_.begin(), kept);
  count_damage_locked();
  const base::Offset first = segments_.front()->base_offset();
  std::erase_if(finished_, [first](const FinishedSegment& finished) {
    return finished.segment->base_offset() < first;
  });
  transaction_indexes_.erase(transaction_indexes_.begin(), transaction_indexes_.lower_bound(first));
  const std::vector<base::Offset> snapshots = snapshots_.forget_below(first);
  const std::int64_t delay_ms = config_.file_delete_delay_ms;
  ++names_version_;
  lock.unlock();
  const auto removed = [&]() -> base::Result<> {
    for (const SegmentPointer& segment : deleted) {
      auto marked =
          mark_segment_deleted(directory(), path_->value(), segment->base_offset(), delay_ms);
      if (!marked) return marked;
    }
    return ProducerSnapshots::remove_files(disk(), path_->value(), snapshots);
  }();
  lock.lock();
  if (!removed) return give_up(removed.error());
  return {};
}

// Once the older segments are gone it is the names of those that stay that say where the log is; a
// last one that holds nothing gets its file.
base::Result<> PartitionLog::make_names_durable(Lock& lock, std::size_t first_kept) {
  const SegmentPointer last = segments_.back();
  if (first_kept + 1 == segments_.size() && last->is_open() && !last->files().log) {
    auto file = file_to_write(lock, last);
    const bool is_out_of_room = !file && directory::is_out_of_room(file.error());
    if (is_out_of_room && give_up_file(lock)) file = file_to_write(lock, last);
    if (!file) return base::fail(std::move(file));
  }
  if (names_synced_version_ == names_version_) return {};
  const std::uint64_t version = names_version_;
  lock.unlock();
  auto synced = disk().sync_directory(path_->value());
  lock.lock();
  if (synced) names_synced_version_ = std::max(names_synced_version_, version);
  return synced;
}

void PartitionLog::expire_producers(base::Timestamp now) {
  const std::lock_guard lock(mutex_);
  producers_.expire(now, config_.producer_id_expiration_ms);
}

}  // namespace odradek::log
