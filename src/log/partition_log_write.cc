// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"

// The writer's queue: appends take their place in it under the log's lock, and whoever comes first
// writes it out for all, outside of the lock (LevelDB's way).
namespace odradek::log {

namespace {

// One pwritev takes so much at once; what is larger than the second alone is written alone.
constexpr std::size_t kRunParts = 256;
constexpr std::size_t kRunBytes = 4U << 20U;
// Index entries are written in batches of so many, which stand for some 128 KiB of log.
constexpr std::uint32_t kIndexEntriesPending = 32;
// So much at once has its entries written at once: a start after a crash reads on from the last.
constexpr std::uint64_t kBytesWithIndex = 128U << 10U;
// A caller waits for its own write while writes are as fast as this; the page cache takes some
// microseconds. A slower one is the kernel holding writers back (dirty throttling, a full journal).
constexpr env::Duration kSlowWrite = std::chrono::milliseconds(5);

// As long as the segment may become, as Kafka has it, and with the space taken, which Kafka leaves
// to chance. A disk without so much room takes the segment as it grows. Returns whether it was
// done.
base::Result<bool> preallocate(env::File& file, std::uint64_t size) {
  if (auto done = file.allocate(0, size); !done) {
    if (done.error().os_error != ENOSPC) return base::fail(std::move(done));
    base::log::warn("log", "{}: no room to preallocate {} bytes; the file grows as it is written",
                    file.path(), size);
    // What was taken before the room ended.
    if (auto released = file.truncate(0); !released) return base::fail(std::move(released));
    return false;
  }
  if (auto done = file.truncate(size); !done) return base::fail(std::move(done));
  return true;
}

}  // namespace

void PartitionLog::write_out() {
  Lock lock(mutex_);
  if (failure_) return notify_failure(lock);
  if (!has_work_locked() || writer_ != Writer::kIdle) return;
  // Who waits for the role takes this along.
  if (waiting_for_writer_ > 0) return;
  if (writes_are_slow_) return hand_over_locked();
  write_queue(lock, WriteFrom::kCaller);
}

void PartitionLog::hand_over_locked() {
  ODRADEK_ASSERT(writer_ == Writer::kIdle);
  writer_ = Writer::kHandedOver;
  if (!hand_over_) {
    hand_over_ = std::make_shared<HandOver>();
    hand_over_->log = this;
  }
  directory().work_queue().submit([shared = hand_over_] {
    const std::lock_guard alive(shared->mutex);
    if (shared->log != nullptr) shared->log->take_over();
  });
}

void PartitionLog::take_over() {
  Lock lock(mutex_);
  if (writer_ == Writer::kHandedOver) write_queue(lock, WriteFrom::kPool);
}

void PartitionLog::take_writer(Lock& lock) {
  ++waiting_for_writer_;
  for (;;) {
    changed_->wait(lock, [this] { return writer_ != Writer::kWriting; });
    if (failure_ || !has_work_locked()) break;
    write_queue(lock, WriteFrom::kPool);
  }
  --waiting_for_writer_;
  writer_ = Writer::kWriting;
}

void PartitionLog::release_writer_locked() {
  ODRADEK_ASSERT(writer_ == Writer::kWriting);
  writer_ = Writer::kIdle;
  changed_->notify_all();
}

bool PartitionLog::has_work_locked() const {
  return is_taking_back_ || !queue_.empty() || (!finished_.empty() && !finishing_waits_);
}

void PartitionLog::write_queue(Lock& lock, WriteFrom from) {
  writer_ = Writer::kWriting;
  while (!failure_ && has_work_locked()) {
    if (is_taking_back_) {
      carry_out_take_back(lock);
      continue;
    }
    if (auto written = write_next(lock); !written) {
      if (directory::is_out_of_room(written.error())) {
        begin_take_back_locked(written.error());
      } else {
        fail_locked(give_up(std::move(written)).error());
        break;
      }
    }
    if (waiting_for_writer_ > 0 && from == WriteFrom::kCaller) break;
    const bool is_for_pool = is_taking_back_ || (writes_are_slow_ && !queue_.empty());
    if (is_for_pool && from == WriteFrom::kCaller) {
      release_writer_locked();
      return hand_over_locked();
    }
  }
  release_writer_locked();
  if (failure_) notify_failure(lock);
}

// A segment is finished when all of it was written, and before anything of the next one is.
base::Result<> PartitionLog::write_next(Lock& lock) {
  const bool is_finished =
      !finished_.empty() && (queue_.empty() || queue_.front().segment != finished_.front().segment);
  if (is_finished) return finish_segment(lock);
  if (auto written = write_run(lock); !written) return written;
  settle_written_locked();
  notify_progress(lock);
  return {};
}

std::vector<PartitionLog::PendingWrite> PartitionLog::take_run_locked() {
  const Segment* const segment = queue_.front().segment.get();
  std::size_t count = 0;
  std::size_t bytes = 0;
  for (const PendingWrite& write : queue_) {
    const bool fits = count < kRunParts && bytes + write.bytes.size() <= kRunBytes;
    if (write.segment.get() != segment || (count > 0 && !fits)) break;
    bytes += write.bytes.size();
    ++count;
  }
  if (count == queue_.size()) return std::exchange(queue_, {});
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<PendingWrite> run(std::make_move_iterator(queue_.begin()),
                                std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return run;
}

base::Result<> PartitionLog::write_run(Lock& lock) {
  std::vector<PendingWrite> run = take_run_locked();
  const SegmentPointer segment = run.front().segment;
  std::vector<base::ByteView> parts;
  parts.reserve(run.size());
  for (const PendingWrite& write : run) parts.push_back(write.bytes.view());
  const auto write = [&]() -> base::Result<> {
    auto file = file_to_write(lock, segment);
    if (!file) return base::fail(std::move(file));
    env::Clock& clock = directory().world().clock();

    lock.unlock();
    const env::MonotonicTime started = clock.monotonic();
    auto written = (*file)->write_at(run.front().position, parts);
    env::fail_point(env::FailPoint::kWriteDone);
    const bool was_slow = clock.monotonic() - started > kSlowWrite;
    lock.lock();

    writes_are_slow_ = was_slow;
    return written ? write_aborted(lock, segment, run) : written;
  };
  auto written = write();
  const bool is_out_of_room = !written && directory::is_out_of_room(written.error());
  if (is_out_of_room && run.front().may_use_reserve && give_up_file(lock)) written = write();
  if (!written) {
    if (!failure_) {
      queue_.insert(queue_.begin(), std::make_move_iterator(run.begin()),
                    std::make_move_iterator(run.end()));
    }
    return written;
  }
  const PendingWrite& last = run.back();
  const std::uint64_t bytes = last.position + last.bytes.size() - run.front().position;
  segment->set_written_size(last.position + last.bytes.size());
  store(written_end_offset_, last.end_offset);
  unflushed_bytes_ += bytes;
  directory().add_unflushed(bytes);
  return write_index_tail(lock, segment, bytes);
}

// Before the written end passes them: whoever reads up to a transaction's end finds it there.
base::Result<> PartitionLog::write_aborted(Lock& lock, const SegmentPointer& segment,
                                           const std::vector<PendingWrite>& run) {
  const auto has_aborted = [](const PendingWrite& write) { return !write.aborted.empty(); };
  if (std::ranges::none_of(run, has_aborted)) return {};
  const base::Offset base_offset = segment->base_offset();
  const auto found = transaction_indexes_.find(base_offset);
  std::optional<TransactionIndex> index;
  if (found != transaction_indexes_.end()) index = found->second;
  lock.unlock();
  const auto append = [&]() -> base::Result<> {
    if (!index) {
      auto opened =
          TransactionIndex::open(disk(), segment->path(kTransactionIndexSuffix), base_offset);
      if (!opened) return base::fail(std::move(opened));
      index = std::move(*opened);
    }
    for (const PendingWrite& write : run) {
      for (const AbortedTransaction& aborted : write.aborted) {
        if (auto done = index->append(aborted); !done) return done;
      }
    }
    return {};
  };
  auto done = append();
  // Nothing of a run that fails stays.
  if (!done && index) (void)index->truncate_to(written_end_offset());
  lock.lock();
  if (!done) return done;
  transaction_indexes_.insert_or_assign(base_offset, std::move(*index));
  ++names_version_;
  return {};
}

base::Result<std::shared_ptr<env::File>> PartitionLog::file_to_write(
    Lock& lock, const SegmentPointer& segment) {
  if (segment->files().log) return segment->files().log;
  const std::uint64_t size =
      config_.preallocate ? static_cast<std::uint64_t>(config_.segment_bytes) : 0;
  lock.unlock();
  auto file = create_log_file(disk(), segment->path(kLogSuffix));
  env::fail_point(env::FailPoint::kSegmentCreated);
  base::Result<bool> is_preallocated = false;
  if (file && size > 0) is_preallocated = preallocate(**file, size);
  lock.lock();
  if (!file) return file;
  if (!is_preallocated) return base::fail(std::move(is_preallocated));
  segment->set_log_file(*file, *is_preallocated);
  ++names_version_;
  return file;
}

// Entries of batches that are not written yet stay in memory: a write that finds no room takes
// their batches back.
base::Result<> PartitionLog::write_index_tail(Lock& lock, const SegmentPointer& segment,
                                              std::uint64_t written_bytes) {
  const std::uint32_t entries_enough = written_bytes >= kBytesWithIndex ? 1 : kIndexEntriesPending;
  struct Target {
    IndexFile& index;
    std::uint32_t entries;
    std::string_view suffix;
  };
  const base::Offset end = written_end_offset();
  OffsetIndex& offsets = segment->offset_index();
  TimeIndex& times = segment->time_index();
  for (const Target target :
       {Target{offsets.file(), offsets.count_pending_below(end), kOffsetIndexSuffix},
        Target{times.file(), times.count_pending_below(end), kTimeIndexSuffix}}) {
    if (target.entries < entries_enough) continue;
    IndexFile::Batch batch = target.index.take_pending(target.entries);
    lock.unlock();
    auto written = batch.write(disk(), segment->path(target.suffix));
    lock.lock();
    if (written) {
      target.index.commit(batch);
    } else if (directory::is_out_of_room(written.error())) {
      // The batches are there; their entries wait for the next time.
      (void)room().ran_out(written.error());
    } else {
      return written;
    }
  }
  return {};
}

// Stays first in line until it is done: what it lacks is room, for a moment.
base::Result<> PartitionLog::finish_segment(Lock& lock) {
  const FinishedSegment finished = finished_.front();
  const auto carry_out = [&]() -> base::Result<> {
    if (auto done = complete_segment(lock, finished.segment); !done) return done;
    if (finished.snapshot.empty()) return {};
    lock.unlock();
    auto snapshot = ProducerSnapshots::write_file(disk(), path_->value(), finished.snapshot_offset,
                                                  finished.snapshot);
    lock.lock();
    if (!snapshot) return base::fail(std::move(snapshot));
    snapshots_.add(finished.snapshot_offset);
    unflushed_snapshot_ = std::move(*snapshot);
    return {};
  };
  auto done = carry_out();
  if (!done && directory::is_out_of_room(done.error()) && give_up_file(lock)) done = carry_out();
  const bool is_first = !finished_.empty() && finished_.front().segment == finished.segment;
  if (done && is_first) finished_.erase(finished_.begin());
  return done;
}

base::Result<> PartitionLog::complete_segment(Lock& lock, const SegmentPointer& segment) {
  if (segment->is_complete()) return {};
  Segment::Completion completion = segment->begin_completion();
  lock.unlock();
  auto done = completion.carry_out(disk(), *segment);
  env::fail_point(env::FailPoint::kSegmentCompleted);
  lock.lock();
  if (!done) return done;
  segment->end_completion(completion);
  ++names_version_;
  return {};
}

}  // namespace odradek::log
