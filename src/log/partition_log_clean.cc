// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/assert.h"
#include "env/fail_point.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/segment_files.h"

// What compaction looks at and changes. It works on files of its own; only the moment in which a
// cleaned segment takes its originals' place is the log's.
namespace odradek::log {

std::optional<cleaner::LogShape> PartitionLog::cleaning_shape() const {
  const base::Offset high_watermark = directory().high_watermark(name_);
  const std::lock_guard lock(mutex_);
  if (!check_usable_locked() || is_cutting_) return std::nullopt;
  cleaner::LogShape shape{.log_start = log_start_offset(), .end = log_end_offset()};
  shape.stable_end =
      std::min({producers_.first_unstable_offset(high_watermark).value_or(high_watermark),
                high_watermark, flushed_end_offset()});
  shape.segments.reserve(segments_.size());
  for (const SegmentPointer& segment : segments_) {
    cleaner::SegmentShape one{.base_offset = segment->base_offset(), .size = segment->size()};
    if (segment->is_open()) {
      const Segment::Files& files = segment->files();
      one.offset_index_bytes =
          std::uint64_t{files.offset_index.file().entries()} * OffsetIndex::kEntryBytes;
      one.time_index_bytes =
          std::uint64_t{files.time_index.file().entries()} * TimeIndex::kEntryBytes;
    }
    if (!segment->is_complete()) {
      shape.stable_end = std::min(shape.stable_end, segment->base_offset());
    }
    shape.segments.push_back(one);
  }
  return shape;
}

base::Result<std::optional<cleaner::Source>> PartitionLog::open_source(base::Offset base_offset) {
  SegmentPointer segment;
  std::uint64_t size = 0;
  const auto find = [&]() -> SegmentPointer {
    const SegmentPointer found = segments_[segment_index_locked(base_offset)];
    return found->base_offset() == base_offset ? found : nullptr;
  };
  {
    Lock lock(mutex_);
    // Nothing is written beside a cleaned segment that has not got its names yet: what a pass that
    // ends early removes, and a start after it, would be that segment's files.
    if (auto settled = settle_replacement(lock); !settled) return base::fail(std::move(settled));
    if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
    segment = find();
    if (!segment) return std::nullopt;
    size = segment->written_size();
  }
  auto files = segment->open_files(disk());
  const std::lock_guard lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  // Closed files are closed in a copy of the segment where it moved meanwhile.
  if (find() != segment) return std::nullopt;
  if (!files) return base::fail(std::move(files));
  return cleaner::Source{.segment = std::move(segment), .files = std::move(*files), .size = size};
}

std::shared_ptr<Segment> PartitionLog::make_cleaned_segment(base::Offset base_offset) const {
  auto segment = Segment::make_new(path_, base_offset, now(), 0);
  segment->set_marker(Segment::Marker::kCleaned);
  return segment;
}

cleaner::LastRecords PartitionLog::last_records() const {
  const std::lock_guard lock(mutex_);
  cleaner::LastRecords last;
  for (const ProducerEntry& entry : producers_.entries()) {
    const ProducerBatchSpan* const batch = entry.last_batch();
    last[entry.producer_id] = {
        .last_data_offset =
            batch == nullptr ? std::nullopt : std::optional<base::Offset>(batch->last_offset),
        .producer_epoch = entry.producer_epoch};
  }
  return last;
}

bool PartitionLog::can_replace_locked(const Originals& originals) const {
  ODRADEK_ASSERT(!originals.empty());
  if (is_cutting_ || is_replacing_ || is_relocating_) return false;
  const std::size_t first = segment_index_locked(originals.front()->base_offset());
  // The active one is never compacted.
  if (first + originals.size() >= segments_.size()) return false;
  for (std::size_t i = 0; i < originals.size(); ++i) {
    if (segments_[first + i] != originals[i] || !segments_[first + i]->is_complete()) return false;
  }
  // The flushed end lies in the active segment, or where it begins.
  return flushed_.offset >= segments_[first + originals.size()]->base_offset();
}

base::Result<> PartitionLog::rename_files(const cleaner::Cleaned& cleaned,
                                          Segment::Marker to) const {
  const Segment& segment = *cleaned.segment;
  // While anything is marked `.cleaned` the start takes all of it back; while the records are
  // marked
  // `.swap` it removes what has no marker. So the records come first: with their last marker gone,
  // only what is still marked is renamed.
  constexpr std::array kSuffixes{kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix,
                                 kTransactionIndexSuffix};
  for (const std::string_view suffix : kSuffixes) {
    if (suffix == kTransactionIndexSuffix && !cleaned.transactions) continue;
    const std::string target = segment.path(suffix, to);
    auto renamed = disk().rename(segment.path(suffix, segment.marker()), target);
    const bool was_renamed =
        !renamed && renamed.error().os_error == ENOENT && disk().exists(target);
    if (!renamed && !was_renamed) return renamed;
    if (suffix == kLogSuffix) env::fail_point(env::FailPoint::kSwapRenaming);
  }
  return disk().sync_directory(path_->value());
}

void PartitionLog::install_cleaned_locked(const Originals& originals,
                                          const cleaner::Cleaned& cleaned) {
  const std::size_t first = segment_index_locked(originals.front()->base_offset());
  const auto begin = segments_.begin() + static_cast<std::ptrdiff_t>(first);
  segments_.erase(begin + 1, begin + static_cast<std::ptrdiff_t>(originals.size()));
  segments_[first] = cleaned.segment;
  count_damage_locked();
  for (const auto& original : originals) transaction_indexes_.erase(original->base_offset());
  if (cleaned.transactions) {
    transaction_indexes_.emplace(cleaned.segment->base_offset(), *cleaned.transactions);
  }
  // A flush that starts from a segment that is gone starts from the one after it.
  if (flushed_.segment < segments_[first + 1]->base_offset() &&
      flushed_.segment >= cleaned.segment->base_offset()) {
    flushed_ = {flushed_.offset, segments_[first + 1]->base_offset(), 0};
  }
  ++relocations_;
}

// As often as it takes: what was done already is passed over.
base::Result<> PartitionLog::finish_replacement(Replacement& replacement) const {
  if (!replacement.is_alone) {
    for (const auto& original : replacement.originals) {
      auto marked = mark_segment_deleted(directory(), path_->value(), original->base_offset(),
                                         replacement.delete_delay_ms);
      if (!marked) return marked;
    }
    // No name of an original may come back beside the segment that replaced it.
    if (auto synced = disk().sync_directory(path_->value()); !synced) return synced;
    replacement.is_alone = true;
    env::fail_point(env::FailPoint::kSwapAlone);
  }
  return rename_files(replacement.cleaned, Segment::Marker::kNone);
}

// Of the segments that are no segments of their own any more, as Kafka does.
base::Result<> PartitionLog::remove_snapshots(const Originals& originals) {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 1; i < originals.size(); ++i) {
      const base::Offset offset = originals[i]->base_offset();
      if (!snapshots_.forget(offset)) continue;
      paths.push_back(path_->value() + '/' + ProducerSnapshots::file_name_of(offset));
    }
  }
  for (const std::string& path : paths) {
    auto removed = disk().remove_file(path);
    if (!removed && removed.error().os_error != ENOENT) return removed;
  }
  return {};
}

base::Result<bool> PartitionLog::replace_segments(const Originals& originals,
                                                  cleaner::Cleaned cleaned) {
  Lock lock(mutex_);
  if (auto settled = settle_replacement(lock); !settled) return base::fail(std::move(settled));
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  if (!can_replace_locked(originals)) return false;
  is_replacing_ = true;
  lock.unlock();
  auto renamed = rename_files(cleaned, Segment::Marker::kSwap);
  env::fail_point(env::FailPoint::kSwapBegun);
  lock.lock();
  if (!renamed) {
    is_replacing_ = false;
    changed_->notify_all();
    lock.unlock();
    // Nothing has begun: the originals stay.
    if (directory::is_out_of_room(renamed.error())) return base::fail(std::move(renamed));
    return give_up(std::move(renamed));
  }
  cleaned.segment->set_marker(Segment::Marker::kSwap);
  if (cleaned.transactions) {
    cleaned.transactions->set_path(cleaned.segment->path(kTransactionIndexSuffix));
  }
  install_cleaned_locked(originals, cleaned);
  replacement_ = {originals, std::move(cleaned), config_.file_delete_delay_ms};
  if (auto done = end_replacement(lock); !done) return base::fail(std::move(done));
  return true;
}

base::Result<> PartitionLog::end_replacement(Lock& lock) {
  Replacement& replacement = *replacement_;
  lock.unlock();
  auto done = room().insist([&] { return finish_replacement(replacement); });
  lock.lock();
  is_replacing_ = false;
  changed_->notify_all();
  if (!done) return give_up(std::move(done));
  const std::shared_ptr<Segment> segment = replacement.cleaned.segment;
  segment->set_marker(Segment::Marker::kNone);
  const auto index = transaction_indexes_.find(segment->base_offset());
  if (index != transaction_indexes_.end()) {
    index->second.set_path(segment->path(kTransactionIndexSuffix));
  }
  ++relocations_;
  const Originals originals = std::move(replacement.originals);
  replacement_.reset();
  lock.unlock();
  auto removed = remove_snapshots(originals);
  lock.lock();
  return removed ? removed : give_up(std::move(removed));
}

void PartitionLog::wait_for_replacement(Lock& lock) {
  changed_->wait(lock, [this] { return !is_replacing_; });
}

base::Result<> PartitionLog::settle_replacement(Lock& lock) {
  wait_for_replacement(lock);
  while (replacement_ && !failure_ && !is_closed_) {
    is_replacing_ = true;
    if (auto ended = end_replacement(lock); !ended) return ended;
    // Another one may have begun meanwhile.
    wait_for_replacement(lock);
  }
  return {};
}

}  // namespace odradek::log
