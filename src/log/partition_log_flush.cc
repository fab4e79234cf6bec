// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "log/directory/log_directory.h"
#include "log/partition_log.h"

namespace odradek::log {

// Without waiting for the disk: the flush that follows makes it durable. Should a power cut leave
// the file empty, the epochs are read from the batches again.
base::Result<> PartitionLog::write_epochs_locked() {
  if (!epochs_changed_) return {};
  constexpr bool kIsSyncedByCaller = true;
  if (auto done = write_leader_epochs(disk(), *path_, epochs_, kIsSyncedByCaller); !done) {
    return done;
  }
  epochs_changed_ = false;
  epochs_unflushed_ = true;
  ++names_version_;
  return {};
}

// What lies between the flushed end and the written one. A segment that is finished has
// its indexes flushed with it, for recovery trusts them below the recovery point.
PartitionLog::FlushPlan PartitionLog::plan_flush_locked() {
  const std::size_t last = segment_index_locked(written_end_offset());
  FlushPlan plan;
  // An end that is a new segment's base, of which nothing is written, is the end of the one before.
  const bool is_at_start = last > 0 && segments_[last]->written_size() == 0;
  const std::size_t end = is_at_start ? last - 1 : last;
  plan.end = {written_end_offset(), segments_[end]->base_offset(), segments_[end]->written_size()};
  for (std::size_t i = segment_index_locked(flushed_.segment); i <= end; ++i) {
    Segment& segment = *segments_[i];
    if (segment.open_file()) plan.files.push_back(segment.open_file());
    if (i + 1 == segments_.size()) continue;
    for (const IndexFile* index : {&segment.offset_index().file(), &segment.time_index().file()}) {
      if (index->is_loaded() && index->stored().file) plan.files.push_back(index->stored().file);
    }
  }
  if (plan.end.offset == flushed_.offset) plan.files.clear();
  plan.snapshot = unflushed_snapshot_;
  plan.epochs_unflushed = epochs_unflushed_;
  plan.names_version = names_version_;
  plan.names_changed = names_version_ != names_synced_version_;
  return plan;
}

base::Result<> PartitionLog::carry_out_flush(const FlushPlan& plan, bool file_system_was_synced) {
  if (file_system_was_synced) return {};
  for (const auto& file : plan.files) {
    if (auto done = file->flush(); !done) return done;
  }
  if (plan.snapshot) {
    if (auto done = plan.snapshot->flush(); !done) return done;
  }
  if (plan.epochs_unflushed) {
    auto epochs =
        disk().open(*path_ + '/' + std::string(kLeaderEpochFile), env::OpenMode::kReadWrite);
    if (!epochs) return base::fail(std::move(epochs));
    if (auto done = (*epochs)->flush(); !done) return done;
  }
  return plan.names_changed ? disk().sync_directory(*path_) : base::Result<>();
}

void PartitionLog::flushed_locked(const FlushPlan& plan) {
  if (unflushed_snapshot_ == plan.snapshot) unflushed_snapshot_.reset();
  if (names_version_ == plan.names_version) epochs_unflushed_ = false;
  names_synced_version_ = std::max(names_synced_version_, plan.names_version);
  // A truncation may have come in between.
  if (plan.end.offset <= flushed_.offset || plan.end.offset > log_end_offset()) return;
  flushed_ = plan.end;
  store(flushed_end_offset_, plan.end.offset);
  directory_.set_recovery_point(name_, plan.end.offset);
}

base::Result<> PartitionLog::prepare_flush() {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return {};
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (auto done = write_epochs_locked(); !done) return give_up(std::move(done));
  prepared_flush_ = plan_flush_locked();
  return {};
}

base::Result<> PartitionLog::finish_flush(bool file_system_was_synced) {
  Lock lock(mutex_);
  // Closed in between: closing took care of it.
  if (is_closed_) return {};
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (!prepared_flush_) return {};
  const FlushPlan plan = *std::exchange(prepared_flush_, std::nullopt);
  lock.unlock();
  auto done = carry_out_flush(plan, file_system_was_synced);
  lock.lock();
  if (!done) return give_up(std::move(done));
  flushed_locked(plan);
  notify_progress(lock);
  return {};
}

base::Result<> PartitionLog::flush() {
  Lock lock(mutex_);
  drain(lock);
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (auto done = write_epochs_locked(); !done) return give_up(std::move(done));
  const FlushPlan plan = plan_flush_locked();
  lock.unlock();
  auto done = carry_out_flush(plan, false);
  lock.lock();
  if (!done) return give_up(std::move(done));
  flushed_locked(plan);
  notify_progress(lock);
  return {};
}

}  // namespace odradek::log
