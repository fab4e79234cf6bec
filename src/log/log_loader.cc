// SPDX-License-Identifier: Apache-2.0
#include "log/log_loader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <set>

#include "base/assert.h"
#include "base/log.h"
#include "env/fail_point.h"
#include "log/batch_scanner.h"
#include "log/directory/cache_mark.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/log_recovery.h"
#include "log/partition_metadata.h"
#include "log/producer_batch.h"
#include "log/recovery/batch_walker.h"
#include "log/segment_files.h"

namespace odradek::log {

LoadedLog::LoadedLog(env::Disk& disk, const std::string& partition_path)
    : path(std::make_shared<PartitionPath>(partition_path)), snapshots(disk, partition_path, {}) {}

namespace {

constexpr base::Offset kHeadersOnly{std::numeric_limits<std::int64_t>::max()};

// All batches from `position` on, those that reach beyond `whole_from` with their checksums.
recovery::BatchWalker walk_segment(const Segment& segment, std::shared_ptr<env::File> file,
                                   std::uint64_t position, base::Offset whole_from) {
  constexpr std::int64_t kOffsetsMax = std::int64_t{1} << 31U;
  return recovery::BatchWalker({.file = std::move(file),
                                .position = position,
                                .end_position = segment.size(),
                                .first_offset = segment.base_offset(),
                                .end_offset = segment.base_offset() + kOffsetsMax,
                                .whole_from = whole_from},
                               BatchScanner::kReplayChunkBytes);
}

// One opening: what its steps share.
class Loader {
 public:
  Loader(directory::LogDirectory& directory, const Log::OpenOptions& options)
      : directory_(directory),
        options_(options),
        disk_(directory.world().disk()),
        log_(disk_, directory.path() + '/' + options.name.to_string()) {}

  base::Result<LoadedLog> load();

 private:
  base::Result<> create();
  base::Result<> find_files();
  base::Result<> find_end();
  base::Result<std::optional<base::Offset>> end_of_last_segment();
  base::Result<> start_over_if_behind();
  base::Result<> load_epochs();
  base::Result<> write_recovered_epochs();
  base::Result<> find_lost_epochs();
  base::Result<> load_transaction_indexes();
  base::Result<> load_producers();
  base::Result<> rebuild_transaction_indexes();
  base::Result<ProducerState> producers_at_or_before(base::Offset offset);
  std::shared_ptr<Segment> new_segment(base::Offset base_offset);
  std::shared_ptr<Segment> found_segment(base::Offset base_offset, std::uint64_t size);
  // Those that recovery left open, but for the last one where it is to be completed yet: it is as
  // it was before the stop.
  void close_segments();
  bool is_clean() const { return options_.was_clean && !was_recovered_; }

  directory::LogDirectory& directory_;
  const Log::OpenOptions& options_;
  env::Disk& disk_;
  LoadedLog log_;
  // What the directory holds, and which segments have an index of aborted transactions.
  std::vector<env::DirectoryEntry> entries_;
  std::set<base::Offset> aborted_in_;
  bool was_recovered_ = false;
  bool epochs_are_lost_ = false;
  // From here on the aborted transactions are indexed again: an index is spoilt.
  std::optional<base::Offset> rebuild_from_;
};

base::Result<LoadedLog> Loader::load() {
  auto tidied = tidy_partition_directory(disk_, log_.path->value());
  if (!tidied) {
    if (tidied.error().os_error != ENOENT) return base::fail(std::move(tidied));
    if (auto done = create(); !done) return base::fail(std::move(done));
    return std::move(log_);
  }
  using Step = base::Result<> (Loader::*)();
  entries_ = std::move(tidied->entries);
  for (const Step step :
       {&Loader::find_files, &Loader::load_epochs, &Loader::load_transaction_indexes,
        &Loader::find_end, &Loader::find_lost_epochs, &Loader::start_over_if_behind,
        &Loader::load_producers, &Loader::rebuild_transaction_indexes}) {
    if (auto done = (this->*step)(); !done) return base::fail(std::move(done));
  }
  close_segments();
  if (tidied->was_changed || was_recovered_ || rebuild_from_) {
    if (options_.is_synced_by_caller) {
      if (auto done = write_recovered_epochs(); !done) return base::fail(std::move(done));
      return std::move(log_);
    }
    for (const auto& [base, index] : log_.transaction_indexes) {
      if (auto done = index.flush(); !done) return base::fail(std::move(done));
    }
    if (auto done = disk_.sync_directory(log_.path->value()); !done)
      return base::fail(std::move(done));
  }
  return std::move(log_);
}

// The caller's sync lets the recovery point pass what was read, which is then not read again. What
// finds no room is written with the next batch.
base::Result<> Loader::write_recovered_epochs() {
  if (!was_recovered_ || !log_.epochs_changed) return {};
  auto written = directory_.room().insist(
      [&] { return write_leader_epochs_in_place(disk_, log_.path->value(), log_.epochs); });
  if (!written && !directory::is_out_of_room(written.error())) return written;
  log_.epochs_changed = !written;
  return {};
}

std::shared_ptr<Segment> Loader::new_segment(base::Offset base_offset) {
  return Segment::make_new(log_.path, base_offset, directory_.world().clock().wall(),
                           roll_jitter_ms(directory_.world().random(), options_.config));
}

std::shared_ptr<Segment> Loader::found_segment(base::Offset base_offset, std::uint64_t size) {
  return std::make_shared<Segment>(log_.path, base_offset, size, directory_.world().clock().wall(),
                                   roll_jitter_ms(directory_.world().random(), options_.config));
}

base::Result<> Loader::create() {
  if (auto done = directory_.settle_forgotten(options_.name); !done) return done;
  if (auto made = disk_.make_directories(log_.path->value()); !made) return made;
  env::fail_point(env::FailPoint::kPartitionCreated);
  log_.log_start_offset = log_.end_offset = options_.log_start_offset;
  log_.segments.push_back(new_segment(log_.end_offset));
  // Empty, as Kafka leaves it: the first record does not wait for its file to be made.
  const std::string first = log_.segments.front()->path(kLogSuffix);
  if (auto file = create_log_file(disk_, first); !file) return base::fail(std::move(file));
  if (!options_.topic_id.is_zero()) {
    if (auto written = write_partition_metadata(disk_, log_.path->value(), options_.topic_id,
                                                options_.is_synced_by_caller);
        !written) {
      return written;
    }
  }
  log_.producers.reset(log_.end_offset);
  if (options_.is_synced_by_caller) return {};
  return disk_.sync_directory(directory_.path());
}

base::Result<> Loader::find_files() {
  std::vector<base::Offset> snapshots;
  for (const env::DirectoryEntry& file : entries_) {
    const auto name = parse_offset_file_name(file.name);
    if (file.is_directory || !name || !name->marker.empty()) continue;
    if (name->suffix == kSnapshotSuffix) snapshots.push_back(name->offset);
    if (name->suffix == kTransactionIndexSuffix) aborted_in_.insert(name->offset);
    if (name->suffix != kLogSuffix) continue;
    auto size = disk_.file_size(log_.path->value() + '/' + file.name);
    if (!size) return base::fail(std::move(size));
    log_.segments.push_back(found_segment(name->offset, *size));
  }
  if (log_.segments.empty()) {
    log_.segments.push_back(new_segment(options_.log_start_offset));
  }
  log_.snapshots = ProducerSnapshots(disk_, log_.path->value(), std::move(snapshots));
  log_.log_start_offset = std::max(options_.log_start_offset, log_.segments.front()->base_offset());
  return {};
}

base::Result<> Loader::load_epochs() {
  auto epochs = read_leader_epochs(disk_, log_.path->value());
  if (epochs) {
    log_.epochs = std::move(*epochs);
    epochs_are_lost_ = log_.epochs.empty();
    return {};
  }
  if (epochs.error().os_error != 0) return base::fail(std::move(epochs));
  base::log::warn("log", "{}; its leader epochs are read from its batches again",
                  epochs.error().message);
  epochs_are_lost_ = true;
  return {};
}

// Of all batches, where the file does not have them: a power cut spoilt it while it was replaced,
// or somebody removed it.
base::Result<> Loader::find_lost_epochs() {
  if (!epochs_are_lost_) return {};
  log_.epochs.clear();
  for (const auto& segment : log_.segments) {
    if (segment->size() == 0) continue;
    auto files = segment->open_files(disk_);
    if (!files) return base::fail(std::move(files));
    auto walker = walk_segment(*segment, files->log, 0, kHeadersOnly);
    for (;;) {
      auto step = walker.next();
      if (!step) return base::fail(std::move(step));
      if (!*step) break;
      const auto* header = std::get_if<record::BatchHeader>(&**step);
      if (header == nullptr) continue;  // what is damaged is told by whoever reads it
      const auto latest = log_.epochs.latest();
      const base::LeaderEpoch epoch = header->leader_epoch();
      if (epoch.value() < 0 || (latest && epoch <= latest->epoch)) continue;
      log_.epochs_changed |= log_.epochs.assign(epoch, header->base_offset());
    }
  }
  return {};
}

base::Result<> Loader::load_transaction_indexes() {
  for (const auto& segment : log_.segments) {
    if (!aborted_in_.contains(segment->base_offset())) continue;
    const std::string path = segment->path(kTransactionIndexSuffix);
    auto index = TransactionIndex::open(disk_, path, segment->base_offset());
    if (!index) {
      if (index.error().code != base::ErrorCode::kCorruptMessage)
        return base::fail(std::move(index));
      base::log::warn("log", "{}; it is made from the batches again", index.error().message);
      rebuild_from_ =
          std::min(rebuild_from_.value_or(segment->base_offset()), segment->base_offset());
      if (auto done = TransactionIndex::reset(disk_, path); !done) return done;
      index = TransactionIndex::open(disk_, path, segment->base_offset());
      if (!index) return base::fail(std::move(index));
    }
    log_.transaction_indexes.emplace(segment->base_offset(), std::move(*index));
  }
  return {};
}

base::Result<> Loader::find_end() {
  if (options_.was_clean) {
    auto end = end_of_last_segment();
    if (!end) return base::fail(std::move(end));
    if (*end) {
      log_.end_offset = **end;
      return {};
    }
    base::log::warn("log", "{}: was closed cleanly, but does not end with a whole batch",
                    options_.name.to_string());
  }
  was_recovered_ = true;
  log_.is_cache_true = directory::CacheMark(disk_, directory_.path()).is_set();
  return recover_segments(directory_, options_, log_);
}

// Of a log that was closed cleanly; nothing when its file says that it was not. Where the
// checkpoint and the last producer snapshot name the same end, nothing is read.
base::Result<std::optional<base::Offset>> Loader::end_of_last_segment() {
  Segment& last = *log_.segments.back();
  if (last.size() == 0 && options_.recovery_point <= last.base_offset()) return last.base_offset();
  const auto snapshot = log_.snapshots.latest();
  if (snapshot && *snapshot == options_.recovery_point && *snapshot > last.base_offset()) {
    log_.is_end_checked = false;
    return *snapshot;
  }
  auto files = last.open_files(disk_);
  if (!files) return base::fail(std::move(files));
  const std::uint64_t near = files->offset_index.last().position;
  auto walker =
      walk_segment(last, files->log, near < last.size() ? near : 0, last.base_offset() - 1);
  auto header = walker.next_batch();
  while (header && *header) header = walker.next_batch();
  if (!header && header.error().code != base::ErrorCode::kCorruptMessage) {
    return base::fail(std::move(header));
  }
  const base::Offset end = walker.next_offset();
  if (walker.next_position() != last.size()) return std::nullopt;
  // Shorter than it was, unless the snapshot says that the recovery point is what is wrong.
  if (end < options_.recovery_point && snapshot != end) return std::nullopt;
  return end;
}

// Segments were taken away from outside, or the log start moved beyond what survived.
base::Result<> Loader::start_over_if_behind() {
  if (log_.end_offset >= log_.log_start_offset) return {};
  base::log::warn("log", "{}: ends at offset {}, below its start {}: it begins there again",
                  options_.name.to_string(), log_.end_offset.value(),
                  log_.log_start_offset.value());
  for (const auto& segment : log_.segments) {
    if (auto done = mark_segment_deleted(directory_, log_.path->value(), segment->base_offset(),
                                         options_.config.file_delete_delay_ms);
        !done)
      return done;
  }
  log_.segments.assign(1, new_segment(log_.log_start_offset));
  log_.transaction_indexes.clear();
  log_.epochs_changed |= log_.epochs.clear();
  log_.end_offset = log_.log_start_offset;
  return log_.snapshots.remove_below(base::Offset(std::numeric_limits<std::int64_t>::max()));
}

base::Result<> Loader::load_producers() {
  log_.epochs_changed |= log_.epochs.truncate_from_end(log_.end_offset);
  log_.epochs_changed |= log_.epochs.truncate_from_start(log_.log_start_offset);
  std::vector<base::Offset> base_offsets;
  for (const auto& segment : log_.segments) base_offsets.push_back(segment->base_offset());
  // Aborted transactions are indexed again from where nothing was flushed.
  const base::Offset trusted = is_clean() ? log_.end_offset : options_.recovery_point;
  if (!is_clean()) {
    if (auto done = log_.snapshots.remove_beyond(trusted); !done) return done;
  }
  if (auto done = log_.snapshots.remove_stray(base_offsets); !done) return done;
  if (!is_clean()) {
    for (auto& [base, index] : log_.transaction_indexes) {
      if (auto done = index.truncate_to(trusted); !done) return done;
    }
  }
  const bool has_snapshot = log_.snapshots.latest().has_value();
  if (auto done = log_.snapshots.load(log_.producers, log_.log_start_offset, log_.end_offset);
      !done) {
    return done;
  }
  log_.producers.expire(directory_.world().clock().wall(),
                        options_.config.producer_id_expiration_ms);
  // Without any, after a clean stop, there were no producers (or a Kafka without them wrote it).
  if (is_clean() && !has_snapshot) log_.producers.set_end_offset(log_.end_offset);
  const bool has_none_to_replay =
      log_.no_producers_from && *log_.no_producers_from <= log_.producers.end_offset();
  if (has_none_to_replay) log_.producers.set_end_offset(log_.end_offset);
  return replay_producers(disk_, log_.segments, log_.transaction_indexes, log_.producers,
                          log_.end_offset, trusted, ReplayFiles::kOfSegments);
}

void Loader::close_segments() {
  for (const auto& segment : log_.segments) {
    if (segment->is_open() && segment->is_complete()) segment->close();
  }
}

base::Result<> Loader::rebuild_transaction_indexes() {
  if (!rebuild_from_ || *rebuild_from_ >= log_.end_offset) return {};
  for (auto& [base_offset, index] : log_.transaction_indexes) {
    if (base_offset < *rebuild_from_) continue;
    if (auto done = index.truncate_to(base_offset); !done) return done;
  }
  auto producers = producers_at_or_before(*rebuild_from_);
  if (!producers) return base::fail(std::move(producers));
  return replay_producers(disk_, log_.segments, log_.transaction_indexes, *producers,
                          log_.end_offset, *rebuild_from_, ReplayFiles::kOfSegments);
}

// As the newest snapshot has them; without any at the log's start.
base::Result<ProducerState> Loader::producers_at_or_before(base::Offset offset) {
  ProducerState producers;
  const auto& offsets = log_.snapshots.offsets();
  for (auto at = offsets.rbegin(); at != offsets.rend(); ++at) {
    if (*at > offset) continue;
    auto text = disk_.read_file(log_.path->value() + '/' + ProducerSnapshots::file_name_of(*at));
    if (!text) return base::fail(std::move(text));
    auto entries = decode_producer_snapshot(base::as_bytes(*text));
    if (!entries) continue;
    producers.reset(*at);
    for (const ProducerEntry& entry : *entries) producers.load(entry);
    return producers;
  }
  producers.reset(log_.log_start_offset);
  return producers;
}

}  // namespace

std::int64_t roll_jitter_ms(env::Random& random, const LogConfig& config) {
  const std::int64_t bound = std::min(config.segment_jitter_ms, config.segment_ms);
  if (bound <= 0) return 0;
  return static_cast<std::int64_t>(random.next() % static_cast<std::uint64_t>(bound));
}

base::Result<LoadedLog> load_log(directory::LogDirectory& directory,
                                 const Log::OpenOptions& options) {
  return Loader(directory, options).load();
}

base::Result<TransactionIndex*> transaction_index_of(env::Disk& disk, const Segment& segment,
                                                     TransactionIndexes& indexes) {
  const auto found = indexes.find(segment.base_offset());
  if (found != indexes.end()) return &found->second;
  auto opened =
      TransactionIndex::open(disk, segment.path(kTransactionIndexSuffix), segment.base_offset());
  if (!opened) return base::fail(std::move(opened));
  return &indexes.emplace(segment.base_offset(), std::move(*opened)).first->second;
}

base::Result<> replay_producers(env::Disk& disk, const Segments& segments,
                                TransactionIndexes& indexes, ProducerState& producers,
                                base::Offset end, base::Offset unindexed_from, ReplayFiles which) {
  for (std::size_t i = 0; i < segments.size() && producers.end_offset() < end; ++i) {
    const Segment& segment = *segments[i];
    const base::Offset from = producers.end_offset();
    if (i + 1 < segments.size() && segments[i + 1]->base_offset() <= from) continue;
    if (segment.size() == 0) continue;
    std::optional<Segment::Files> opened;
    if (which == ReplayFiles::kItsOwn || !segment.is_open()) {
      auto own = segment.open_files(disk);
      if (!own) return base::fail(std::move(own));
      opened = std::move(*own);
    }
    const Segment::Files* files = opened ? &*opened : &segment.files();
    auto start = files->offset_index.lookup(from);
    if (!start) return base::fail(std::move(start));
    const bool is_batch_there = start->position < segment.size();
    auto walker = walk_segment(segment, files->log, is_batch_there ? start->position : 0, from);
    for (;;) {
      auto step = walker.next();
      if (!step) return base::fail(std::move(step));
      if (!*step) break;
      const auto* header = std::get_if<record::BatchHeader>(&**step);
      if (header == nullptr) continue;  // as above
      if (header->base_offset() >= end) break;
      if (header->last_offset() < from || !header->has_producer_id()) continue;
      auto batch = walker.whole();
      if (!batch) return base::fail(std::move(batch));
      auto state = producer_batch_of(*batch);
      if (!state && state.error().os_error != 0) return base::fail(std::move(state));
      if (!state || !*state) continue;
      const auto aborted = producers.append(**state);
      if (!aborted || aborted->last_offset < unindexed_from) continue;
      auto index = transaction_index_of(disk, segment, indexes);
      if (!index) return base::fail(std::move(index));
      if (auto done = (*index)->append(*aborted); !done) return done;
    }
  }
  producers.set_end_offset(end);
  return {};
}

}  // namespace odradek::log
