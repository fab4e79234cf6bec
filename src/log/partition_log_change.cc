// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/segment_files.h"

// What takes away: the log's start moved, its end cut, its files closed, all of it removed.
namespace odradek::log {

base::Result<> PartitionLog::delete_records(base::Offset new_log_start, base::Offset limit) {
  const std::lock_guard lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (new_log_start > limit) {
    return base::fail(base::ErrorCode::kOffsetOutOfRange,
                      fmt::format("{}: the log can't start at offset {}, beyond the high watermark "
                                  "{}",
                                  name_.to_string(), new_log_start.value(), limit.value()));
  }
  if (new_log_start <= log_start_offset()) return {};
  store(log_start_offset_, new_log_start);
  directory_.set_log_start_offset(name_, new_log_start);
  epochs_changed_ |= epochs_.truncate_from_start(new_log_start);
  producers_.forget_ended_transactions_below(new_log_start);
  return delete_segments_locked(new_log_start);
}

// Whole segments below `below`; the last one stays.
base::Result<> PartitionLog::delete_segments_locked(base::Offset below) {
  std::size_t count = 0;
  while (count + 1 < segments_.size() && segments_[count + 1]->base_offset() <= below) ++count;
  if (count == 0) return {};
  for (std::size_t i = 0; i < count; ++i) {
    if (auto done = mark_deleted_locked(*segments_[i]); !done) return give_up(std::move(done));
  }
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
  if (auto done = snapshots_.remove_below(segments_.front()->base_offset()); !done) {
    return give_up(std::move(done));
  }
  return {};
}

base::Result<> PartitionLog::mark_deleted_locked(const Segment& segment) {
  transaction_indexes_.erase(segment.base_offset());
  ++names_version_;
  return mark_segment_deleted(directory_, *path_, segment.base_offset(),
                              config_.file_delete_delay_ms);
}

base::Result<> PartitionLog::truncate_to(base::Offset offset) {
  Lock lock(mutex_);
  drain(lock);
  if (auto usable = check_usable_locked(); !usable) return usable;
  epochs_changed_ |= epochs_.truncate_from_end(std::min(offset, log_end_offset()));
  if (offset >= log_end_offset()) return {};
  // Before the bytes go: a recovery point above the end would hide a torn tail later on.
  if (offset < flushed_end_offset()) {
    directory_.set_recovery_point(name_, offset);
    if (auto done = directory_.write_checkpoints(); !done) return give_up(std::move(done));
  }
  positions_.clear();
  prepared_flush_.reset();
  auto cut = offset < segments_.front()->base_offset() ? start_over_locked(offset)
                                                       : truncate_segments_locked(offset);
  if (!cut) return give_up(std::move(cut));
  store(end_offset_, offset);
  store(written_end_offset_, offset);
  if (offset < log_start_offset()) {
    store(log_start_offset_, offset);
    directory_.set_log_start_offset(name_, offset);
  }
  const KnownEnd end{offset, active_locked().base_offset(), active_locked().size()};
  if (offset < flushed_end_offset()) {
    flushed_ = end;
    store(flushed_end_offset_, offset);
  }
  if (auto done = rebuild_producers_locked(offset); !done) return give_up(std::move(done));
  return {};
}

base::Result<> PartitionLog::truncate_segments_locked(base::Offset offset) {
  while (segments_.size() > 1 && active_locked().base_offset() > offset) {
    if (auto done = mark_deleted_locked(active_locked()); !done) return done;
    segments_.pop_back();
  }
  Segment& last = active_locked();
  if (last.size() == 0) return {};
  auto start = lookup_locked(last, offset);
  if (!start) return base::fail(std::move(start));
  auto file = last.file(disk());
  if (!file) return base::fail(std::move(file));
  ReadPlan plan{.file = *file, .file_end = last.size(), .start = *start};
  auto found = find_start(plan, offset, false);
  if (!found) return base::fail(std::move(found));
  const std::uint64_t position = *found ? plan.start.position : last.size();
  if (auto done = last.truncate(disk(), offset, position, now()); !done) return done;
  const auto index = transaction_indexes_.find(last.base_offset());
  if (index == transaction_indexes_.end()) return {};
  return index->second.truncate_to(offset);
}

// Everything lies at or above `offset`: the log begins again there.
base::Result<> PartitionLog::start_over_locked(base::Offset offset) {
  for (const SegmentPointer& segment : segments_) {
    if (auto done = mark_deleted_locked(*segment); !done) return done;
  }
  segments_.assign(1, std::make_shared<Segment>(path_, offset, 0, true, now(), roll_jitter_ms()));
  epochs_changed_ |= epochs_.clear();
  return snapshots_.remove_below(base::Offset(std::numeric_limits<std::int64_t>::max()));
}

base::Result<> PartitionLog::rebuild_producers_locked(base::Offset end) {
  if (auto done = snapshots_.load(producers_, log_start_offset(), end); !done) return done;
  return replay_producers(disk(), segments_, transaction_indexes_, producers_, end, end);
}

base::Result<> PartitionLog::close() {
  Lock lock(mutex_);
  if (is_closed_) return {};
  drain(lock);
  if (failure_) return std::unexpected(*failure_);
  if (auto done = close_files_locked(); !done) return give_up(std::move(done));
  is_closed_ = true;
  directory_.set_recovery_point_at_close(name_, log_end_offset());
  lock.unlock();
  directory_.forget_log(*this);
  return {};
}

base::Result<> PartitionLog::close_files_locked() {
  if (auto done = write_epochs_locked(); !done) return done;
  producers_.set_end_offset(log_end_offset());
  // A log that never held anything has none, as in Kafka.
  if (log_end_offset() > log_start_offset() || snapshots_.latest()) {
    auto snapshot = snapshots_.write(producers_, ProducerSnapshots::Durability::kFlushedLater);
    if (!snapshot) return base::fail(std::move(snapshot));
  }
  for (const SegmentPointer& segment : segments_) {
    if (auto done = segment->complete(disk()); !done) return done;
    segment->release();
  }
  for (auto& [base, index] : transaction_indexes_) index.close();
  return {};
}

base::Result<> PartitionLog::remove() {
  Lock lock(mutex_);
  drain(lock);
  if (failure_) return std::unexpected(*failure_);
  is_closed_ = true;
  auto& random = directory_.world().random();
  const base::Uuid unique = base::Uuid::from_random(random.next(), random.next());
  const std::string marked = directory_.path() + '/' + deleted_directory_name(name_, unique);
  if (auto renamed = disk().rename(*path_, marked); !renamed) return give_up(std::move(renamed));
  if (auto synced = disk().sync_directory(directory_.path()); !synced) {
    return give_up(std::move(synced));
  }
  directory_.forget(name_);
  directory_.remove_later(marked, std::chrono::milliseconds(config_.file_delete_delay_ms));
  lock.unlock();
  directory_.forget_log(*this);
  return {};
}

}  // namespace odradek::log
