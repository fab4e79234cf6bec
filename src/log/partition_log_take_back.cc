// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "base/log.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"

// An append has its offsets before it is written. Where the disk has no room for the bytes, what is
// queued is taken back: the log's end, its producers, epochs and indexes become what they were, so
// that nobody is told of a record that is not there, and its producer may try again.
namespace odradek::log {

namespace {

// What is older is not asked for: an append is waited for for a moment.
constexpr std::size_t kTakeBacksKept = 64;

bool names_producer(base::ByteView batches) {
  record::BatchIterator iterator(batches);
  for (auto batch = iterator.next(); batch && *batch; batch = iterator.next()) {
    if ((*batch)->has_producer_id()) return true;
  }
  return false;
}

}  // namespace

AppendEnd PartitionLog::end() const {
  const std::lock_guard lock(mutex_);
  return {log_end_offset(), take_backs_forgotten_ + take_backs_.size()};
}

base::Result<> PartitionLog::check_kept(const AppendEnd& end) const {
  const std::lock_guard lock(mutex_);
  if (end.take_backs < take_backs_forgotten_) {
    return base::fail(base::ErrorCode::kKafkaStorageError,
                      name_.to_string() + ": it is not known any more whether it was written");
  }
  for (std::size_t i = end.take_backs - take_backs_forgotten_; i < take_backs_.size(); ++i) {
    if (end.offset > take_backs_[i].end) return std::unexpected(take_backs_[i].error);
  }
  return {};
}

bool PartitionLog::give_up_file(Lock& lock) const {
  directory::Room& of_directory = room();
  lock.unlock();
  const bool was_there = of_directory.give_up_file();
  lock.lock();
  return was_there;
}

void PartitionLog::note_taken_back_locked(base::Offset end, base::Error error) {
  take_backs_.push_back({end, std::move(error)});
  if (take_backs_.size() <= kTakeBacksKept) return;
  take_backs_.erase(take_backs_.begin());
  ++take_backs_forgotten_;
}

void PartitionLog::begin_take_back_locked(const base::Error& error) {
  base::Error refusal = room().ran_out(error);
  if (queue_.empty()) {
    // Everything was written; what is left to do for a finished segment is done later.
    finishing_waits_ = true;
    return;
  }
  is_taking_back_ = true;
  note_taken_back_locked(written_end_offset(), std::move(refusal));
  for (const PendingWrite& write : queue_) {
    producers_are_ahead_ = producers_are_ahead_ || names_producer(write.bytes.view());
  }
  store(end_offset_, written_end_offset());
}

void PartitionLog::carry_out_take_back(Lock& lock) {
  ODRADEK_ASSERT(writer_ == Writer::kWriting && is_taking_back_);
  const TakeBack taken_back = take_backs_.back();
  if (auto done = undo_queued(lock, taken_back.end); !done) {
    directory().fail(done.error());
    fail_locked(done.error());
  }
  queue_.clear();
  if (!failure_ && listener_ != nullptr) notify_taken_back(lock, taken_back);
  is_taking_back_ = false;
  finishing_waits_ = true;
}

base::Result<> PartitionLog::undo_queued(Lock& lock, base::Offset end) {
  positions_.clear();
  const auto latest = epochs_.latest();
  if (epochs_.truncate_from_end(end)) {
    epochs_changed_ = true;
    // The leader's epoch began before anything was appended in it.
    if (latest->epoch == led_epoch_) epochs_.assign(led_epoch_, end);
  }
  if (auto done = drop_segments_beyond(lock, end); !done) return done;
  if (auto done = cut_active_to_written(lock, end); !done) return done;
  producers_.set_end_offset(end);
  if (!producers_are_ahead_) return {};
  if (auto done = rebuild_producers(lock, end); !done) return done;
  producers_are_ahead_ = false;
  for (const PendingWrite& write : queue_) refused_producers_.note(write.bytes.view(), producers_);
  return {};
}

// They are empty; a file may be there already.
base::Result<> PartitionLog::drop_segments_beyond(Lock& lock, base::Offset end) {
  while (segments_.back()->base_offset() > end) {
    const SegmentPointer dropped = segments_.back();
    std::erase_if(finished_, [&](const FinishedSegment& finished) {
      return finished.snapshot_offset == dropped->base_offset();
    });
    segments_.pop_back();
    ++names_version_;
    lock.unlock();
    auto removed = disk().remove_file(dropped->path(kLogSuffix));
    lock.lock();
    if (!removed && removed.error().os_error != ENOENT) return removed;
  }
  return {};
}

// A write that failed may have left any part of its bytes behind the written end, whole batches
// too, which a recovery would take for records.
base::Result<> PartitionLog::cut_active_to_written(Lock& lock, base::Offset end) {
  const SegmentPointer active = segments_.back();
  if (!active->is_open()) return {};
  const bool has_max_timestamp = active->drop_unwritten(end);
  const auto file = active->files().log;
  const std::uint64_t size = active->written_size();
  lock.unlock();
  auto done = file ? file->truncate(size) : base::Result<>();
  base::Result<TimestampOffset> max_timestamp;
  if (done && !has_max_timestamp) max_timestamp = active->find_max_timestamp();
  lock.lock();
  if (!done) return done;
  if (!max_timestamp) return base::fail(std::move(max_timestamp));
  if (!has_max_timestamp) active->set_max_timestamp(*max_timestamp);
  return {};
}

base::Result<> PartitionLog::rebuild_producers(Lock& lock, base::Offset end) {
  const Segments segments = segments_;
  TransactionIndexes indexes = transaction_indexes_;
  ProducerSnapshots snapshots = snapshots_;
  const base::Offset start = log_start_offset();
  const std::int64_t expiration_ms = config_.producer_id_expiration_ms;
  lock.unlock();
  ProducerState rebuilt;
  auto done = snapshots.load(rebuilt, start, end);
  rebuilt.expire(now(), expiration_ms);
  if (done) done = replay_producers(disk(), segments, indexes, rebuilt, end, end);
  lock.lock();
  if (!done) return done;
  snapshots_ = std::move(snapshots);
  producers_ = std::move(rebuilt);
  return {};
}

void PartitionLog::notify_taken_back(Lock& lock, const TakeBack& taken_back) {
  ProgressListener* const listener = listener_;
  ++notifying_;
  lock.unlock();
  listener->on_taken_back(taken_back.end, taken_back.error);
  lock.lock();
  end_notifying_locked();
}

}  // namespace odradek::log
