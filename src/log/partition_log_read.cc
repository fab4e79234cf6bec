// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "log/batch_scanner.h"
#include "log/file_names.h"
#include "log/open_files.h"
#include "log/partition_log.h"
#include "log/recovery/rebuilt_indexes.h"

namespace odradek::log {
namespace {

base::Result<std::vector<AbortedTransaction>> collect_aborted(
    const std::vector<TransactionIndex>& indexes, base::Offset from, base::Offset until) {
  std::vector<AbortedTransaction> found;
  for (const TransactionIndex& index : indexes) {
    auto is_complete = index.collect(from, until, found);
    if (!is_complete) return base::fail(std::move(is_complete));
    if (*is_complete) break;
  }
  return found;
}

}  // namespace

base::Result<ReadInfo> PartitionLog::read(base::Offset from, base::Offset until,
                                          std::uint64_t max_bytes, bool at_least_one_batch,
                                          ReadMode mode) {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  if (from < log_start_offset() || from > log_end_offset()) {
    return base::fail(
        base::ErrorCode::kOffsetOutOfRange,
        fmt::format("{}: offset {} is not in [{}, {}]", name_.to_string(), from.value(),
                    log_start_offset().value(), log_end_offset().value()));
  }
  const Wanted wanted{from, std::min(until, written_end_offset()), max_bytes, at_least_one_batch,
                      mode};
  const std::uint64_t cuts = cuts_;
  for (base::Offset at = from; from < wanted.until && cuts == cuts_;) {
    auto opened = open_segment_at(lock, at);
    if (!opened) return base::fail(std::move(opened));
    const SegmentPointer segment = *opened;
    if (segment->written_size() > 0) {
      auto info = read_segment(lock, segment, wanted);
      if (!info) return base::fail(std::move(info));
      if (*info) return **info;
    }
    // All of it lies below `from`: compaction may leave a gap at a segment's end.
    const auto next = next_base_locked(*segment);
    if (next) {
      at = *next;
      continue;
    }
    if (cuts != cuts_) break;
    return damaged(segment->path(kLogSuffix), from,
                   {.kind = recovery::DamageKind::kMissing,
                    .position = segment->written_size(),
                    .end_position = segment->written_size(),
                    .first_offset = from,
                    .end_offset = written_end_offset()});
  }
  return ReadInfo{};
}

base::Result<std::optional<ReadInfo>> PartitionLog::read_segment(Lock& lock,
                                                                 const SegmentPointer& segment,
                                                                 const Wanted& wanted) {
  if (const auto* damage = segment->known().damage_at(wanted.from)) {
    return damaged(segment->path(kLogSuffix), wanted.from, *damage);
  }
  ReadPlan plan = plan_read_locked(*segment, wanted.from, wanted.until);
  lock.unlock();
  // From here to the socket: the segment may be deleted meanwhile.
  auto held = held_open(plan.file);
  if (!held) {
    lock.lock();
    return base::fail(std::move(held));
  }
  plan.file = *std::move(held);
  auto info = read_by_headers(plan, wanted);
  const bool is_damaged = !info && info.error().code == base::ErrorCode::kCorruptMessage;
  const bool must_check = is_damaged || (info && *info && (*info)->must_wait);
  if (!must_check || wanted.mode == ReadMode::kWithoutWaiting) {
    lock.lock();
    if (plan.is_index_wrong) ask_for_rebuild_locked(*segment);
    if (!is_damaged) return info;
    return ReadInfo{.bytes = {}, .must_wait = true, .until = wanted.until};
  }
  Checked checked;
  info = read_checking(plan, wanted, checked);
  lock.lock();
  // What was cut meanwhile is not damaged, and will not be read either.
  if (plan.cuts != cuts_) return ReadInfo{};
  note_checked_locked(*segment, checked);
  if (plan.is_index_wrong || checked.is_index_wrong) ask_for_rebuild_locked(*segment);
  if (info && !*info && segment->known().damage_at(wanted.from) != nullptr) {
    return damaged(segment->path(kLogSuffix), wanted.from,
                   *segment->known().damage_at(wanted.from));
  }
  return info;
}

PartitionLog::ReadPlan PartitionLog::plan_read_locked(const Segment& segment, base::Offset from,
                                                      base::Offset until) const {
  ReadPlan plan{.file = segment.files().log, .file_end = segment.written_size()};
  const bool is_active = &segment == segments_.back().get();
  const auto batch = is_active ? positions_.find(from) : std::nullopt;
  if (batch) {
    plan.start = OffsetPosition{batch->base_offset, batch->position};
    plan.first_batch_end = batch->next_position.value_or(segment.size());
  }
  plan.start_lookup = lookup_locked(segment, from);
  plan.end = known_end_locked(segment, until);
  if (!plan.end) plan.end_lookup = lookup_locked(segment, until);
  plan.index_interval_bytes = config_.index_interval_bytes;
  plan.known = segment.known();
  if (!plan.known.are_all_checked()) plan.epochs = epochs_;
  plan.end_offset = next_base_locked(segment).value_or(log_end_offset());
  plan.cuts = cuts_;
  return plan;
}

PartitionLog::IndexLookup PartitionLog::lookup_locked(const Segment& segment, base::Offset target) {
  const OffsetIndex& index = segment.files().offset_index;
  return {segment.base_offset(), target, index.lookup_pending(target), index.file().stored()};
}

base::Result<OffsetPosition> PartitionLogParts::IndexLookup::end() const {
  if (pending) return *pending;
  return OffsetIndex::lookup_stored(stored, base_offset, target);
}

// Where `until` is in the segment, if that is known without looking at the disk.
std::optional<std::uint64_t> PartitionLog::known_end_locked(const Segment& segment,
                                                            base::Offset until) const {
  const auto next = next_base_locked(segment);
  if (next && until >= *next) return segment.size();
  if (until >= written_end_offset()) return segment.written_size();
  if (until == flushed_.offset && segment.base_offset() == flushed_.segment) {
    return flushed_.position;
  }
  return next ? std::nullopt : positions_.position_of(until);
}

base::Result<bool> PartitionLog::find_start(ReadPlan& plan, base::Offset from) {
  if (plan.start) return true;
  auto near = plan.start_lookup.end();
  if (!near) return base::fail(std::move(near));
  BatchScanner scanner(plan.file, near->position, plan.file_end);
  std::uint64_t largest = 0;
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header && scanner.next_position() != plan.file_end) {
      return base::fail(base::ErrorCode::kCorruptMessage, "less than a batch is left");
    }
    if (!*header) return false;
    const bool is_first = scanner.position() == near->position;
    if (is_first && near->position != 0 && (*header)->base_offset() > from) {
      return base::fail(base::ErrorCode::kCorruptMessage, "the index names another batch");
    }
    largest = std::max<std::uint64_t>(largest, (*header)->total_size());
    if ((*header)->last_offset() < from) continue;
    plan.is_index_wrong |= scanner.position() - near->position >
                           recovery::farthest_lookup_bytes(plan.index_interval_bytes) + 2 * largest;
    plan.start = OffsetPosition{(*header)->base_offset(), scanner.position()};
    plan.first_batch_end = scanner.next_position();
    return true;
  }
}

// The position of the first batch at or after `until`, or any beyond `enough` below it.
base::Result<std::uint64_t> PartitionLog::find_end(ReadPlan& plan, base::Offset until,
                                                   std::uint64_t enough) {
  if (plan.end) return *plan.end;
  auto near = plan.end_lookup.end();
  if (!near) return base::fail(std::move(near));
  BatchScanner scanner(plan.file, plan.start->position, plan.file_end);
  // An entry that is wrong would lead into the middle of a batch.
  if (near->position > plan.start->position && near->position < plan.file_end) {
    scanner.seek(near->position);
    auto header = scanner.next();
    const bool is_true = header && *header && (*header)->last_offset() == near->offset;
    // One that names several batches is Apache Kafka's of old.
    plan.is_index_wrong |= !header || !*header || (*header)->base_offset() > near->offset;
    scanner.seek(is_true ? near->position : plan.start->position);
  }
  while (scanner.next_position() < enough) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() >= until) return scanner.position();
  }
  return scanner.next_position();
}

base::Result<ReadInfo> PartitionLog::range_of(ReadPlan& plan, const Wanted& wanted) {
  if (plan.start->offset >= wanted.until) return ReadInfo{};
  const std::uint64_t start = plan.start->position;
  std::uint64_t bytes = wanted.max_bytes;
  if (wanted.at_least_one_batch) bytes = std::max(bytes, *plan.first_batch_end - start);
  const std::uint64_t enough = bytes < plan.file_end - start ? start + bytes : plan.file_end;
  auto end = find_end(plan, wanted.until, enough);
  if (!end) return base::fail(std::move(end));
  if (*end < start) return base::fail(base::ErrorCode::kCorruptMessage, "it ends before it starts");
  return ReadInfo{.bytes = {plan.file, start, std::min(*end - start, bytes)},
                  .first_batch_offset = plan.start->offset};
}

base::Result<std::vector<AbortedTransaction>> PartitionLog::aborted_transactions(
    base::Offset from, base::Offset until) {
  for (;;) {
    std::vector<TransactionIndex> indexes;
    std::uint64_t relocations = 0;
    {
      const std::lock_guard lock(mutex_);
      if (transaction_indexes_.empty()) return std::vector<AbortedTransaction>();
      const base::Offset first = segments_[segment_index_locked(from)]->base_offset();
      auto index = transaction_indexes_.lower_bound(first);
      for (; index != transaction_indexes_.end(); ++index) indexes.push_back(index->second);
      relocations = relocations_;
    }
    auto found = collect_aborted(indexes, from, until);
    if (found) return found;
    // Compaction may have put another file in the place of one, or be about to.
    Lock lock(mutex_);
    wait_for_replacement(lock);
    if (relocations == relocations_) return found;
  }
}

}  // namespace odradek::log
