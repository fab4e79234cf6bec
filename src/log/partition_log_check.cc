// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/partition_log.h"
#include "log/recovery/batch_walker.h"

// What is read is checked once by each process that did not write it: every byte, checksums
// included. Until then a read trusts neither headers nor index entries further than it can see.
namespace odradek::log {

std::unexpected<base::Error> PartitionLog::damaged(const std::string& file, base::Offset offset,
                                                   const recovery::Damage& damage) const {
  return base::fail(base::ErrorCode::kCorruptMessage,
                    fmt::format("{}: offset {} can't be read: {}", name_.to_string(),
                                offset.value(), recovery::describe(damage, file)));
}

// must_wait where the bytes it names were not checked.
base::Result<std::optional<ReadInfo>> PartitionLog::read_by_headers(ReadPlan& plan,
                                                                    const Wanted& wanted) {
  auto found = find_start(plan, wanted.from);
  if (!found) return base::fail(std::move(found));
  if (!*found) return std::nullopt;
  auto info = range_of(plan, wanted);
  if (!info) return base::fail(std::move(info));
  const std::uint64_t from = plan.start->position;
  info->must_wait =
      !plan.known.is_checked(from, std::max(from + info->bytes.length, *plan.first_batch_end));
  info->until = wanted.until;
  return *info;
}

// The place of the nearest batch before `from` that an index entry names, and that is whole; the
// segment's beginning where there is none.
base::Result<OffsetPosition> PartitionLog::place_to_check_from(const ReadPlan& plan,
                                                               base::Offset from,
                                                               bool& is_index_wrong) {
  const OffsetPosition beginning{plan.start_lookup.base_offset, 0};
  IndexLookup lookup = plan.start_lookup;
  lookup.target = from;
  for (base::Offset target = from; target > beginning.offset;) {
    auto entry = lookup.end();
    if (!entry) return base::fail(std::move(entry));
    if (entry->position == 0) return beginning;
    recovery::BatchWalker walker({.file = plan.file,
                                  .position = entry->position,
                                  .end_position = plan.file_end,
                                  .first_offset = beginning.offset,
                                  .end_offset = plan.end_offset});
    auto header = walker.next_batch();
    if (header && *header && (*header)->base_offset() <= from &&
        (*header)->base_offset() <= entry->offset) {
      return OffsetPosition{(*header)->base_offset(), entry->position};
    }
    if (!header && header.error().code != base::ErrorCode::kCorruptMessage) {
      return base::fail(std::move(header));
    }
    is_index_wrong = true;
    // Halfway to the beginning: what is wrong may be a long stretch.
    target = beginning.offset + (std::min(entry->offset, target) - beginning.offset) / 2;
    lookup.target = target;
    lookup.pending.reset();
  }
  return beginning;
}

base::Result<std::optional<ReadInfo>> PartitionLog::read_checking(const ReadPlan& plan,
                                                                  const Wanted& wanted,
                                                                  Checked& checked) {
  auto place = place_to_check_from(plan, wanted.from, checked.is_index_wrong);
  if (!place) return base::fail(std::move(place));
  recovery::BatchWalker walker({.file = plan.file,
                                .position = place->position,
                                .end_position = plan.file_end,
                                .first_offset = place->offset,
                                .end_offset = plan.end_offset,
                                .epochs = &plan.epochs},
                               BatchScanner::kReplayChunkBytes);
  checked.from = checked.to = place->position;
  std::optional<ReadInfo> info;
  std::uint64_t enough = 0;
  while (!info || checked.to < info->bytes.position + enough) {
    auto step = walker.next();
    if (!step) return base::fail(std::move(step));
    if (!*step) break;
    if (const auto* damage = std::get_if<recovery::Damage>(&**step)) {
      checked.damages.push_back(*damage);
      if (info || damage->holds(wanted.from)) break;
      checked.from = checked.to = walker.next_position();
      continue;
    }
    const auto& header = std::get<record::BatchHeader>(**step);
    if (header.base_offset() >= wanted.until) break;
    checked.to = walker.next_position();
    if (header.last_offset() < wanted.from) continue;
    if (!info) {
      info = ReadInfo{.bytes = {plan.file, walker.position(), 0},
                      .first_batch_offset = header.base_offset(),
                      .until = wanted.until};
      enough = wanted.at_least_one_batch
                   ? std::max<std::uint64_t>(header.total_size(), wanted.max_bytes)
                   : wanted.max_bytes;
    }
    info->bytes.length = std::min(checked.to - info->bytes.position, enough);
  }
  return info;
}

void PartitionLog::note_checked_locked(Segment& segment, const Checked& checked) {
  segment.known().add_checked(checked.from, checked.to);
  bool is_news = false;
  for (const recovery::Damage& damage : checked.damages) {
    if (!segment.known().add_damage(damage)) continue;
    is_news = true;
    base::log::error("log", "{}: {}; `odradek log check` shows all that is damaged",
                     name_.to_string(), recovery::describe(damage, segment.path(kLogSuffix)));
  }
  has_damage_ |= !checked.damages.empty();
  count_damage_locked();
  if (is_news && listener_ != nullptr) listener_->on_damage();
}

std::optional<base::Offset> PartitionLog::first_damaged_offset() const {
  const std::lock_guard lock(mutex_);
  if (!has_damage_) return std::nullopt;
  for (const SegmentPointer& segment : segments_) {
    if (const auto first = segment->known().first_damage_beyond(log_start_offset())) return first;
  }
  return std::nullopt;
}

// Where none was ever found there is nothing to count.
void PartitionLog::count_damage_locked() {
  if (!has_damage_) return;
  std::size_t ranges = 0;
  for (const SegmentPointer& segment : segments_) ranges += segment->known().damages();
  tell_damage_locked(is_closed_ ? 0 : ranges);
}

void PartitionLog::tell_damage_locked(std::size_t ranges) {
  directory::LogCounters& counters = directory().counters();
  counters.damaged_ranges +=
      static_cast<std::int64_t>(ranges) - static_cast<std::int64_t>(damaged_ranges_);
  counters.damaged_partitions += (ranges > 0 ? 1 : 0) - (damaged_ranges_ > 0 ? 1 : 0);
  damaged_ranges_ = ranges;
}

namespace {

// Where the batches end that follow each other from an index entry, or from the beginning, on.
base::Result<OffsetPosition> end_of_batches(const std::shared_ptr<env::File>& file,
                                            OffsetPosition last, base::Offset base_offset,
                                            std::uint64_t size, base::Offset end) {
  for (const std::uint64_t start : {last.position < size ? last.position : 0, std::uint64_t{0}}) {
    recovery::BatchWalker walker({.file = file,
                                  .position = start,
                                  .end_position = size,
                                  .first_offset = base_offset,
                                  .end_offset = end,
                                  .whole_from = end - 1});
    auto header = walker.next_batch();
    while (header && *header) header = walker.next_batch();
    if (!header && header.error().code != base::ErrorCode::kCorruptMessage) {
      return base::fail(std::move(header));
    }
    // What an index entry names may be no batch.
    if (header || walker.position() != start || start == 0) {
      return OffsetPosition{walker.next_offset(), walker.next_position()};
    }
  }
  return OffsetPosition{base_offset, 0};
}

}  // namespace

base::Result<> PartitionLog::check_end(Lock& lock) {
  const SegmentPointer segment = segments_.back();
  const base::Offset log_end = log_end_offset();
  const std::shared_ptr<env::File> file = segment->files().log;
  const OffsetPosition last = segment->files().offset_index.last();
  const std::uint64_t size = segment->written_size();
  const std::uint64_t relocations = relocations_;
  lock.unlock();
  auto end = end_of_batches(file, last, segment->base_offset(), size, log_end);
  lock.lock();
  if (auto usable = check_usable_locked(); !usable) return usable;
  if (is_end_checked_ || relocations != relocations_) return {};
  if (!end) return base::fail(std::move(end));
  is_end_checked_ = true;
  if (size == 0 || (end->offset == log_end && end->position == size)) return {};
  const bool are_bytes_there = end->position < size;
  Checked checked;
  // Of a compacted log records may go at a segment's end.
  if (are_bytes_there || !config_.cleanup_compact) {
    checked.damages.push_back(
        {.kind = are_bytes_there ? recovery::DamageKind::kNoBatch : recovery::DamageKind::kMissing,
         .position = end->position,
         .end_position = size,
         .first_offset = end->offset,
         .end_offset = log_end});
  }
  note_checked_locked(*segment, checked);
  roll_locked(log_end);
  return {};
}

}  // namespace odradek::log
