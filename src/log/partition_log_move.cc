// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/directory/partition_name.h"
#include "log/file_names.h"
#include "log/move/partition_copy.h"
#include "log/partition_log.h"
#include "log/segment_files.h"

// The end of a move into another log directory (log/move). The writer's role is held throughout:
// appends get their offsets and wait in the queue, so that nothing is written, and nothing
// acknowledged, that the copy does not have. Reads go on, by the old files until the new ones are
// in their place.
//
// A crash finds one of three: the partition's directory and an unfinished copy (`-future`), two
// directories of the partition that hold the same (LogManager keeps the new one), or the new one.
namespace odradek::log {

struct PartitionLog::Relocation {
  directory::LogDirectory& source;
  directory::LogDirectory& target;
  move::PartitionCopy& copy;
  const std::string old_path;
  const std::string new_path;

  // As they were when the copy was completed.
  move::CopySource copied = {};
  LeaderEpochCache epochs = {};
  std::map<base::Offset, std::size_t> aborts = {};
  std::uint64_t names_version = 0;
  KnownEnd end = {};
  // The segment that is being written, and its files in the new place.
  SegmentPointer last = {};
  Segment::Moved last_files = {};
  // The copy bears the partition's name.
  bool is_promoted = false;

  // Segments that retention or DeleteRecords took away meanwhile.
  std::vector<base::Offset> gone = {};
  std::int64_t delete_delay_ms = 0;
};

// A cleaned segment is the log's before its files have the originals' names: what is copied by name
// under its identity would be the originals' bytes.
base::Result<move::CopySource> PartitionLog::copy_source() {
  Lock lock(mutex_);
  if (auto settled = settle_replacement(lock); !settled) return base::fail(std::move(settled));
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  return copy_source_locked();
}

move::CopySource PartitionLog::copy_source_locked() const {
  move::CopySource source{.path = path_->value(),
                          .segments = {},
                          .snapshots = snapshots_.offsets(),
                          .log_start_offset = log_start_offset(),
                          .end_offset = written_end_offset()};
  source.segments.reserve(segments_.size());
  for (const SegmentPointer& segment : segments_) {
    source.segments.push_back(
        {segment->base_offset(), segment, segment->written_size(), segment->is_complete()});
  }
  return source;
}

base::Result<> PartitionLog::relocate(directory::LogDirectory& target, move::PartitionCopy& copy) {
  Lock lock(mutex_);
  take_writer(lock);
  if (auto settled = settle_replacement(lock); !settled) {
    write_queue(lock, WriteFrom::kPool);
    return settled;
  }
  is_relocating_ = true;
  Relocation relocation{.source = directory(),
                        .target = target,
                        .copy = copy,
                        .old_path = path_->value(),
                        .new_path = target.path() + '/' + name_.to_string()};
  auto done = carry_out_relocation(lock, relocation);
  if (done) {
    lock.unlock();
    // In the groups of one directory at a time, and after the other one's can't hold it any more.
    relocation.source.forget_log(*this);
    leave_behind(relocation);
    auto added = target.add_log(*this);
    lock.lock();
    is_leaving_ = false;
    if (!added) fail_locked(added.error());
  }
  is_relocating_ = false;
  // What came meanwhile, and the end of the writer's role.
  write_queue(lock, WriteFrom::kPool);
  if (done && !failure_) notify_progress(lock);
  return done;
}

base::Result<> PartitionLog::carry_out_relocation(Lock& lock, Relocation& relocation) {
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (!finished_.empty()) {
    return base::fail(base::ErrorCode::kKafkaStorageError,
                      name_.to_string() + ": no room to complete a segment before it is moved");
  }
  if (auto written = write_pending_indexes(lock); !written) return give_up(std::move(written));
  // A snapshot of the producers may just be written; from here on none is.
  begin_flush(lock);
  end_flush_locked();
  if (auto done = complete_copy(lock, relocation); !done) return done;
  if (auto done = promote_copy(lock, relocation); !done) return done;
  begin_flush(lock);
  auto done = copy_late_aborts(lock, relocation);
  if (done) install_relocation_locked(relocation);
  end_flush_locked();
  if (done) return done;
  lock.unlock();
  undo_promotion(relocation, done.error());
  lock.lock();
  return done;
}

// The one whose files have to be exchanged while it is open. Appends that wait for the writer may
// have begun others after it, which have no files yet.
PartitionLog::SegmentPointer PartitionLog::being_written_locked() const {
  const auto found = std::ranges::find_if(segments_, [](const SegmentPointer& segment) {
    return !segment->is_complete() && segment->is_open() && segment->files().log;
  });
  return found == segments_.end() ? segments_.back() : *found;
}

base::Result<> PartitionLog::complete_copy(Lock& lock, Relocation& relocation) {
  for (bool is_complete = false; !is_complete;) {
    if (auto usable = check_usable_locked(); !usable) return usable;
    relocation.copied = copy_source_locked();
    relocation.epochs = epochs_;
    relocation.names_version = names_version_;
    relocation.last = being_written_locked();
    relocation.delete_delay_ms = config_.file_delete_delay_ms;
    relocation.aborts.clear();
    for (const auto& [base, index] : transaction_indexes_) relocation.aborts[base] = index.size();
    relocation.end = written_end_locked();
    lock.unlock();
    auto completed = relocation.copy.complete(relocation.copied, relocation.epochs);
    lock.lock();
    if (!completed) return base::fail(std::move(completed));
    is_complete = *completed;
  }
  return {};
}

// From here on two directories bear the partition's name, until leave_behind: both have all that is
// acknowledged, and nothing is written to either.
base::Result<> PartitionLog::promote_copy(Lock& lock, Relocation& relocation) {
  directory::LogDirectory& target = relocation.target;
  lock.unlock();
  auto done = [&]() -> base::Result<> {
    target.set_recovery_point(name_, relocation.end.offset);
    target.set_log_start_offset(name_, log_start_offset());
    target.set_high_watermark(name_, relocation.source.high_watermark(name_));
    if (const auto cleaned = relocation.source.cleaner_offset(name_)) {
      target.set_cleaner_offset(name_, *cleaned);
    }
    if (auto written = target.write_checkpoints(); !written) return written;
    auto renamed = disk().rename(relocation.copy.path(), relocation.new_path);
    if (!renamed) return renamed;
    relocation.is_promoted = true;
    env::fail_point(env::FailPoint::kMovePromoted);
    if (auto synced = disk().sync_directory(target.path()); !synced) return synced;
    auto files = relocation.last->open_moved(disk(), relocation.new_path);
    if (!files) return base::fail(std::move(files));
    relocation.last_files = std::move(*files);
    return {};
  }();
  if (!done) undo_promotion(relocation, done.error());
  lock.lock();
  return done;
}

void PartitionLog::undo_promotion(const Relocation& relocation, const base::Error& error) {
  directory::LogDirectory& target = relocation.target;
  const bool is_back = !relocation.is_promoted ||
                       disk().rename(relocation.new_path, relocation.copy.path()).has_value();
  if (!is_back || !directory::is_out_of_room(error)) target.fail(error);
  target.forget(name_);
}

// A transaction aborted meanwhile is in the old index only.
base::Result<> PartitionLog::copy_late_aborts(Lock& lock, Relocation& relocation) {
  const auto grown = [&] {
    return std::ranges::find_if(transaction_indexes_, [&](const auto& entry) {
      const auto copied = relocation.aborts.find(entry.first);
      return entry.second.size() > (copied == relocation.aborts.end() ? 0 : copied->second);
    });
  };
  for (auto found = grown(); found != transaction_indexes_.end(); found = grown()) {
    const TransactionIndex original = found->second;
    relocation.aborts[found->first] = original.size();
    const std::string name = offset_file_name(found->first, kTransactionIndexSuffix);
    lock.unlock();
    auto entries = original.all();
    base::Result<> written;
    auto copy = TransactionIndex::open(disk(), relocation.new_path + '/' + name, found->first);
    if (!entries || !copy) {
      written = !entries ? base::fail(std::move(entries)) : base::fail(std::move(copy));
    }
    for (std::size_t i = written ? copy->size() : 0; written && i < entries->size(); ++i) {
      written = copy->append((*entries)[i]);
    }
    if (written) written = copy->flush();
    lock.lock();
    if (!written) return written;
  }
  return check_usable_locked();
}

void PartitionLog::install_relocation_locked(Relocation& relocation) {
  ++relocations_;
  is_leaving_ = true;
  path_->set(relocation.new_path);
  forget_unflushed_locked();
  tell_damage_locked(0);
  flush_asked_ = FlushAsked::kNo;
  directory_ = &relocation.target;
  count_damage_locked();
  // Each is another object from here on, for whoever works on the old files to notice.
  for (SegmentPointer& segment : segments_) {
    if (segment->is_complete()) {
      segment = segment->closed_copy();
    } else if (segment->is_open() && segment->files().log) {
      ODRADEK_ASSERT(segment == relocation.last);
      segment->move_to(std::move(relocation.last_files));
    }
  }
  for (auto& [base, index] : transaction_indexes_) {
    index.set_path(relocation.new_path + '/' + offset_file_name(base, kTransactionIndexSuffix));
  }
  snapshots_.set_directory(relocation.new_path);
  for (const move::SourceSegment& copied : relocation.copied.segments) {
    if (!std::ranges::binary_search(segments_, copied.base_offset, {}, &Segment::base_offset)) {
      relocation.gone.push_back(copied.base_offset);
    }
  }
  relocation.target.set_log_start_offset(name_, log_start_offset());
  // It may have moved on since the copy got its name.
  relocation.target.set_high_watermark(name_, relocation.source.high_watermark(name_));
  // All that is written is flushed there.
  flushed_ = relocation.end;
  store(flushed_end_offset_, relocation.end.offset);
  store(answerable_end_offset_, relocation.end.offset);
  unflushed_snapshot_.reset();
  unflushed_kept_.reset();
  names_synced_version_ = relocation.names_version;
  epochs_changed_ = epochs_.entries() != relocation.epochs.entries();
  epoch_file_ = EpochFile::kDurable;
}

// Durable before anything is written in the new place: a start that found both would else not know
// which one is the log.
void PartitionLog::leave_behind(const Relocation& relocation) {
  directory::LogDirectory& source = relocation.source;
  const auto delay = std::chrono::milliseconds(relocation.delete_delay_ms);
  auto& random = source.world().random();
  const base::Uuid unique = base::Uuid::from_random(random.next(), random.next());
  const std::string marked =
      source.path() + '/' +
      directory::directory_name(name_, unique, directory::DirectoryRole::kDelete);
  auto renamed = disk().rename(relocation.old_path, marked);
  env::fail_point(env::FailPoint::kMoveLeft);
  if (renamed) renamed = disk().sync_directory(source.path());
  if (renamed) {
    source.remove_later(marked, delay);
  } else {
    source.fail(renamed.error());
  }
  source.forget(name_);
  for (const base::Offset base : relocation.gone) {
    auto done = mark_segment_deleted(relocation.target, relocation.new_path, base,
                                     relocation.delete_delay_ms);
    if (!done) relocation.target.fail(done.error());
  }
}

}  // namespace odradek::log
