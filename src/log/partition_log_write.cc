// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "base/log.h"
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
// A caller waits for its own write while writes are as fast as this; the page cache takes some
// microseconds. A slower one is the kernel holding writers back (dirty throttling, a full journal).
constexpr env::Duration kSlowWrite = std::chrono::milliseconds(5);

}  // namespace

void PartitionLog::write_out() {
  Lock lock(mutex_);
  if (failure_) return notify_failure(lock);
  if (queue_.empty() || writer_ != Writer::kIdle) return;
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
  directory_.work_queue().submit([shared = hand_over_] {
    const std::lock_guard alive(shared->mutex);
    if (shared->log != nullptr) shared->log->take_over();
  });
}

void PartitionLog::take_over() {
  Lock lock(mutex_);
  if (writer_ == Writer::kHandedOver) write_queue(lock, WriteFrom::kPool);
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

void PartitionLog::write_queue(Lock& lock, WriteFrom from) {
  writer_ = Writer::kWriting;
  while (!queue_.empty() && !failure_) {
    if (auto written = write_run(lock, take_run_locked()); !written) {
      (void)give_up(written.error());
      fail_locked(written.error());
      break;
    }
    if (!config_.write_caching) directory_.request_flush(*this);
    notify_progress(lock);
    if (writes_are_slow_ && from == WriteFrom::kCaller && !queue_.empty()) {
      writer_ = Writer::kIdle;
      return hand_over_locked();
    }
  }
  writer_ = Writer::kIdle;
  changed_.notify_all();
  if (failure_) notify_failure(lock);
}

base::Result<> PartitionLog::write_run(Lock& lock, std::vector<PendingWrite> run) {
  const SegmentPointer segment = run.front().segment;
  auto file = open_for_writing_locked(*segment);
  if (!file) return base::fail(std::move(file));
  std::vector<base::ByteView> parts;
  parts.reserve(run.size());
  for (const PendingWrite& write : run) parts.push_back(write.bytes.view());
  env::Clock& clock = directory_.world().clock();

  lock.unlock();
  const env::MonotonicTime started = clock.monotonic();
  auto written = (*file)->write_at(run.front().position, parts);
  const bool was_slow = clock.monotonic() - started > kSlowWrite;
  lock.lock();

  if (!written) return written;
  writes_are_slow_ = was_slow;
  const PendingWrite& last = run.back();
  segment->set_written_size(last.position + last.bytes.size());
  store(written_end_offset_, last.end_offset);
  return write_index_tail(lock, segment);
}

base::Result<std::shared_ptr<env::File>> PartitionLog::open_for_writing_locked(Segment& segment) {
  const bool is_new = segment.is_new();
  auto file = segment.file(disk());
  if (!file || !is_new) return file;
  ++names_version_;
  if (config_.preallocate) {
    const auto bytes = static_cast<std::uint64_t>(config_.segment_bytes);
    if (auto done = (*file)->allocate(0, bytes); !done) return base::fail(std::move(done));
  }
  return file;
}

base::Result<> PartitionLog::write_index_tail(Lock& lock, const SegmentPointer& segment) {
  struct Target {
    IndexFile& index;
    std::string_view suffix;
  };
  for (const Target target : {Target{segment->offset_index().file(), kOffsetIndexSuffix},
                              Target{segment->time_index().file(), kTimeIndexSuffix}}) {
    if (target.index.pending_entries() < kIndexEntriesPending) continue;
    auto batch = target.index.take_pending(disk(), segment->path(target.suffix));
    if (!batch) return base::fail(std::move(batch));
    lock.unlock();
    auto written = batch->file->write_at(batch->position, batch->bytes);
    lock.lock();
    if (!written) return written;
    target.index.commit(*batch);
  }
  return {};
}

void PartitionLog::wait_for_writer(Lock& lock) {
  changed_.wait(lock, [this] { return writer_ != Writer::kWriting; });
}

void PartitionLog::drain(Lock& lock) {
  for (;;) {
    wait_for_writer(lock);
    if (queue_.empty() || failure_) return;
    write_queue(lock, WriteFrom::kPool);
  }
}

}  // namespace odradek::log
