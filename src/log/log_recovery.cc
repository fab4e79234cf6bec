// SPDX-License-Identifier: Apache-2.0
#include "log/log_recovery.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/log.h"
#include "env/fail_point.h"
#include "log/batch_scanner.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/open_files.h"
#include "log/recovery/batch_walker.h"
#include "log/segment_files.h"

namespace odradek::log {

namespace {

// So much of a segment's end is read again by every start that follows, for want of index entries.
constexpr std::uint64_t kReadWithoutIndexBytes = std::uint64_t{256} << 10U;

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

// Batches from an index entry on, what lies between them, and the bytes that stay.
class SegmentReading {
 public:
  SegmentReading(Segment& segment, const RecoveryBounds& bounds, std::uint64_t start)
      : segment_(segment),
        bounds_(bounds),
        walker_({.file = segment.files().log,
                 .position = start,
                 .end_position = segment.size(),
                 .first_offset = segment.base_offset(),
                 .end_offset = bounds.end_offset,
                 .whole_from = bounds.recovery_point},
                BatchScanner::kReplayChunkBytes),
        valid_bytes_(start) {
    recovered_.end_offset = segment.base_offset();
  }

  base::Result<> read(LeaderEpochCache& epochs, bool& epochs_changed);

  RecoveredSegment take() { return std::move(recovered_); }
  std::uint64_t valid_bytes() const { return valid_bytes_; }

 private:
  void take_batch(const record::BatchHeader& header, LeaderEpochCache& epochs,
                  bool& epochs_changed);
  // False: nothing of what follows stays.
  base::Result<bool> pass_over_damage();
  void end_at_recovery_point();

  Segment& segment_;
  const RecoveryBounds bounds_;
  recovery::BatchWalker walker_;
  RecoveredSegment recovered_;
  std::uint64_t valid_bytes_;
};

base::Result<> SegmentReading::read(LeaderEpochCache& epochs, bool& epochs_changed) {
  for (;;) {
    auto header = walker_.next_batch();
    if (header && !*header) break;
    if (header) {
      take_batch(**header, epochs, epochs_changed);
      continue;
    }
    if (header.error().code != base::ErrorCode::kCorruptMessage) {
      return base::fail(std::move(header));
    }
    const bool is_safe_to_cut = recovered_.end_offset >= bounds_.recovery_point;
    // Nobody was told that what follows is safe.
    if (is_safe_to_cut && !bounds_.is_recovery_point_lost) return {};
    auto goes_on = pass_over_damage();
    if (!goes_on) return base::fail(std::move(goes_on));
    if (!*goes_on) return {};
  }
  end_at_recovery_point();
  return {};
}

void SegmentReading::take_batch(const record::BatchHeader& header, LeaderEpochCache& epochs,
                                bool& epochs_changed) {
  segment_.index_batch(header, walker_.position(), bounds_.index_interval_bytes);
  const auto latest = epochs.latest();
  if (header.leader_epoch().value() >= 0 && (!latest || header.leader_epoch() > latest->epoch)) {
    epochs_changed |= epochs.assign(header.leader_epoch(), header.base_offset());
  }
  if (!recovered_.first_offset) recovered_.first_offset = header.base_offset();
  if (header.has_producer_id()) recovered_.producers_end = header.next_offset();
  recovered_.end_offset = header.next_offset();
  valid_bytes_ = walker_.next_position();
}

base::Result<bool> SegmentReading::pass_over_damage() {
  auto step = walker_.next();
  if (!step) return base::fail(std::move(step));
  recovery::Damage damage = std::get<recovery::Damage>(step->value());
  const bool is_at_end = damage.end_position == segment_.size();
  if (bounds_.is_recovery_point_lost && recovered_.end_offset >= bounds_.recovery_point) {
    if (is_at_end) return false;
    recovered_.damages.push_back(damage);
    recovered_.end_offset = damage.end_offset;
    valid_bytes_ = damage.end_position;
    return true;
  }
  const bool is_beyond = damage.end_offset > bounds_.recovery_point;
  damage.end_offset =
      std::max(std::min(damage.end_offset, bounds_.recovery_point), damage.first_offset);
  recovered_.damages.push_back(damage);
  recovered_.end_offset = damage.end_offset;
  valid_bytes_ = damage.end_position;
  // What is whole behind the recovery point follows a hole: it goes with the torn tail.
  recovered_.is_end_damaged = is_at_end || is_beyond;
  return !recovered_.is_end_damaged;
}

// The file ends before what was flushed.
void SegmentReading::end_at_recovery_point() {
  const base::Offset least = std::min(bounds_.recovery_point, bounds_.end_offset);
  if (recovered_.end_offset >= least) return;
  recovered_.damages.push_back({.kind = recovery::DamageKind::kMissing,
                                .position = valid_bytes_,
                                .end_position = valid_bytes_,
                                .first_offset = recovered_.end_offset,
                                .end_offset = least});
  recovered_.end_offset = least;
  recovered_.is_end_damaged = true;
}

// Whether what follows begins with zeros, as far as a batch's header would reach.
base::Result<bool> is_blank(env::File& file, std::uint64_t position) {
  std::array<std::uint8_t, record::kBatchHeaderSize> bytes{};
  if (auto read = file.read_at(position, bytes); !read) return base::fail(std::move(read));
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

base::Result<> complete(env::Disk& disk, Segment& segment) {
  Segment::Completion completion = segment.begin_completion();
  auto done = completion.carry_out(disk, segment);
  if (done) {
    segment.end_completion(completion);
  } else if (!directory::is_out_of_room(done.error())) {
    return done;
  }
  return {};
}

}  // namespace

base::Result<RecoveredSegment> recover_segment(env::Disk& disk, Segment& segment,
                                               const RecoveryBounds& bounds,
                                               LeaderEpochCache& epochs, bool& epochs_changed) {
  if (!segment.is_open()) {
    if (!bounds.is_cache_true) {
      if (auto done = forget_cached_indexes(disk, segment); !done) {
        return base::fail(std::move(done));
      }
    }
    auto files = segment.open_files(disk);
    if (!files) return base::fail(std::move(files));
    segment.install(std::move(*files));
  }
  const std::shared_ptr<env::File> file = segment.files().log;
  auto start = trusted_position(segment, bounds.recovery_point);
  if (!start) return base::fail(std::move(start));
  auto is_true = entry_is_true(segment);
  if (!is_true) return base::fail(std::move(is_true));
  if (!*is_true) {
    if (auto done = forget_indexes(segment); !done) return base::fail(std::move(done));
    *start = 0;
  }
  if (!bounds.is_cache_true) file->drop_from_cache(*start);
  segment.begin_recovery();

  SegmentReading reading(segment, bounds, *start);
  if (auto done = reading.read(epochs, epochs_changed); !done) return base::fail(std::move(done));
  const std::uint64_t valid_bytes = reading.valid_bytes();
  RecoveredSegment recovered = reading.take();
  recovered.cut_bytes = segment.size() - valid_bytes;
  if (recovered.cut_bytes > 0) {
    auto blank = is_blank(*file, valid_bytes);
    if (!blank) return base::fail(std::move(blank));
    recovered.is_cut_blank = *blank;
    if (auto cut = file->truncate(valid_bytes); !cut) return base::fail(std::move(cut));
    env::fail_point(env::FailPoint::kRecoveryCut);
  }
  segment.end_recovery(valid_bytes);
  const bool goes_on = bounds.is_last && recovered.cut_bytes == 0 && recovered.damages.empty();
  if (goes_on && valid_bytes - *start < kReadWithoutIndexBytes) return recovered;
  if (auto done = complete(disk, segment); !done) return base::fail(std::move(done));
  return recovered;
}

namespace {

base::Result<> flush_segment(const Segment& segment) {
  const Segment::Files& files = segment.files();
  for (const auto& file : {files.log, files.offset_index.file().stored().file,
                           files.time_index.file().stored().file}) {
    if (!file) continue;  // an index that found no room
    if (auto flushed = file->flush(); !flushed) return flushed;
  }
  return {};
}

void report_damage(const Log::OpenOptions& options, Segment& segment,
                   const RecoveredSegment& recovered) {
  for (const recovery::Damage& damage : recovered.damages) {
    // Of a compacted log records may go at the end of a segment.
    const bool is_told =
        damage.kind != recovery::DamageKind::kMissing || !options.config.cleanup_compact;
    if (!is_told || !segment.known().add_damage(damage)) continue;
    base::log::error("log", "{}: below offset {}, up to which it was flushed: {}",
                     options.name.to_string(), options.recovery_point.value(),
                     recovery::describe(damage, segment.path(kLogSuffix)));
  }
}

void report_cut(const Log::OpenOptions& options, const Segment& segment,
                const RecoveredSegment& recovered, std::uint64_t later_segments,
                std::uint64_t later_bytes) {
  if (recovered.cut_bytes == 0 && later_bytes == 0) return;
  std::string what = fmt::format("{} bytes from position {} of {} on", recovered.cut_bytes,
                                 segment.size(), segment.path(kLogSuffix));
  if (recovered.is_cut_blank && later_segments == 0) {
    base::log::info("log", "{}: ends at offset {}: {}, which begin with zeros, are cut",
                    options.name.to_string(), recovered.end_offset.value(), what);
    return;
  }
  if (later_segments > 0) {
    what += fmt::format(" and {} later segments with {} bytes", later_segments, later_bytes);
  }
  base::log::warn("log", "{}: the unclean stop tore its end: {} are cut, and it ends at offset {}",
                  options.name.to_string(), what, recovered.end_offset.value());
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
    log.transaction_indexes.erase(log.segments[i]->base_offset());
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
  if (options.is_recovery_point_lost) return true;
  return options.config.cleanup_compact || next.base_offset() <= options.recovery_point;
}

// Never beyond the recovery point where the next segment begins there or below; what the disk kept
// of the unflushed ones says nothing.
RecoveryBounds bounds_of(const Segment& segment, const Segment* next,
                         const Log::OpenOptions& options) {
  constexpr std::int64_t kOffsetsMax = std::int64_t{1} << 31U;
  RecoveryBounds bounds{.recovery_point = std::max(options.recovery_point, segment.base_offset()),
                        .is_recovery_point_lost = options.is_recovery_point_lost,
                        .end_offset = segment.base_offset() + kOffsetsMax,
                        .index_interval_bytes = options.config.index_interval_bytes};
  const bool is_next_true = next != nullptr && (options.is_recovery_point_lost ||
                                                next->base_offset() <= options.recovery_point);
  if (is_next_true) {
    bounds.end_offset = next->base_offset();
  }
  bounds.is_last = next == nullptr;
  return bounds;
}

std::shared_ptr<Segment> new_segment(directory::LogDirectory& directory,
                                     const Log::OpenOptions& options, const LoadedLog& log) {
  return Segment::make_new(log.path, log.end_offset, directory.world().clock().wall(),
                           roll_jitter_ms(directory.world().random(), options.config));
}

}  // namespace

base::Result<> recover_segments(directory::LogDirectory& directory, const Log::OpenOptions& options,
                                LoadedLog& log) {
  // What stays open is closed while nobody uses it.
  env::Disk& disk = directory.open_files().disk();
  // What is read again says where its epochs begin: the file may be of before a cut, and name one
  // that another leader's batches have replaced since.
  log.epochs_changed |= log.epochs.truncate_from_end(options.recovery_point);
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
    const bool is_last = i + 1 == log.segments.size();
    auto bounds = bounds_of(segment, is_last ? nullptr : log.segments[i + 1].get(), options);
    bounds.is_cache_true = log.is_cache_true;
    auto recovered = recover_segment(disk, segment, bounds, log.epochs, log.epochs_changed);
    if (!recovered) return base::fail(std::move(recovered));
    if (!options.is_synced_by_caller) {
      if (auto flushed = flush_segment(segment); !flushed) return flushed;
    }
    if (!log.no_producers_from) log.no_producers_from = recovered->first_offset;
    if (recovered->producers_end) log.no_producers_from = recovered->producers_end;
    log.end_offset = recovered->end_offset;
    report_damage(options, segment, *recovered);
    // The disk may have kept a later segment and lost this one's tail, at the end of a batch.
    // Where no record is missing in between, what was cut was none.
    const bool is_followed =
        is_last ||
        (recovered->cut_bytes > 0 ? log.segments[i + 1]->base_offset() == log.end_offset
                                  : continues(*log.segments[i + 1], log.end_offset, options));
    if (recovered->cut_bytes > 0 || !is_followed) {
      const std::size_t kept = is_followed ? log.segments.size() : i + 1;
      const std::size_t later = log.segments.size() - kept;
      auto later_bytes = remove_segments(directory, options, log, kept);
      if (!later_bytes) return base::fail(std::move(later_bytes));
      report_cut(options, segment, *recovered, later, *later_bytes);
    }
    if (recovered->is_end_damaged && i + 1 == log.segments.size()) {
      log.segments.push_back(new_segment(directory, options, log));
    }
  }
  return {};
}

}  // namespace odradek::log
