// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "log/batch_scanner.h"
#include "log/partition_log.h"
#include "record/record_reader.h"

// Offsets by time, as ListOffsets asks for them.
namespace odradek::log {

base::Result<std::optional<TimestampAndOffset>> PartitionLog::offset_for_timestamp(
    base::Timestamp timestamp, base::Offset until) {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  until = std::min(until, written_end_offset());
  const base::Offset log_start = log_start_offset();
  // Segments may be rolled or deleted between two looks: they are found by offset again.
  for (base::Offset next{0};;) {
    const auto at = std::ranges::lower_bound(
        segments_, next, {}, [](const SegmentPointer& segment) { return segment->base_offset(); });
    if (at == segments_.end() || (*at)->base_offset() >= until) return std::nullopt;
    const SegmentPointer segment = *at;
    next = segment->base_offset() + 1;
    auto max = segment->max_timestamp(disk());
    if (!max) return base::fail(std::move(max));
    if (max->timestamp < timestamp) continue;
    auto entry = segment->time_index().lookup(timestamp);
    if (!entry) return base::fail(std::move(entry));
    auto found = find_record(lock, segment, std::max(entry->offset, log_start), timestamp, until,
                             [&](const record::Record& record) {
                               return record.timestamp >= timestamp && record.offset >= log_start;
                             });
    if (!found || *found) return found;
  }
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::offset_of_max_timestamp() {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  SegmentPointer segment;
  TimestampOffset greatest;
  for (const SegmentPointer& candidate : segments_) {
    auto max = candidate->max_timestamp(disk());
    if (!max) return base::fail(std::move(max));
    if (segment && max->timestamp <= greatest.timestamp) continue;
    segment = candidate;
    greatest = *max;
  }
  if (greatest.timestamp == base::kNoTimestamp) return std::nullopt;
  return find_record(
      lock, segment, greatest.offset, greatest.timestamp, written_end_offset(),
      [&](const record::Record& record) { return record.timestamp == greatest.timestamp; });
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::find_record(
    Lock& lock, const SegmentPointer& segment, base::Offset from, base::Timestamp timestamp_min,
    base::Offset until, const RecordMatch& matches) {
  auto start = lookup_locked(*segment, from);
  if (!start) return base::fail(std::move(start));
  const std::uint64_t end = segment->written_size();
  if (end == 0) return std::nullopt;
  auto file = segment->file(disk());
  if (!file) return base::fail(std::move(file));
  lock.unlock();
  auto found = scan_for_record({*file, start->position, end}, timestamp_min, until, matches);
  lock.lock();
  return found;
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::scan_for_record(
    BatchScanner scanner, base::Timestamp timestamp_min, base::Offset until,
    const RecordMatch& matches) {
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() >= until) return std::nullopt;
    if ((*header)->max_timestamp() < timestamp_min) continue;
    auto batch = scanner.whole();
    if (!batch) return base::fail(std::move(batch));
    auto reader = record::RecordReader::open(*batch);
    if (!reader) return base::fail(std::move(reader));
    for (;;) {
      auto record = reader->next();
      if (!record) return base::fail(std::move(record));
      if (!*record) break;
      if (!matches(**record)) continue;
      return TimestampAndOffset{(*record)->timestamp, (*record)->offset, batch->leader_epoch()};
    }
  }
}

}  // namespace odradek::log
