// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "log/file_names.h"
#include "log/offset_index.h"
#include "log/partition_metadata.h"
#include "log/producer_batch.h"
#include "log/producer_state.h"
#include "log/producer_state_snapshot.h"
#include "log/recovery/batch_walker.h"
#include "log/recovery/index_entries.h"
#include "log/time_index.h"
#include "log/transaction_index.h"

namespace odradek::log::recovery {
namespace {

constexpr std::int64_t kOffsetsMax = std::int64_t{1} << 31U;
constexpr std::uint64_t kTextBytesMax = 64U << 20U;

std::string_view kind_of(DamageKind kind) {
  switch (kind) {
    case DamageKind::kNoBatch:
      return "no-batch";
    case DamageKind::kIncomplete:
      return "incomplete";
    case DamageKind::kChecksum:
      return "checksum";
    case DamageKind::kOffsets:
      return "offsets";
    case DamageKind::kEpoch:
      return "epoch";
    case DamageKind::kMissing:
      break;
  }
  return "missing";
}

class PartitionChecking {
 public:
  PartitionChecking(env::Disk& disk, const std::string& path, const CheckOptions& options)
      : disk_(disk), options_(options) {
    check_.path = path;
  }

  base::Result<PartitionCheck> run();

 private:
  struct FoundSegment {
    base::Offset base_offset;
    std::uint64_t size = 0;
  };
  // What the walk over a segment holds the indexes against, entry by entry.
  struct IndexWalk {
    IndexEntries offsets;
    IndexEntries times;
    std::size_t next_offset = 0;
    std::size_t next_time = 0;
    base::Timestamp greatest = base::kNoTimestamp;
    // What the entry names whose batch was met, until a batch ends there.
    base::Offset awaited_offset = base::kNoOffset;
  };

  base::Result<> list();
  base::Result<> check_segment(const FoundSegment& found, base::Offset end_offset, bool is_last);
  void check_batch(const record::BatchHeader& header, std::uint64_t position, SegmentCheck& segment,
                   IndexWalk& walk);
  void check_offset_entries(const record::BatchHeader& header, std::uint64_t position,
                            SegmentCheck& segment, IndexWalk& walk);
  void check_epoch(const record::BatchHeader& header);
  void check_producer(BatchWalker& walker, SegmentCheck& segment);
  void finish_indexes(SegmentCheck& segment, IndexWalk& walk, bool is_last);
  base::Result<> check_transaction_index(SegmentCheck& segment);
  base::Result<> check_snapshots();
  base::Result<> check_texts();
  void note_missing_end();
  void note_missing_texts();
  void note_text(std::string_view name, std::string_view kind, std::string why);
  std::string file(base::Offset base_offset, std::string_view suffix) const {
    return check_.path + '/' + offset_file_name(base_offset, suffix);
  }
  void add(Finding finding) { check_.findings.push_back(std::move(finding)); }
  void add_damage(const Damage& damage, SegmentCheck& segment);
  void index_is_wrong(bool& flag, const std::string& path, std::uint64_t position,
                      const std::string& why);

  env::Disk& disk_;
  const CheckOptions options_;
  PartitionCheck check_;
  std::vector<FoundSegment> found_;
  std::vector<base::Offset> snapshots_;
  ProducerState producers_;
  std::optional<LeaderEpochCache> written_epochs_;
  bool were_epochs_told_ = false;
  bool has_settled_epochs_ = false;
  bool has_metadata_ = false;
};

base::Result<PartitionCheck> PartitionChecking::run() {
  if (auto done = list(); !done) return base::fail(std::move(done));
  if (auto done = check_texts(); !done) return base::fail(std::move(done));
  if (!found_.empty()) producers_.reset(found_.front().base_offset);
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const bool is_last = i + 1 == found_.size();
    const base::Offset end =
        is_last ? found_[i].base_offset + kOffsetsMax : found_[i + 1].base_offset;
    if (auto done = check_segment(found_[i], end, is_last); !done) {
      return base::fail(std::move(done));
    }
  }
  note_missing_end();
  note_missing_texts();
  if (auto done = check_snapshots(); !done) return base::fail(std::move(done));
  return std::move(check_);
}

base::Result<> PartitionChecking::list() {
  auto entries = disk_.list(check_.path);
  if (!entries) return base::fail(std::move(entries));
  for (const env::DirectoryEntry& entry : *entries) {
    const auto name = parse_offset_file_name(entry.name);
    if (entry.is_directory || !name || !name->marker.empty()) continue;
    if (name->suffix == kSnapshotSuffix) snapshots_.push_back(name->offset);
    if (name->suffix != kLogSuffix) continue;
    auto size = disk_.file_size(check_.path + '/' + entry.name);
    if (!size) return base::fail(std::move(size));
    found_.push_back({name->offset, *size});
  }
  return {};
}

void PartitionChecking::add_damage(const Damage& damage, SegmentCheck& segment) {
  segment.damages.push_back(damage);
  const std::string path = file(segment.base_offset, kLogSuffix);
  Finding finding{.file = path,
                  .kind = std::string(kind_of(damage.kind)),
                  .text = describe(damage, path),
                  .position = damage.position,
                  .bytes = damage.end_position - damage.position,
                  .first_offset = {},
                  .last_offset = {}};
  if (damage.first_offset != damage.end_offset) {
    finding.first_offset = damage.first_offset;
    finding.last_offset = damage.end_offset - 1;
  }
  add(std::move(finding));
}

base::Result<> PartitionChecking::check_segment(const FoundSegment& found, base::Offset end_offset,
                                                bool is_last) {
  SegmentCheck segment{.base_offset = found.base_offset,
                       .end_offset = found.base_offset,
                       .bytes = found.size,
                       .damages = {},
                       .aborted_transactions = {}};
  check_.bytes += found.size;
  auto log = disk_.open(file(found.base_offset, kLogSuffix), env::OpenMode::kRead);
  if (!log) return base::fail(std::move(log));
  IndexWalk walk;
  auto offsets =
      read_index(disk_, file(found.base_offset, kOffsetIndexSuffix), OffsetIndex::kEntryBytes);
  if (!offsets) return base::fail(std::move(offsets));
  walk.offsets = std::move(*offsets);
  auto times = read_index(disk_, file(found.base_offset, kTimeIndexSuffix), TimeIndex::kEntryBytes);
  if (!times) return base::fail(std::move(times));
  walk.times = std::move(*times);
  BatchWalker walker({.file = *log,
                      .position = 0,
                      .end_position = found.size,
                      .first_offset = found.base_offset,
                      .end_offset = end_offset,
                      .whole_from = found.base_offset - 1},
                     BatchScanner::kReplayChunkBytes);
  for (;;) {
    auto step = walker.next();
    if (!step) return base::fail(std::move(step));
    if (!*step) break;
    if (const auto* damage = std::get_if<Damage>(&**step)) {
      // What a running server is writing, or the next start cuts.
      if (is_last && damage->end_position == found.size) {
        if (options_.is_in_use) break;
        Damage torn = *damage;
        torn.end_offset =
            std::max(torn.first_offset, std::min(torn.end_offset, options_.recovery_point));
        add_damage(torn, segment);
        segment.end_offset = torn.end_offset;
        break;
      }
      add_damage(*damage, segment);
      segment.end_offset = damage->end_offset;
      continue;
    }
    const auto& header = std::get<record::BatchHeader>(**step);
    segment.end_offset = header.next_offset();
    check_batch(header, walker.position(), segment, walk);
    check_producer(walker, segment);
  }
  finish_indexes(segment, walk, is_last);
  if (auto done = check_transaction_index(segment); !done) return done;
  check_.segments.push_back(std::move(segment));
  return {};
}

void PartitionChecking::index_is_wrong(bool& flag, const std::string& path, std::uint64_t position,
                                       const std::string& why) {
  if (std::exchange(flag, true)) return;  // the first is enough: it is built anew
  add({.file = path,
       .kind = "index",
       .text = fmt::format("{}: {}", path, why),
       .position = position,
       .bytes = {},
       .first_offset = {},
       .last_offset = {}});
}

void PartitionChecking::check_batch(const record::BatchHeader& header, std::uint64_t position,
                                    SegmentCheck& segment, IndexWalk& walk) {
  ++check_.batches;
  check_epoch(header);
  const base::Offset base = segment.base_offset;
  walk.greatest = std::max(walk.greatest, header.max_timestamp());
  // What names bytes that are damaged may have been true; the index is made anew with them.
  if (!segment.damages.empty()) return;
  if (!segment.is_offset_index_wrong) check_offset_entries(header, position, segment, walk);
  while (walk.next_time < walk.times.count && !segment.is_time_index_wrong) {
    const std::uint64_t at = walk.next_time * TimeIndex::kEntryBytes;
    const std::uint8_t* entry = walk.times.bytes.data() + at;
    const base::Timestamp timestamp(base::load_big_endian<std::int64_t>(entry));
    const base::Offset offset = base + base::load_big_endian<std::int32_t>(entry + 8);
    if (offset > header.last_offset()) break;
    ++walk.next_time;
    const bool is_in_batch = offset >= header.base_offset();
    if (is_in_batch && timestamp == header.max_timestamp() && timestamp == walk.greatest) continue;
    index_is_wrong(segment.is_time_index_wrong, file(base, kTimeIndexSuffix), at,
                   fmt::format("entry {} names time {} at offset {}, which is not the greatest "
                               "one up to there",
                               at / TimeIndex::kEntryBytes, timestamp.value(), offset.value()));
  }
}

void PartitionChecking::check_offset_entries(const record::BatchHeader& header,
                                             std::uint64_t position, SegmentCheck& segment,
                                             IndexWalk& walk) {
  const std::string path = file(segment.base_offset, kOffsetIndexSuffix);
  const auto wrong = [&](std::size_t index, base::Offset offset, std::uint64_t named) {
    index_is_wrong(segment.is_offset_index_wrong, path, index * OffsetIndex::kEntryBytes,
                   fmt::format("entry {} names offset {} at position {}, where no such batch is",
                               index, offset.value(), named));
  };
  for (; walk.next_offset < walk.offsets.count; ++walk.next_offset) {
    const std::uint8_t* entry =
        walk.offsets.bytes.data() + walk.next_offset * OffsetIndex::kEntryBytes;
    const base::Offset offset = segment.base_offset + base::load_big_endian<std::int32_t>(entry);
    const std::uint64_t named = base::load_big_endian<std::uint32_t>(entry + 4);
    if (named > position) break;
    const bool is_awaited = walk.awaited_offset != base::kNoOffset;
    if (named < position || is_awaited) return wrong(walk.next_offset, offset, named);
    walk.awaited_offset = offset;
  }
  if (walk.awaited_offset == base::kNoOffset || header.last_offset() < walk.awaited_offset) return;
  // Apache Kafka once made one entry for several batches, at the first one's position.
  const bool is_found = header.last_offset() == walk.awaited_offset;
  if (!is_found) wrong(walk.next_offset - 1, walk.awaited_offset, position);
  walk.awaited_offset = base::kNoOffset;
}

void PartitionChecking::check_epoch(const record::BatchHeader& header) {
  const base::LeaderEpoch epoch = header.leader_epoch();
  if (epoch.value() < 0) return;
  const auto latest = check_.epochs.latest();
  if (!latest || epoch > latest->epoch) check_.epochs.assign(epoch, header.base_offset());
  // Above the recovery point the file may not be written yet.
  const bool is_settled = header.base_offset() < options_.recovery_point && !options_.is_in_use;
  has_settled_epochs_ |= is_settled;
  if (!written_epochs_ || were_epochs_told_ || !is_settled) return;
  const base::LeaderEpoch known = written_epochs_->epoch_of(header.base_offset());
  if (known == epoch || (known == base::kNoLeaderEpoch && !written_epochs_->empty())) return;
  were_epochs_told_ = true;
  check_.are_epochs_wrong = true;
  const std::string path = check_.path + '/' + std::string(kLeaderEpochFile);
  add({.file = path,
       .kind = "epochs",
       .text = fmt::format("{}: it says epoch {} for offset {}, whose batch is of epoch {}", path,
                           known.value(), header.base_offset().value(), epoch.value()),
       .position = {},
       .bytes = {},
       .first_offset = {},
       .last_offset = {}});
}

void PartitionChecking::check_producer(BatchWalker& walker, SegmentCheck& segment) {
  auto batch = walker.whole();
  if (!batch || !batch->has_producer_id()) return;
  auto state = producer_batch_of(*batch);
  if (!state || !*state) return;
  if (auto aborted = producers_.append(**state)) segment.aborted_transactions.push_back(*aborted);
}

void PartitionChecking::finish_indexes(SegmentCheck& segment, IndexWalk& walk, bool is_last) {
  struct Index {
    const IndexEntries& entries;
    bool& is_wrong;
    std::string path;
    bool has_entries_left;
  };
  const bool may_be_missing =
      is_last && (options_.is_in_use || segment.end_offset > options_.recovery_point);
  for (const Index& index :
       {Index{walk.offsets, segment.is_offset_index_wrong,
              file(segment.base_offset, kOffsetIndexSuffix), walk.next_offset < walk.offsets.count},
        Index{walk.times, segment.is_time_index_wrong, file(segment.base_offset, kTimeIndexSuffix),
              walk.next_time < walk.times.count}}) {
    if (!index.entries.is_there && segment.bytes > 0 && !may_be_missing) {
      index_is_wrong(index.is_wrong, index.path, 0, "it is missing");
    }
    if (!index.entries.problem.empty()) {
      index_is_wrong(index.is_wrong, index.path, index.entries.file_size, index.entries.problem);
    }
    if (index.has_entries_left && !may_be_missing && segment.damages.empty()) {
      index_is_wrong(index.is_wrong, index.path, 0, "it names what lies beyond the segment's end");
    }
  }
}

base::Result<> PartitionChecking::check_transaction_index(SegmentCheck& segment) {
  const std::string path = file(segment.base_offset, kTransactionIndexSuffix);
  auto text = disk_.read_file(path, kTextBytesMax);
  if (!text && text.error().os_error != ENOENT) return base::fail(std::move(text));
  std::string why;
  std::vector<AbortedTransaction> written;
  if (text) {
    auto parsed = parse_transaction_index(base::as_bytes(*text), path);
    if (parsed) written = std::move(*parsed);
    if (!parsed) why = parsed.error().message;
  }
  // Of a compacted log transactions without records are in no index.
  for (const AbortedTransaction& expected : segment.aborted_transactions) {
    const auto found = std::ranges::find_if(written, [&](const AbortedTransaction& entry) {
      return entry.last_offset == expected.last_offset &&
             entry.producer_id == expected.producer_id &&
             entry.first_offset == expected.first_offset;
    });
    const bool is_settled = expected.last_offset < options_.recovery_point;
    if (!why.empty() || !is_settled || found != written.end()) continue;
    why = fmt::format("{}: it lacks the transaction of producer {} that was aborted at offset {}",
                      path, expected.producer_id.value(), expected.last_offset.value());
  }
  for (const AbortedTransaction& entry : written) {
    const bool is_true =
        std::ranges::any_of(segment.aborted_transactions, [&](const AbortedTransaction& expected) {
          return entry.last_offset == expected.last_offset &&
                 entry.producer_id == expected.producer_id;
        });
    const bool is_sane = entry.first_offset <= entry.last_offset &&
                         entry.last_stable_offset <= entry.last_offset + 1;
    // What was begun in segments that are gone is not known.
    if (!why.empty() || (is_sane && (is_true || check_.segments.empty()))) continue;
    if (is_sane && options_.is_compacted) continue;
    why = fmt::format("{}: it says that a transaction of producer {} was aborted at offset {}",
                      path, entry.producer_id.value(), entry.last_offset.value());
  }
  if (why.empty()) return {};
  segment.is_transaction_index_wrong = true;
  add({.file = path,
       .kind = "transaction-index",
       .text = std::move(why),
       .position = {},
       .bytes = {},
       .first_offset = {},
       .last_offset = {}});
  return {};
}

// Records that were flushed, and are not there.
void PartitionChecking::note_missing_end() {
  if (options_.is_in_use || options_.is_compacted || check_.segments.empty()) return;
  SegmentCheck& last = check_.segments.back();
  if (last.end_offset >= options_.recovery_point) return;
  add_damage({.kind = DamageKind::kMissing,
              .position = last.bytes,
              .end_position = last.bytes,
              .first_offset = last.end_offset,
              .end_offset = options_.recovery_point},
             last);
}

base::Result<> PartitionChecking::check_snapshots() {
  for (const base::Offset offset : snapshots_) {
    const std::string path = file(offset, kSnapshotSuffix);
    auto text = disk_.read_file(path, std::uint64_t{1} << 30U);
    if (!text && text.error().os_error == ENOENT) continue;
    if (!text) return base::fail(std::move(text));
    auto decoded = decode_producer_snapshot(base::as_bytes(*text));
    if (decoded) continue;
    check_.broken_snapshots.push_back(path);
    add({.file = path,
         .kind = "snapshot",
         .text = fmt::format("{}: {}", path, decoded.error().message),
         .position = {},
         .bytes = {},
         .first_offset = {},
         .last_offset = {}});
  }
  return {};
}

void PartitionChecking::note_text(std::string_view name, std::string_view kind, std::string why) {
  add({.file = check_.path + '/' + std::string(name),
       .kind = std::string(kind),
       .text = std::move(why),
       .position = {},
       .bytes = {},
       .first_offset = {},
       .last_offset = {}});
}

base::Result<> PartitionChecking::check_texts() {
  auto epochs = read_leader_epochs(disk_, check_.path);
  if (epochs) {
    written_epochs_ = std::move(*epochs);
    // An empty one is rebuilt at the start.
    if (written_epochs_->empty()) written_epochs_.reset();
  } else if (epochs.error().os_error != 0) {
    return base::fail(std::move(epochs));
  } else {
    check_.are_epochs_wrong = true;
    note_text(kLeaderEpochFile, "epochs", epochs.error().message);
  }
  auto id = read_partition_metadata(disk_, check_.path);
  if (!id && id.error().os_error != 0) return base::fail(std::move(id));
  has_metadata_ = id && id->has_value();
  if (!id) {
    check_.is_metadata_wrong = true;
    note_text(kPartitionMetadataFile, "metadata", id.error().message);
  }
  return {};
}

// What every partition with records has.
void PartitionChecking::note_missing_texts() {
  if (options_.is_in_use || check_.batches == 0) return;
  const std::string epochs = check_.path + '/' + std::string(kLeaderEpochFile);
  if (has_settled_epochs_ && !disk_.exists(epochs)) {
    check_.are_epochs_wrong = true;
    note_text(kLeaderEpochFile, "epochs", epochs + ": it is missing");
  }
  if (has_metadata_ || check_.is_metadata_wrong || options_.is_repaired) return;
  check_.is_metadata_missing = true;
  note_text(kPartitionMetadataFile, "metadata",
            fmt::format("{}/{}: it is missing, or empty", check_.path, kPartitionMetadataFile));
}

}  // namespace

base::Result<PartitionCheck> check_partition(env::Disk& disk, const std::string& path,
                                             const CheckOptions& options) {
  return PartitionChecking(disk, path, options).run();
}

}  // namespace odradek::log::recovery
