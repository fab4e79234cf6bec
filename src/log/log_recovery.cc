// SPDX-License-Identifier: Apache-2.0
#include "log/log_recovery.h"

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "log/batch_scanner.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/segment_files.h"

namespace odradek::log {

namespace {

// Drops index entries that a power cut may have spoilt and all that stand for bytes beyond the
// recovery point, so that both indexes end at the same batch. Returns its position.
base::Result<std::uint64_t> trusted_position(Segment& segment, base::Offset recovery_point) {
  OffsetIndex& offsets = segment.offset_index();
  TimeIndex& times = segment.time_index();
  auto sane_offsets = offsets.count_sane(segment.size());
  if (!sane_offsets) return base::fail(std::move(sane_offsets));
  if (auto cut = offsets.file().truncate_to(*sane_offsets); !cut) return base::fail(std::move(cut));
  if (auto cut = offsets.truncate_to(recovery_point); !cut) return base::fail(std::move(cut));
  auto sane_times = times.count_sane(recovery_point - 1);
  if (!sane_times) return base::fail(std::move(sane_times));
  if (auto cut = times.file().truncate_to(*sane_times); !cut) return base::fail(std::move(cut));
  const TimestampOffset time = times.last();
  // The greatest timestamp up to an offset entry is known where a time entry stands beside it.
  const base::Offset end =
      time.timestamp == base::kNoTimestamp ? segment.base_offset() : time.offset + 1;
  if (auto cut = offsets.truncate_to(end); !cut) return base::fail(std::move(cut));
  return offsets.last().position;
}

base::Result<> forget_indexes(Segment& segment) {
  if (auto cut = segment.offset_index().file().truncate_to(0); !cut) return cut;
  return segment.time_index().file().truncate_to(0);
}

// Before they are opened, for that reads them.
base::Result<> forget_cached_indexes(env::Disk& disk, const Segment& segment) {
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    auto file = disk.open(segment.path(suffix), env::OpenMode::kRead);
    if (file) (*file)->drop_from_cache(0);
    if (!file && file.error().os_error != ENOENT) return base::fail(std::move(file));
  }
  return {};
}

// Whether the batch that the last index entry names is there.
base::Result<bool> entry_is_true(Segment& segment) {
  const OffsetPosition entry = segment.offset_index().last();
  if (entry.position == 0) return true;
  BatchScanner scanner(segment.files().log, entry.position, segment.size(),
                       record::kBatchHeaderSize);
  auto header = scanner.next();
  if (!header) {
    if (header.error().code == base::ErrorCode::kCorruptMessage) return false;
    return base::fail(std::move(header));
  }
  return *header && (*header)->last_offset() == entry.offset;
}

// Whether the batch can follow a log that ends at `expected`.
bool can_follow(const record::BatchHeader& header, const Segment& segment, base::Offset expected) {
  return header.base_offset() >= expected && header.last_offset_delta() >= 0 &&
         segment.can_index(header.last_offset());
}

base::Result<bool> is_whole(BatchScanner& scanner) {
  auto batch = scanner.whole();
  if (batch) return batch->crc_matches();
  if (batch.error().code == base::ErrorCode::kCorruptMessage) return false;
  return base::fail(std::move(batch));
}

}  // namespace

base::Result<RecoveredSegment> recover_segment(env::Disk& disk, Segment& segment,
                                               base::Offset recovery_point,
                                               std::int32_t index_interval_bytes,
                                               LeaderEpochCache& epochs, bool& epochs_changed) {
  if (!segment.is_open()) {
    if (auto done = forget_cached_indexes(disk, segment); !done) return base::fail(std::move(done));
    auto files = segment.open_files(disk);
    if (!files) return base::fail(std::move(files));
    segment.install(std::move(*files));
  }
  const std::shared_ptr<env::File> file = segment.files().log;
  auto start = trusted_position(segment, recovery_point);
  if (!start) return base::fail(std::move(start));
  auto is_true = entry_is_true(segment);
  if (!is_true) return base::fail(std::move(is_true));
  if (!*is_true) {
    if (auto done = forget_indexes(segment); !done) return base::fail(std::move(done));
    *start = 0;
  }
  file->drop_from_cache(*start);
  segment.begin_recovery();

  RecoveredSegment recovered{.end_offset = segment.base_offset()};
  BatchScanner scanner(file, *start, segment.size(), BatchScanner::kReplayChunkBytes);
  std::uint64_t valid_bytes = *start;
  for (;;) {
    auto header = scanner.next();
    if (!header && header.error().code != base::ErrorCode::kCorruptMessage) {
      return base::fail(std::move(header));
    }
    if (!header || !*header || !can_follow(**header, segment, recovered.end_offset)) break;
    const base::Offset end = (*header)->next_offset();
    if (end > recovery_point) {
      auto whole = is_whole(scanner);
      if (!whole) return base::fail(std::move(whole));
      if (!*whole) break;
    }
    // whole() may have moved what the header views.
    auto batch = scanner.current();
    if (!batch) return base::fail(std::move(batch));
    segment.index_batch(*batch, scanner.position(), index_interval_bytes);
    const auto latest = epochs.latest();
    if (batch->leader_epoch().value() >= 0 && (!latest || batch->leader_epoch() > latest->epoch)) {
      epochs_changed |= epochs.assign(batch->leader_epoch(), batch->base_offset());
    }
    recovered.end_offset = end;
    valid_bytes = scanner.next_position();
  }
  recovered.cut_bytes = segment.size() - valid_bytes;
  if (recovered.cut_bytes > 0) {
    if (auto cut = file->truncate(valid_bytes); !cut) return base::fail(std::move(cut));
  }
  segment.end_recovery(valid_bytes);
  Segment::Completion completion = segment.begin_completion();
  if (auto done = completion.carry_out(disk, segment); !done) return base::fail(std::move(done));
  segment.end_completion(completion);
  return recovered;
}

namespace {

base::Result<> flush_segment(const Segment& segment) {
  const Segment::Files& files = segment.files();
  for (const auto& file : {files.log, files.offset_index.file().stored().file,
                           files.time_index.file().stored().file}) {
    if (auto flushed = file->flush(); !flushed) return flushed;
  }
  return {};
}

void report_cut(const Log::OpenOptions& options, base::Offset end, std::uint64_t bytes) {
  if (bytes == 0) return;
  if (end < options.recovery_point) {
    base::log::error("log",
                     "{}: damaged at offset {}, below {} up to which it was flushed: {} bytes from "
                     "there on can't be read and are cut",
                     options.name.to_string(), end.value(), options.recovery_point.value(), bytes);
    return;
  }
  base::log::warn("log", "{}: the unclean stop tore what follows offset {}: {} bytes are cut",
                  options.name.to_string(), end.value() - 1, bytes);
}

// Removes the segments from the place `first` on; returns their bytes.
base::Result<std::uint64_t> remove_segments(directory::LogDirectory& directory,
                                            const Log::OpenOptions& options, LoadedLog& log,
                                            std::size_t first) {
  std::uint64_t bytes = 0;
  for (std::size_t i = first; i < log.segments.size(); ++i) {
    bytes += log.segments[i]->size();
    auto done = mark_segment_deleted(directory, log.path->value(), log.segments[i]->base_offset(),
                                     options.config.file_delete_delay_ms);
    if (!done) return base::fail(std::move(done));
  }
  log.segments.resize(first);
  return bytes;
}

// Whether the segment after one that ends at `end` is what came after it. Where it begins later,
// records are missing: compaction removed them (a replica of a compacted topic has such gaps
// anywhere), or, in what was not flushed, the power cut took them.
bool continues(const Segment& next, base::Offset end, const Log::OpenOptions& options) {
  if (next.base_offset() == end) return true;
  if (next.base_offset() < end) return false;
  return options.config.cleanup_compact || next.base_offset() <= options.recovery_point;
}

}  // namespace

base::Result<> recover_segments(directory::LogDirectory& directory, const Log::OpenOptions& options,
                                LoadedLog& log) {
  env::Disk& disk = directory.world().disk();
  // A segment that ends at the recovery point may have been finished after the last flush: then its
  // indexes are not durable.
  std::size_t first = 0;
  while (first + 1 < log.segments.size() &&
         log.segments[first + 1]->base_offset() < options.recovery_point) {
    ++first;
  }
  for (std::size_t i = first; i < log.segments.size(); ++i) {
    Segment& segment = *log.segments[i];
    log.end_offset = segment.base_offset();
    if (segment.is_open()) continue;  // made anew: there was none
    auto recovered =
        recover_segment(disk, segment, std::max(options.recovery_point, segment.base_offset()),
                        options.config.index_interval_bytes, log.epochs, log.epochs_changed);
    if (!recovered) return base::fail(std::move(recovered));
    if (!options.is_synced_by_caller) {
      if (auto flushed = flush_segment(segment); !flushed) return flushed;
    }
    segment.close();
    log.end_offset = recovered->end_offset;
    // The disk may have kept a later segment and lost this one's tail, at the end of a batch.
    const bool is_last = i + 1 == log.segments.size();
    const bool is_followed = is_last || continues(*log.segments[i + 1], log.end_offset, options);
    if (recovered->cut_bytes == 0 && is_followed) continue;
    auto later_bytes = remove_segments(directory, options, log, i + 1);
    if (!later_bytes) return base::fail(std::move(later_bytes));
    report_cut(options, log.end_offset, recovered->cut_bytes + *later_bytes);
  }
  return {};
}

}  // namespace odradek::log
