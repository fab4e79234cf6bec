// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/partition_log.h"

namespace odradek::log {
namespace {

// The producers are kept each time that so much was flushed: with a snapshot for each of the last
// two times, a start after a crash reads at most some times as much of a partition.
constexpr std::uint64_t kSnapshotBytes = std::uint64_t{1} << 20U;
// New leader epochs wait for a background flush while a start after a crash has no more than so
// much to read again for it.
constexpr std::uint64_t kBytesWithoutEpochs = std::uint64_t{64} << 10U;

}  // namespace

void PartitionLog::settle_written_locked() {
  const base::Offset written = written_end_offset();
  const bool may_wait =
      written - flushed_end_offset() < config_.flush_messages && directory().may_leave_unflushed();
  store(answerable_end_offset_,
        may_wait ? written : std::max(answerable_end_offset(), flushed_end_offset()));
  if (written > flushed_end_offset()) ask_for_flush_locked();
}

// What nobody waits for has its time: flush.ms, or the directory's.
void PartitionLog::ask_for_flush_locked() {
  const bool is_awaited = !config_.write_caching || answerable_end_offset() < written_end_offset();
  const FlushAsked wanted = is_awaited ? FlushAsked::kAtOnce : FlushAsked::kInBackground;
  if (flush_asked_ >= wanted) return;
  flush_asked_ = wanted;
  if (is_awaited) return directory().request_flush(*this);
  // Years are as good as any longer time.
  constexpr std::int64_t kLongestMs = std::int64_t{1} << 40U;
  const std::chrono::milliseconds delay(std::clamp(config_.flush_ms, std::int64_t{0}, kLongestMs));
  directory().request_flush_within(*this, delay);
}

void PartitionLog::forget_unflushed_locked() {
  directory().remove_unflushed(std::exchange(unflushed_bytes_, 0), false);
}

void PartitionLog::begin_flush(Lock& lock) {
  changed_->wait(lock, [this] { return !is_flushing_; });
  is_flushing_ = true;
}

void PartitionLog::end_flush_locked() {
  ODRADEK_ASSERT(is_flushing_);
  is_flushing_ = false;
  changed_->notify_all();
}

// Without waiting for the disk: the flush that follows makes it durable. Should a power cut leave
// the first one empty, the epochs are read from the batches again.
base::Result<> PartitionLog::write_epochs(Lock& lock) {
  if (!std::exchange(epochs_changed_, false)) return {};
  bytes_without_epochs_ = 0;
  const LeaderEpochCache epochs = epochs_;
  lock.unlock();
  auto are_aside =
      room().insist([&] { return write_leader_epochs_aside(disk(), path_->value(), epochs); });
  lock.lock();
  if (!are_aside) {
    epochs_changed_ = true;
    return base::fail(std::move(are_aside));
  }
  epoch_file_ = *are_aside ? EpochFile::kAside : EpochFile::kWritten;
  ++names_version_;
  return {};
}

base::Result<> PartitionLog::write_epochs_if_there_is_room(Lock& lock) {
  auto done = write_epochs(lock);
  if (done || !directory::is_out_of_room(done.error())) return done;
  (void)room().ran_out(done.error());
  return {};
}

// What lies between the flushed end and the written one. A segment that is finished has its indexes
// flushed with it, for recovery trusts them below the recovery point.
base::Result<PartitionLog::FlushPlan> PartitionLog::plan_flush(Lock& lock) {
  // Records need not wait for the room that their epochs lack, nor for that of an index.
  bool keeps_recovery_point = !finished_.empty();
  if (bytes_without_epochs_ + unflushed_bytes_ > kBytesWithoutEpochs) {
    if (auto done = write_epochs_if_there_is_room(lock); !done) return base::fail(std::move(done));
  }
  // Nor for the making of a file: in thousands of new logs at once that takes longer than the rest.
  keeps_recovery_point |= epochs_changed_;
  FlushPlan plan{.end = written_end_locked(),
                 .files = {},
                 .transaction_indexes = {},
                 .snapshot = unflushed_snapshot_,
                 .kept_snapshot = std::exchange(unflushed_kept_, std::nullopt),
                 .epochs = epoch_file_,
                 .names_changed = names_version_ != names_synced_version_,
                 .names_version = names_version_,
                 .cuts = cuts_,
                 .bytes = unflushed_bytes_,
                 .keeps_recovery_point = keeps_recovery_point};
  flush_asked_ = FlushAsked::kNo;
  if (plan.end.offset == flushed_.offset) return plan;
  const std::size_t end = segment_index_locked(plan.end.segment);
  for (std::size_t i = segment_index_locked(flushed_.segment); i <= end; ++i) {
    // Recovery takes the aborted transactions below the recovery point from their index.
    const auto aborted = transaction_indexes_.find(segments_[i]->base_offset());
    if (aborted != transaction_indexes_.end()) plan.transaction_indexes.push_back(aborted->second);
    if (!segments_[i]->is_open()) continue;
    const Segment::Files& files = segments_[i]->files();
    if (files.log) plan.files.push_back({files.log, segments_[i]->base_offset()});
    if (i + 1 == segments_.size()) continue;
    for (const IndexFile* index : {&files.offset_index.file(), &files.time_index.file()}) {
      if (!index->stored().file) continue;
      plan.files.push_back({index->stored().file, segments_[i]->base_offset()});
    }
  }
  return plan;
}

// Retention deleted the file meanwhile, and it was not open.
bool PartitionLog::is_gone(const base::Error& error, base::Offset segment) const {
  if (error.os_error != ENOENT) return false;
  const std::lock_guard lock(mutex_);
  return segment < segments_.front()->base_offset();
}

base::Result<> PartitionLog::carry_out_flush(const FlushPlan& plan,
                                             bool file_system_was_synced) const {
  const std::string path = path_->value();
  const bool are_aside = plan.epochs == EpochFile::kAside;
  if (file_system_was_synced) {
    return are_aside ? put_leader_epochs_in_place(disk(), path) : base::Result<>();
  }
  env::fail_point(env::FailPoint::kFlushBegun);
  for (const auto& [file, base_offset] : plan.files) {
    auto done = file->flush();
    if (!done && !is_gone(done.error(), base_offset)) return done;
  }
  for (const TransactionIndex& index : plan.transaction_indexes) {
    if (auto done = index.flush(); !done) return done;
  }
  if (plan.snapshot) {
    if (auto done = plan.snapshot->flush(); !done) return done;
  }
  if (plan.kept_snapshot) {
    if (auto done = ProducerSnapshots::flush_file(disk(), path, *plan.kept_snapshot); !done) {
      return done;
    }
  }
  if (are_aside || plan.epochs == EpochFile::kWritten) {
    if (auto done = flush_leader_epochs(disk(), path, are_aside); !done) return done;
  }
  if (are_aside) {
    if (auto done = put_leader_epochs_in_place(disk(), path); !done) return done;
  }
  return plan.names_changed ? disk().sync_directory(path) : base::Result<>();
}

void PartitionLog::flushed_locked(const FlushPlan& plan, bool file_system_was_synced) {
  if (unflushed_snapshot_ == plan.snapshot) unflushed_snapshot_.reset();
  names_synced_version_ = std::max(names_synced_version_, plan.names_version);
  epoch_file_ = EpochFile::kDurable;
  if (file_system_was_synced && plan.epochs == EpochFile::kAside) {
    epoch_file_ = EpochFile::kRenamed;
    ++names_version_;
  }
  if (is_closed_ || plan.cuts != cuts_ || plan.end.offset < flushed_.offset) return;
  // A start that found the epochs of before has to read again what was written in the new one.
  if (!plan.keeps_recovery_point && epoch_file_ == EpochFile::kDurable) {
    directory().set_recovery_point(name_, plan.end.offset);
  }
  const bool are_epochs_behind = epochs_changed_ || epoch_file_ != EpochFile::kDurable;
  if (are_epochs_behind) directory().request_background_flush(*this);
  if (plan.end.offset == flushed_.offset) return;
  const bool is_same_segment = plan.end.segment == flushed_.segment;
  bytes_since_snapshot_ += plan.end.position - (is_same_segment ? flushed_.position : 0);
  flushed_ = plan.end;
  store(flushed_end_offset_, plan.end.offset);
  if (epochs_changed_) bytes_without_epochs_ += plan.bytes;
  unflushed_bytes_ -= plan.bytes;
  directory().remove_unflushed(plan.bytes, true);
  settle_written_locked();
}

base::Result<> PartitionLog::prepare_background_flush() {
  Lock lock(mutex_);
  begin_flush(lock);
  base::Result<> done;
  if (!is_closed_ && !failure_) done = write_epochs_if_there_is_room(lock);
  end_flush_locked();
  return done ? base::Result<>() : give_up(std::move(done));
}

base::Result<> PartitionLog::prepare_flush() {
  Lock lock(mutex_);
  begin_flush(lock);
  // A closed log has written everything, and the directory syncs it at the end. One that has just
  // moved is flushed, too; a group of the directory that it leaves would not come back to it.
  auto usable = check_usable_locked();
  if (is_closed_ || is_leaving_ || !usable) {
    end_flush_locked();
    return is_closed_ ? base::Result<>() : usable;
  }
  auto plan = plan_flush(lock);
  if (!plan) {
    end_flush_locked();
    return give_up(std::move(plan));
  }
  prepared_flush_ = std::move(*plan);
  return {};
}

base::Result<> PartitionLog::finish_flush(bool file_system_was_synced) {
  Lock lock(mutex_);
  if (!prepared_flush_) return {};
  const FlushPlan plan = *std::exchange(prepared_flush_, std::nullopt);
  lock.unlock();
  const env::Clock& clock = directory().world().clock();
  const env::MonotonicTime started = clock.monotonic();
  auto done = carry_out_flush(plan, file_system_was_synced);
  if (!file_system_was_synced) directory().count_flush(clock.monotonic() - started);
  env::fail_point(env::FailPoint::kFlushDone);
  lock.lock();
  // At once, before another flush can begin: after one that failed the system takes the bytes for
  // clean, and the next one says that all is well.
  if (!done && !is_closed_) fail_locked(done.error());
  end_flush_locked();
  if (!done && is_closed_) return {};
  if (!done) {
    // For want of room, too: bytes that were taken are lost.
    directory().fail(done.error());
    return done;
  }
  if (failure_) return std::unexpected(*failure_);
  flushed_locked(plan, file_system_was_synced);
  notify_progress(lock);
  auto kept = keep_producers(lock);
  return kept ? base::Result<>() : give_up(std::move(kept));
}

// A start after a crash reads what came after the snapshot, and not the segment from its beginning.
base::Result<> PartitionLog::keep_producers(Lock& lock) {
  if (failure_ || is_closed_ || is_cutting_ || is_taking_back_ || is_relocating_) return {};
  if (kept_producers_ && !still_holds_locked(*kept_producers_)) kept_producers_.reset();
  if (!kept_producers_ && bytes_since_snapshot_ >= kSnapshotBytes &&
      snapshots_.wants(log_end_offset())) {
    bytes_since_snapshot_ = 0;
    kept_producers_ = {log_end_offset(), withdrawals_locked(),
                       encode_producer_snapshot(producers_)};
  }
  if (!kept_producers_ || kept_producers_->end > flushed_.offset) return {};
  begin_flush(lock);
  auto written = write_kept_producers(lock);
  end_flush_locked();
  return written;
}

// Of a log that was cut meanwhile it may say what is not true any more; a later one may be there.
bool PartitionLog::still_holds_locked(const KeptProducers& kept) const {
  return kept.withdrawals == withdrawals_locked() && snapshots_.wants(kept.end);
}

base::Result<> PartitionLog::write_kept_producers(Lock& lock) {
  // In the directory that the log leaves nobody would find it.
  if (!kept_producers_ || failure_ || is_closed_ || is_cutting_ || is_relocating_) return {};
  const KeptProducers kept = *std::exchange(kept_producers_, std::nullopt);
  if (!still_holds_locked(kept)) return {};
  const std::string path = path_->value();
  lock.unlock();
  auto written = ProducerSnapshots::write_file(disk(), path, kept.end, kept.encoded);
  lock.lock();
  // It can be done without.
  if (!written && directory::is_out_of_room(written.error())) return {};
  if (!written) return base::fail(std::move(written));
  snapshots_.add(kept.end);
  if (kept.withdrawals != withdrawals_locked()) {
    return snapshots_.remove_beyond(std::min(log_end_offset(), kept.end - 1));
  }
  unflushed_kept_ = kept.end;
  ++names_version_;
  const std::vector<base::Offset> superseded = snapshots_.forget_superseded(segment_bases_locked());
  lock.unlock();
  auto removed = ProducerSnapshots::remove_files(disk(), path, superseded);
  lock.lock();
  return removed;
}

std::vector<base::Offset> PartitionLog::segment_bases_locked() const {
  std::vector<base::Offset> bases;
  bases.reserve(segments_.size());
  for (const SegmentPointer& segment : segments_) bases.push_back(segment->base_offset());
  return bases;
}

base::Result<> PartitionLog::flush() {
  {
    Lock lock(mutex_);
    take_writer(lock);
    release_writer_locked();
    if (failure_) return std::unexpected(*failure_);
  }
  if (auto prepared = prepare_flush(); !prepared) return prepared;
  return finish_flush(false);
}

}  // namespace odradek::log
