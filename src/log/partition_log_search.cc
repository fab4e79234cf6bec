// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "log/batch_scanner.h"
#include "log/partition_log.h"
#include "log/recovery/rebuilt_indexes.h"
#include "record/record_reader.h"

// Offsets by time, as ListOffsets asks for them.
namespace odradek::log {

base::Result<PartitionLog::SegmentPointer> PartitionLog::open_timed_segment_at(
    Lock& lock, base::Offset offset) {
  for (;;) {
    auto segment = open_segment_at(lock, offset);
    if (!segment) return segment;
    auto is_true = check_index_ends(lock, *segment);
    if (!is_true) return base::fail(std::move(is_true));
    if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
    if (*is_true) return segment;
  }
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::offset_for_timestamp(
    base::Timestamp timestamp, base::Offset until) {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  until = std::min(until, written_end_offset());
  const base::Offset log_start = log_start_offset();
  // Segments may come and go while one is looked into: the next is found by its offset.
  std::optional<base::Offset> next = segments_.front()->base_offset();
  while (next && *next < until) {
    auto opened = open_timed_segment_at(lock, *next);
    if (!opened) return base::fail(std::move(opened));
    const SegmentPointer segment = *opened;
    next = next_base_locked(*segment);
    if (segment->files().max_timestamp.timestamp < timestamp) continue;
    auto entry = look_up_time(lock, segment, timestamp);
    if (!entry) return base::fail(std::move(entry));
    auto found = find_record(lock, segment, std::max(entry->offset, log_start), timestamp, until,
                             [&](const record::Record& record) {
                               return record.timestamp >= timestamp && record.offset >= log_start;
                             });
    if (!found || *found) return found;
  }
  return std::nullopt;
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::offset_of_max_timestamp() {
  Lock lock(mutex_);
  if (auto usable = check_usable_locked(); !usable) return base::fail(std::move(usable));
  SegmentPointer greatest;
  std::optional<base::Offset> next = segments_.front()->base_offset();
  while (next) {
    auto opened = open_timed_segment_at(lock, *next);
    if (!opened) return base::fail(std::move(opened));
    const SegmentPointer segment = *opened;
    next = next_base_locked(*segment);
    if (greatest &&
        segment->files().max_timestamp.timestamp <= greatest->files().max_timestamp.timestamp) {
      continue;
    }
    greatest = segment;
  }
  const TimestampOffset max = greatest->files().max_timestamp;
  if (max.timestamp == base::kNoTimestamp) return std::nullopt;
  return find_record(
      lock, greatest, max.offset, max.timestamp, written_end_offset(),
      [&](const record::Record& record) { return record.timestamp == max.timestamp; });
}

base::Result<TimestampOffset> PartitionLog::look_up_time(Lock& lock, const SegmentPointer& segment,
                                                         base::Timestamp timestamp) {
  if (const auto pending = segment->files().time_index.lookup_pending(timestamp)) return *pending;
  const Segment::Files files = segment->files();
  const std::uint64_t size = segment->written_size();
  lock.unlock();
  bool is_true = true;
  auto entry =
      TimeIndex::lookup_stored(files.time_index.file().stored(), segment->base_offset(), timestamp);
  if (entry) {
    auto checked = recovery::is_time_entry_true(files, segment->base_offset(), size, *entry);
    if (!checked) entry = base::fail(std::move(checked));
    is_true = !checked || *checked;
  }
  lock.lock();
  if (is_true) return entry;
  ask_for_rebuild_locked(*segment);
  return TimestampOffset{base::kNoTimestamp, segment->base_offset()};
}

base::Result<std::optional<TimestampAndOffset>> PartitionLog::find_record(
    Lock& lock, const SegmentPointer& segment, base::Offset from, base::Timestamp timestamp_min,
    base::Offset until, const RecordMatch& matches) {
  if (segment->written_size() == 0) return std::nullopt;
  const ReadPlan plan = plan_read_locked(*segment, from, until);
  lock.unlock();
  bool is_index_wrong = false;
  base::Result<std::optional<TimestampAndOffset>> found;
  if (auto start = place_to_check_from(plan, from, is_index_wrong)) {
    found =
        scan_for_record({plan.file, start->position, plan.file_end}, timestamp_min, until, matches);
  } else {
    found = base::fail(std::move(start));
  }
  lock.lock();
  if (is_index_wrong) ask_for_rebuild_locked(*segment);
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
    if (!batch->crc_matches()) {
      return base::fail(base::ErrorCode::kCorruptMessage,
                        "the checksum of the batch at offset " +
                            std::to_string(batch->base_offset().value()) + " is wrong");
    }
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
