// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/directory/partition_name.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/recovery/batch_walker.h"
#include "log/segment_files.h"

// What takes away: the log's end cut, its files closed, all of it removed.
namespace odradek::log {

namespace {

// Where the batch that holds `offset`, or the first one after it, starts. What is damaged before it
// stays where it may hold records that are kept. The search begins at a batch that lies before it.
base::Result<std::uint64_t> position_to_cut(const std::shared_ptr<env::File>& file,
                                            OffsetPosition near, std::uint64_t size,
                                            base::Offset base_offset, base::Offset offset) {
  constexpr base::Offset kNoLimit{std::numeric_limits<std::int64_t>::max()};
  recovery::BatchWalker walker({.file = file,
                                .position = near.position,
                                .end_position = size,
                                .first_offset = base_offset,
                                .end_offset = kNoLimit});
  for (;;) {
    auto step = walker.next();
    if (!step) return base::fail(std::move(step));
    if (!*step) return size;
    const auto* damage = std::get_if<recovery::Damage>(&**step);
    if (damage != nullptr && damage->first_offset >= offset) return walker.position();
    const auto* header = std::get_if<record::BatchHeader>(&**step);
    if (header != nullptr && header->last_offset() >= offset) return walker.position();
  }
}

}  // namespace

struct PartitionLog::Cut {
  NewEnd how;
  Segments segments;
  TransactionIndexes transaction_indexes;
  ProducerSnapshots snapshots;
  ProducerState producers = {};
  base::Offset log_start;
  std::int64_t delete_delay_ms = 0;
  std::int64_t producer_expiration_ms = 0;
  std::int64_t roll_jitter_ms = 0;
};

base::Result<> PartitionLog::truncate_to(base::Offset offset) {
  return move_end(offset, NewEnd::kCut);
}

base::Result<> PartitionLog::restart_at(base::Offset offset) {
  ODRADEK_ASSERT(offset > log_end_offset() || log_start_offset() == log_end_offset());
  return move_end(offset, NewEnd::kRestart);
}

base::Result<> PartitionLog::move_end(base::Offset offset, NewEnd how) {
  Lock lock(mutex_);
  take_writer(lock);
  const auto done = [&]() -> base::Result<> {
    if (auto settled = settle_replacement(lock); !settled) return settled;
    if (auto usable = check_usable_locked(); !usable) return usable;
    if (!finished_.empty()) {
      return base::fail(
          base::ErrorCode::kKafkaStorageError,
          name_.to_string() + ": no room to complete a segment before the log is cut");
    }
    epochs_changed_ |= how == NewEnd::kRestart
                           ? epochs_.clear()
                           : epochs_.truncate_from_end(std::min(offset, log_end_offset()));
    if (how == NewEnd::kCut && offset >= log_end_offset()) return {};
    if (auto written = write_pending_indexes(lock); !written) return give_up(std::move(written));
    if (auto settled = settle_replacement(lock); !settled) return settled;
    is_cutting_ = true;
    ++cuts_;
    Cut cut = begin_cut_locked(how);
    lock.unlock();
    auto carried_out = carry_out_cut(cut, offset);
    lock.lock();
    is_cutting_ = false;
    if (!carried_out) return give_up(std::move(carried_out));
    install_cut_locked(std::move(cut), offset);
    return {};
  }();
  write_queue(lock, WriteFrom::kPool);
  return done;
}

base::Result<> PartitionLog::write_pending_indexes(Lock& lock) {
  for (const SegmentPointer& segment : Segments(segments_)) {
    if (segment->is_complete() || !segment->files().log) continue;
    Segment::Completion writing = segment->begin_writing_indexes();
    lock.unlock();
    auto written = writing.carry_out(disk(), *segment);
    lock.lock();
    if (!written) return written;
    segment->end_completion(writing);
  }
  return {};
}

PartitionLog::Cut PartitionLog::begin_cut_locked(NewEnd how) const {
  return {.how = how,
          .segments = segments_,
          .transaction_indexes = transaction_indexes_,
          .snapshots = snapshots_,
          .log_start = log_start_offset(),
          .delete_delay_ms = config_.file_delete_delay_ms,
          .producer_expiration_ms = config_.producer_id_expiration_ms,
          .roll_jitter_ms = new_roll_jitter_ms()};
}

base::Result<> PartitionLog::carry_out_cut(Cut& cut, base::Offset offset) const {
  // Before the bytes go: a recovery point above the end would hide a torn tail later on. It is only
  // ever lowered here: what was flushed may lack the epochs that a start would then not read again.
  if (offset < directory().recovery_point(name_)) {
    directory().set_recovery_point(name_, offset);
    if (auto done = directory().write_checkpoints(); !done) return done;
  }
  if (cut.how == NewEnd::kRestart) {
    cut.log_start = offset;
    return start_over(cut, offset);
  }
  cut.log_start = std::min(cut.log_start, offset);
  const bool keeps_nothing = offset < cut.segments.front()->base_offset();
  auto done = keeps_nothing ? start_over(cut, offset) : cut_last_segment(cut, offset);
  if (!done) return done;
  if (auto loaded = cut.snapshots.load(cut.producers, cut.log_start, offset); !loaded) {
    return loaded;
  }
  cut.producers.expire(now(), cut.producer_expiration_ms);
  return replay_producers(disk(), cut.segments, cut.transaction_indexes, cut.producers, offset,
                          offset);
}

base::Result<> PartitionLog::cut_last_segment(Cut& cut, base::Offset offset) const {
  while (cut.segments.size() > 1 && cut.segments.back()->base_offset() > offset) {
    const base::Offset base_offset = cut.segments.back()->base_offset();
    if (auto done =
            mark_segment_deleted(directory(), path_->value(), base_offset, cut.delete_delay_ms);
        !done) {
      return done;
    }
    cut.transaction_indexes.erase(base_offset);
    cut.segments.pop_back();
  }
  const Segment& last = *cut.segments.back();
  if (last.size() == 0) return {};
  auto files = last.open_files(disk());
  if (!files) return base::fail(std::move(files));
  auto near = files->offset_index.lookup(base::Offset(offset.value() - 1));
  if (!near) return base::fail(std::move(near));
  auto position = position_to_cut(files->log, *near, last.size(), last.base_offset(), offset);
  if (!position) return base::fail(std::move(position));
  auto shortened = last.truncated(disk(), offset, *position, now());
  if (!shortened) return base::fail(std::move(shortened));
  const auto index = cut.transaction_indexes.find(last.base_offset());
  cut.segments.back() = std::move(*shortened);
  if (index == cut.transaction_indexes.end()) return {};
  return index->second.truncate_to(offset);
}

// Everything lies at or above `offset`, or is dropped: the log begins again there.
base::Result<> PartitionLog::start_over(Cut& cut, base::Offset offset) const {
  for (const SegmentPointer& segment : cut.segments) {
    if (auto done = mark_segment_deleted(directory(), path_->value(), segment->base_offset(),
                                         cut.delete_delay_ms);
        !done) {
      return done;
    }
  }
  cut.segments.assign(1, Segment::make_new(path_, offset, now(), cut.roll_jitter_ms));
  cut.transaction_indexes.clear();
  return cut.snapshots.remove_below(base::Offset(std::numeric_limits<std::int64_t>::max()));
}

void PartitionLog::install_cut_locked(Cut cut, base::Offset offset) {
  const bool is_empty = cut.how == NewEnd::kRestart;
  note_taken_back_locked(is_empty ? base::Offset(0) : offset,
                         {base::ErrorCode::kNotLeaderOrFollower,
                          name_.to_string() + ": cut off, for another leader does not have it", 0});
  const auto cleaned = directory().cleaner_offset(name_);
  if (cleaned && *cleaned > offset) directory().set_cleaner_offset(name_, offset);
  segments_ = std::move(cut.segments);
  count_damage_locked();
  transaction_indexes_ = std::move(cut.transaction_indexes);
  snapshots_ = std::move(cut.snapshots);
  producers_ = std::move(cut.producers);
  positions_.clear();
  ++names_version_;
  if (cut.log_start != log_start_offset()) {
    store(log_start_offset_, cut.log_start);
    directory().set_log_start_offset(name_, cut.log_start);
  }
  store(end_offset_, offset);
  store(written_end_offset_, offset);
  store(answerable_end_offset_, is_empty ? offset : std::min(answerable_end_offset(), offset));
  if (is_empty || offset < flushed_end_offset()) {
    flushed_ = {offset, active_locked().base_offset(), active_locked().size()};
    store(flushed_end_offset_, offset);
  }
  // A flush that was under way does not count any more.
  flush_asked_ = FlushAsked::kNo;
  if (offset > flushed_end_offset()) return ask_for_flush_locked();
  forget_unflushed_locked();
}

base::Result<> PartitionLog::close() {
  Lock lock(mutex_);
  take_writer(lock);
  wait_for_replacement(lock);
  if (is_closed_ || failure_) {
    release_writer_locked();
    return failure_ ? std::unexpected(*failure_) : base::Result<>();
  }
  is_closed_ = true;
  auto done = close_files(lock);
  release_writer_locked();
  forget_unflushed_locked();  // the directory's
  tell_damage_locked(0);
  const base::Offset end = log_end_offset();
  lock.unlock();
  if (!done) return give_up(std::move(done));
  directory().forget_log(*this);
  directory().set_recovery_point_at_close(name_, end);
  return {};
}

base::Result<> PartitionLog::close_epochs(Lock& lock) {
  if (log_end_offset() == log_start_offset()) {
    // Kafka notes the epoch of an empty log, too. Nothing hangs on it: it need not be durable.
    if (!epochs_changed_ && !epoch_is_begun_) return {};
    const LeaderEpochCache epochs = epochs_;
    lock.unlock();
    auto done = write_leader_epochs_in_place(disk(), path_->value(), epochs);
    lock.lock();
    return done;
  }
  if (!epochs_changed_) return {};
  begin_flush(lock);
  auto done = write_epochs(lock);
  if (done && epoch_file_ == EpochFile::kAside) {
    lock.unlock();
    constexpr bool kAreAside = true;
    done = flush_leader_epochs(disk(), path_->value(), kAreAside);
    if (done) done = put_leader_epochs_in_place(disk(), path_->value());
    lock.lock();
  }
  epoch_file_ = EpochFile::kDurable;  // with the directory's last sync
  end_flush_locked();
  return done;
}

// Beside the newest: those at segments' beginnings, and what the last stop left, as Kafka does.
std::vector<base::Offset> PartitionLog::snapshots_to_keep_locked() const {
  std::vector<base::Offset> kept = segment_bases_locked();
  if (snapshot_at_open_) {
    kept.insert(std::ranges::lower_bound(kept, *snapshot_at_open_), *snapshot_at_open_);
  }
  return kept;
}

base::Result<> PartitionLog::close_files(Lock& lock) {
  if (auto done = close_epochs(lock); !done) return done;
  // A log that never held anything has none, as in Kafka.
  const bool had_records = log_end_offset() > log_start_offset() || snapshots_.latest();
  const base::Offset end = log_end_offset();
  if (had_records && snapshots_.wants(end)) {
    const std::vector<std::uint8_t> encoded = encode_producer_snapshot(producers_);
    lock.unlock();
    auto snapshot = room().insist(
        [&] { return ProducerSnapshots::write_file(disk(), path_->value(), end, encoded); });
    lock.lock();
    if (!snapshot) return base::fail(std::move(snapshot));
    snapshots_.add(end);
  }
  if (auto done = snapshots_.remove_stray(snapshots_to_keep_locked()); !done) return done;
  for (const SegmentPointer& segment : Segments(segments_)) {
    auto done = complete_segment(lock, segment);
    const bool is_out_of_room = !done && directory::is_out_of_room(done.error());
    if (is_out_of_room && give_up_file(lock)) done = complete_segment(lock, segment);
    if (!done) return done;
    segment->close();
  }
  for (auto& [base, index] : transaction_indexes_) index.close();
  return {};
}

base::Result<> PartitionLog::remove() {
  Lock lock(mutex_);
  take_writer(lock);
  wait_for_replacement(lock);
  const bool was_closed = std::exchange(is_closed_, true);
  forget_unflushed_locked();
  tell_damage_locked(0);
  const auto delay = std::chrono::milliseconds(config_.file_delete_delay_ms);
  release_writer_locked();
  lock.unlock();
  if (failure_) return std::unexpected(*failure_);
  if (!was_closed) directory().forget_log(*this);
  auto& random = directory().world().random();
  const base::Uuid unique = base::Uuid::from_random(random.next(), random.next());
  const std::string marked =
      directory().path() + '/' +
      directory::directory_name(name_, unique, directory::DirectoryRole::kDelete);
  if (auto renamed = disk().rename(path_->value(), marked); !renamed)
    return give_up(std::move(renamed));
  env::fail_point(env::FailPoint::kPartitionRemoved);
  if (auto synced = disk().sync_directory(directory().path()); !synced) {
    return give_up(std::move(synced));
  }
  directory().forget(name_);
  directory().remove_later(marked, delay);
  return {};
}

}  // namespace odradek::log
