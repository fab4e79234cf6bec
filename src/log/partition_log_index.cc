// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "base/log.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/recovery/rebuilt_indexes.h"

// Indexes that are found to be wrong while the log is used: whoever finds one goes on without it,
// and it is made anew from the batches, once, on the directory's work queue.
namespace odradek::log {

void PartitionLog::ask_for_rebuild_locked(Segment& segment) {
  if (!segment.ask_for_rebuild()) return;
  if (!rebuild_) {
    rebuild_ = std::make_shared<HandOver>();
    rebuild_->log = this;
  }
  directory().work_queue().submit([shared = rebuild_, base_offset = segment.base_offset()] {
    const std::lock_guard alive(shared->mutex);
    if (shared->log != nullptr) shared->log->rebuild_indexes(base_offset);
  });
}

PartitionLog::SegmentPointer PartitionLog::segment_from_locked(base::Offset base_offset) const {
  if (!check_usable_locked() || is_cutting_) return nullptr;
  const SegmentPointer& segment = segments_[segment_index_locked(base_offset)];
  return segment->base_offset() == base_offset ? segment : nullptr;
}

// The active segment ends here: what is appended to is not made anew.
PartitionLog::SegmentPointer PartitionLog::segment_to_rebuild(Lock& lock,
                                                              base::Offset base_offset) {
  SegmentPointer segment = segment_from_locked(base_offset);
  if (!segment || room().is_full()) return nullptr;
  if (segment == segments_.back()) {
    if (segment->size() == 0 || is_taking_back_ || is_relocating_) return nullptr;
    if (!make_end_ready(lock) || is_cutting_) return nullptr;
    if (segment_from_locked(base_offset) == segments_.back()) roll_locked(log_end_offset());
    lock.unlock();
    const auto flushed = flush();
    lock.lock();
    if (!flushed) return nullptr;
    segment = segment_from_locked(base_offset);
  }
  const bool can_be = segment && segment != segments_.back() && segment->is_complete();
  return can_be ? segment : nullptr;
}

void PartitionLog::rebuild_indexes(base::Offset base_offset) {
  Lock lock(mutex_);
  changed_->wait(lock, [this] { return !is_rebuilding_; });
  is_rebuilding_ = true;
  auto done = carry_out_rebuild(lock, base_offset);
  is_rebuilding_ = false;
  changed_->notify_all();
  lock.unlock();
  if (!done) (void)give_up(std::move(done));
}

base::Result<> PartitionLog::carry_out_rebuild(Lock& lock, base::Offset base_offset) {
  const SegmentPointer segment = segment_to_rebuild(lock, base_offset);
  if (!segment) return {};
  const std::uint64_t size = segment->size();
  const std::int32_t interval_bytes = config_.index_interval_bytes;
  lock.unlock();
  auto rebuilt = recovery::RebuiltIndexes::read(disk(), *segment, size, interval_bytes);
  const bool is_wanted = rebuilt && rebuilt->are_files_wrong();
  const auto written = is_wanted ? rebuilt->write(disk(), *segment) : base::Result<>();
  lock.lock();
  // Deleted, cut, compacted or moved meanwhile: its successor is another matter.
  if (segment_from_locked(base_offset) != segment) return {};
  if (!rebuilt) {
    base::log::warn("log", "{}: the indexes of segment {} can't be made anew: {}",
                    name_.to_string(), base_offset.value(), rebuilt.error().message);
    return {};
  }
  if (!written) return written;
  note_checked_locked(*segment, {.damages = rebuilt->damages()});
  segment->note_index_ends_checked();
  return is_wanted ? put_indexes_in_place(lock, segment, *rebuilt) : base::Result<>();
}

base::Result<> PartitionLog::put_indexes_in_place(Lock& lock, const SegmentPointer& segment,
                                                  const recovery::RebuiltIndexes& rebuilt) {
  // A compaction that found no room to end still renames.
  if (replacement_ || !can_replace_locked({segment})) {
    segment->withdraw_rebuild();
    return {};
  }
  is_replacing_ = true;
  const std::int64_t delay_ms = config_.file_delete_delay_ms;
  lock.unlock();
  auto done = rename_rebuilt(*segment, delay_ms);
  lock.lock();
  if (done) {
    // Who works on the files of before goes on with them.
    const SegmentPointer fresh = segment->closed_copy();
    fresh->note_max_timestamp(rebuilt.max_timestamp().timestamp);
    segments_[segment_index_locked(segment->base_offset())] = fresh;
    ++relocations_;
    ++directory().counters().rebuilt_indexes;
    base::log::warn("log", "{}: the indexes of segment {} did not fit its batches: made anew",
                    name_.to_string(), segment->base_offset().value());
  }
  is_replacing_ = false;
  changed_->notify_all();
  return done;
}

base::Result<> PartitionLog::rename_rebuilt(const Segment& segment, std::int64_t delay_ms) const {
  for (const std::string_view suffix : recovery::RebuiltIndexes::kSuffixes) {
    const std::string path = segment.path(suffix, Segment::Marker::kNone);
    const std::string marked = path + std::string(kDeletedSuffix);
    auto renamed = disk().rename(path, marked);
    if (!renamed && renamed.error().os_error != ENOENT) return renamed;
    if (renamed) directory().remove_later(marked, std::chrono::milliseconds(delay_ms));
    renamed = disk().rename(path + std::string(kRebuiltSuffix), path);
    if (!renamed) return renamed;
  }
  return disk().sync_directory(path_->value());
}

base::Result<bool> PartitionLog::check_index_ends(Lock& lock, const SegmentPointer& segment) {
  if (segment->are_index_ends_checked()) return true;
  const Segment::Files files = segment->files();
  const std::uint64_t size = segment->written_size();
  const base::Offset base_offset = segment->base_offset();
  // Its newest entries name what is on its way to the file.
  if (!segment->is_complete() && files.offset_index.last().position >= size) return true;
  const std::int32_t interval_bytes = config_.index_interval_bytes;
  lock.unlock();
  auto is_true = recovery::are_index_ends_true(files, base_offset, size, interval_bytes);
  if (is_true && !*is_true) rebuild_indexes(base_offset);
  lock.lock();
  if (!is_true) return base::fail(std::move(is_true));
  // Once: what could not be made anew is used as it is.
  segment->note_index_ends_checked();
  return *is_true;
}

}  // namespace odradek::log
