// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "base/assert.h"
#include "log/batch_scanner.h"
#include "log/file_names.h"
#include "log/partition_log.h"

namespace odradek::log {

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
  for (std::size_t i = segment_index_locked(from); from < until && i < segments_.size(); ++i) {
    auto plan = plan_read_locked(i, from, until);
    if (!plan) return base::fail(std::move(plan));
    if (!plan->file) continue;
    lock.unlock();
    auto found = find_start(*plan, from, at_least_one_batch);
    if (!found) return base::fail(std::move(found));
    if (*found) return range_of(*plan, until, max_bytes, at_least_one_batch);
    lock.lock();  // all of it lies below `from`: compaction may leave a gap there
  }
  return ReadInfo{};
}

base::Result<PartitionLog::ReadPlan> PartitionLog::plan_read_locked(std::size_t segment_index,
                                                                    base::Offset from,
                                                                    base::Offset until) {
  Segment& segment = *segments_[segment_index];
  ReadPlan plan{.file_end = segment.written_size()};
  if (plan.file_end == 0) return plan;
  auto file = segment.file(disk());
  if (!file) return base::fail(std::move(file));
  plan.file = std::move(*file);
  plan.end = known_end_locked(segment_index, until);
  const bool is_active = segment_index + 1 == segments_.size();
  if (const auto batch = positions_.find(from); is_active && batch) {
    plan.start = {batch->base_offset, batch->position};
    plan.start_is_exact = true;
    plan.first_batch_end = batch->next_position.value_or(segment.size());
    return plan;
  }
  if (from <= segment.base_offset()) {
    plan.start = {segment.base_offset(), 0};
  } else {
    auto start = lookup_locked(segment, from);
    if (!start) return base::fail(std::move(start));
    plan.start = *start;
  }
  if (!plan.end) {
    auto end = lookup_locked(segment, until);
    if (!end) return base::fail(std::move(end));
    plan.end_search_from = end->position;
  }
  return plan;
}

base::Result<OffsetPosition> PartitionLog::lookup_locked(Segment& segment, base::Offset target) {
  if (auto loaded = segment.load_indexes(disk()); !loaded) return base::fail(std::move(loaded));
  return segment.offset_index().lookup(target);
}

// Where `until` is in the segment, if that is known without looking at the disk.
std::optional<std::uint64_t> PartitionLog::known_end_locked(std::size_t segment_index,
                                                            base::Offset until) const {
  const Segment& segment = *segments_[segment_index];
  const bool is_active = segment_index + 1 == segments_.size();
  if (!is_active && until >= segments_[segment_index + 1]->base_offset()) return segment.size();
  if (until >= written_end_offset()) return segment.written_size();
  if (until == flushed_.offset && segment.base_offset() == flushed_.segment) {
    return flushed_.position;
  }
  return is_active ? positions_.position_of(until) : std::nullopt;
}

base::Result<bool> PartitionLog::find_start(ReadPlan& plan, base::Offset from, bool needs_end) {
  if (plan.start_is_exact) return true;
  BatchScanner scanner(plan.file, plan.start.position, plan.file_end);
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header) return false;
    if ((*header)->last_offset() < from) continue;
    plan.start = {(*header)->base_offset(), scanner.position()};
    plan.start_is_exact = true;
    if (needs_end) plan.first_batch_end = scanner.next_position();
    return true;
  }
}

// The position of the first batch at or after `until`, or any beyond `enough` below it.
base::Result<std::uint64_t> PartitionLog::find_end(const ReadPlan& plan, base::Offset until,
                                                   std::uint64_t enough) {
  if (plan.end) return *plan.end;
  BatchScanner scanner(plan.file, std::max(plan.end_search_from, plan.start.position),
                       plan.file_end);
  while (scanner.next_position() < enough) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() >= until) return scanner.position();
  }
  return scanner.next_position();
}

base::Result<ReadInfo> PartitionLog::range_of(const ReadPlan& plan, base::Offset until,
                                              std::uint64_t max_bytes, bool at_least_one_batch) {
  if (plan.start.offset >= until) return ReadInfo{};
  const std::uint64_t start = plan.start.position;
  std::uint64_t wanted = max_bytes;
  if (at_least_one_batch) wanted = std::max(wanted, *plan.first_batch_end - start);
  const std::uint64_t enough = wanted < plan.file_end - start ? start + wanted : plan.file_end;
  auto end = find_end(plan, until, enough);
  if (!end) return base::fail(std::move(end));
  ODRADEK_ASSERT(*end >= start);
  return ReadInfo{.bytes = {plan.file, start, std::min(*end - start, wanted)},
                  .first_batch_offset = plan.start.offset};
}

base::Result<std::vector<AbortedTransaction>> PartitionLog::aborted_transactions(
    base::Offset from, base::Offset until) {
  const std::lock_guard lock(mutex_);
  std::vector<AbortedTransaction> found;
  if (transaction_indexes_.empty()) return found;
  const base::Offset first = segments_[segment_index_locked(from)]->base_offset();
  for (auto index = transaction_indexes_.lower_bound(first); index != transaction_indexes_.end();
       ++index) {
    auto is_complete = index->second.collect(from, until, found);
    if (!is_complete) return base::fail(std::move(is_complete));
    if (*is_complete) break;
  }
  return found;
}

}  // namespace odradek::log
