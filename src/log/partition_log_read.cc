// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "log/batch_scanner.h"
#include "log/partition_log.h"

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
                                          std::uint64_t max_bytes, bool at_least_one_batch) {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  if (from < log_start_offset() || from > log_end_offset()) {
    return base::fail(
        base::ErrorCode::kOffsetOutOfRange,
        fmt::format("{}: offset {} is not in [{}, {}]", name_.to_string(), from.value(),
                    log_start_offset().value(), log_end_offset().value()));
  }
  until = std::min(until, written_end_offset());
  for (base::Offset at = from; from < until;) {
    const SegmentPointer segment = segments_[segment_index_locked(at)];
    if (auto opened = open_segment(lock, segment); !opened) return base::fail(std::move(opened));
    if (segment->written_size() > 0) {
      ReadPlan plan = plan_read_locked(*segment, from, until);
      lock.unlock();
      auto found = find_start(plan, from);
      if (!found) return base::fail(std::move(found));
      if (*found) return range_of(plan, until, max_bytes, at_least_one_batch);
      lock.lock();
    }
    // All of it lies below `from`: compaction may leave a gap at a segment's end.
    const auto next = next_base_locked(*segment);
    if (!next) break;
    at = *next;
  }
  return ReadInfo{};
}

PartitionLog::ReadPlan PartitionLog::plan_read_locked(const Segment& segment, base::Offset from,
                                                      base::Offset until) const {
  ReadPlan plan{.file = segment.files().log, .file_end = segment.written_size()};
  const bool is_active = &segment == segments_.back().get();
  const auto batch = is_active ? positions_.find(from) : std::nullopt;
  if (batch) {
    plan.start = OffsetPosition{batch->base_offset, batch->position};
    plan.first_batch_end = batch->next_position.value_or(segment.size());
  } else {
    plan.start_lookup = lookup_locked(segment, from);
  }
  plan.end = known_end_locked(segment, until);
  if (!plan.end) plan.end_lookup = lookup_locked(segment, until);
  return plan;
}

PartitionLog::IndexLookup PartitionLog::lookup_locked(const Segment& segment, base::Offset target) {
  const OffsetIndex& index = segment.files().offset_index;
  return {segment.base_offset(), target, index.lookup_pending(target), index.file().stored()};
}

base::Result<OffsetPosition> PartitionLog::IndexLookup::end() const {
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
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header) return false;
    if ((*header)->last_offset() < from) continue;
    plan.start = OffsetPosition{(*header)->base_offset(), scanner.position()};
    plan.first_batch_end = scanner.next_position();
    return true;
  }
}

// The position of the first batch at or after `until`, or any beyond `enough` below it.
base::Result<std::uint64_t> PartitionLog::find_end(const ReadPlan& plan, base::Offset until,
                                                   std::uint64_t enough) {
  if (plan.end) return *plan.end;
  auto near = plan.end_lookup.end();
  if (!near) return base::fail(std::move(near));
  BatchScanner scanner(plan.file, std::max(near->position, plan.start->position), plan.file_end);
  while (scanner.next_position() < enough) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() >= until) return scanner.position();
  }
  return scanner.next_position();
}

base::Result<ReadInfo> PartitionLog::range_of(const ReadPlan& plan, base::Offset until,
                                              std::uint64_t max_bytes, bool at_least_one_batch) {
  if (plan.start->offset >= until) return ReadInfo{};
  const std::uint64_t start = plan.start->position;
  std::uint64_t wanted = max_bytes;
  if (at_least_one_batch) wanted = std::max(wanted, *plan.first_batch_end - start);
  const std::uint64_t enough = wanted < plan.file_end - start ? start + wanted : plan.file_end;
  auto end = find_end(plan, until, enough);
  if (!end) return base::fail(std::move(end));
  ODRADEK_ASSERT(*end >= start);
  return ReadInfo{.bytes = {plan.file, start, std::min(*end - start, wanted)},
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
    const std::lock_guard lock(mutex_);
    if (relocations == relocations_) return found;
  }
}

}  // namespace odradek::log
