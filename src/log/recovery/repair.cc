// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/repair.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include "log/directory/partition_name.h"
#include "log/file_names.h"
#include "log/log_recovery.h"
#include "log/partition_metadata.h"
#include "log/partition_path.h"
#include "log/segment.h"
#include "log/transaction_index.h"

namespace odradek::log::recovery {
namespace {

constexpr std::size_t kCopyBytes = 1U << 20U;
// What a stop leaves of a file that was not complete; the next repair begins it anew.
constexpr std::string_view kPartialSuffix = ".partial";

base::Result<> remove_if_there(env::Disk& disk, const std::string& path) {
  auto removed = disk.remove_file(path);
  if (!removed && removed.error().os_error != ENOENT) return removed;
  return {};
}

// A name of its own, whatever earlier repairs left.
std::string damaged_name(env::Disk& disk, const std::string& path) {
  std::string name = path + std::string(kDamagedSuffix);
  for (int i = 2; disk.exists(name); ++i) {
    name = fmt::format("{}{}.{}", path, kDamagedSuffix, i);
  }
  return name;
}

class PartitionRepair {
 public:
  PartitionRepair(env::Disk& disk, const PartitionCheck& check, const CheckOptions& options)
      : disk_(disk), check_(check), options_(options) {}

  base::Result<std::vector<std::string>> run();

 private:
  base::Result<> repair_segment(const SegmentCheck& segment);
  // The batches between the damages, in a file that takes the segment's place.
  base::Result<> copy_whole_batches(const SegmentCheck& segment);
  base::Result<> copy_bytes(env::File& from, env::File& to, std::uint64_t& position,
                            std::uint64_t begin, std::uint64_t end);
  base::Result<> rebuild_indexes(const SegmentCheck& segment);
  base::Result<> rebuild_transaction_index(const SegmentCheck& segment);
  base::Result<> keep_end();
  base::Result<> repair_texts();
  base::Result<> repair_metadata();
  base::Result<std::optional<base::TopicId>> topic_id_beside();
  base::Result<> remove_indexes(base::Offset base_offset);
  base::Result<> set_aside(const std::string& path, std::string_view why);
  // The same where the file stays as well, until another takes its place: whenever a stop comes,
  // one of the two is there.
  base::Result<> keep_copy(const std::string& path, std::string_view why);
  std::string file(base::Offset base_offset, std::string_view suffix) const {
    return check_.path + '/' + offset_file_name(base_offset, suffix);
  }

  env::Disk& disk_;
  const PartitionCheck& check_;
  const CheckOptions options_;
  std::vector<std::string> done_;
};

base::Result<std::vector<std::string>> PartitionRepair::run() {
  for (const SegmentCheck& segment : check_.segments) {
    if (auto done = repair_segment(segment); !done) return base::fail(std::move(done));
  }
  if (auto done = keep_end(); !done) return base::fail(std::move(done));
  if (auto done = repair_texts(); !done) return base::fail(std::move(done));
  if (done_.empty()) return std::move(done_);
  // Everything of it, the names included.
  if (auto done = disk_.sync_file_system(check_.path); !done) return base::fail(std::move(done));
  return std::move(done_);
}

base::Result<> PartitionRepair::set_aside(const std::string& path, std::string_view why) {
  const std::string kept = damaged_name(disk_, path);
  if (auto renamed = disk_.rename(path, kept); !renamed) return renamed;
  done_.push_back(fmt::format("{}: {}; kept as {}", path, why, kept));
  return {};
}

base::Result<> PartitionRepair::keep_copy(const std::string& path, std::string_view why) {
  const std::string kept = damaged_name(disk_, path);
  const std::string partial = kept + std::string(kPartialSuffix);
  auto from = disk_.open(path, env::OpenMode::kRead);
  if (!from) return base::fail(std::move(from));
  auto size = (*from)->size();
  if (!size) return base::fail(std::move(size));
  auto to = disk_.open(partial, env::OpenMode::kCreate);
  if (!to) return base::fail(std::move(to));
  if (auto cut = (*to)->truncate(0); !cut) return cut;
  std::uint64_t position = 0;
  if (auto done = copy_bytes(**from, **to, position, 0, *size); !done) return done;
  if (auto flushed = (*to)->flush(); !flushed) return flushed;
  if (auto renamed = disk_.rename(partial, kept); !renamed) return renamed;
  done_.push_back(fmt::format("{}: {}; kept as {}", path, why, kept));
  return disk_.sync_directory(check_.path);
}

base::Result<> PartitionRepair::repair_segment(const SegmentCheck& segment) {
  const bool has_bad_bytes = std::ranges::any_of(
      segment.damages, [](const Damage& damage) { return damage.position < damage.end_position; });
  if (has_bad_bytes) {
    if (auto done = copy_whole_batches(segment); !done) return done;
  }
  if (has_bad_bytes || segment.is_offset_index_wrong || segment.is_time_index_wrong) {
    if (auto done = rebuild_indexes(segment); !done) return done;
  }
  return segment.is_transaction_index_wrong ? rebuild_transaction_index(segment) : base::Result<>();
}

base::Result<> PartitionRepair::copy_bytes(env::File& from, env::File& to, std::uint64_t& position,
                                           std::uint64_t begin, std::uint64_t end) {
  std::vector<std::uint8_t> chunk(std::min<std::uint64_t>(end - begin, kCopyBytes));
  while (begin < end) {
    auto part = std::span(chunk).first(std::min<std::uint64_t>(end - begin, chunk.size()));
    auto read = from.read_at(begin, part);
    if (!read) return base::fail(std::move(read));
    if (*read != part.size()) {
      return base::fail(base::ErrorCode::kKafkaStorageError, from.path() + " became shorter");
    }
    if (auto written = to.write_at(position, base::ByteView(part)); !written) return written;
    position += part.size();
    begin += part.size();
  }
  return {};
}

base::Result<> PartitionRepair::copy_whole_batches(const SegmentCheck& segment) {
  const std::string path = file(segment.base_offset, kLogSuffix);
  // What a crash leaves of it no start takes for a segment.
  const std::string copy_path = path + std::string(kCleanedSuffix);
  auto from = disk_.open(path, env::OpenMode::kRead);
  if (!from) return base::fail(std::move(from));
  auto to = disk_.open(copy_path, env::OpenMode::kCreate);
  if (!to) return base::fail(std::move(to));
  if (auto cut = (*to)->truncate(0); !cut) return cut;
  std::uint64_t position = 0;
  std::uint64_t begin = 0;
  std::string lost;
  for (const Damage& damage : segment.damages) {
    if (auto done = copy_bytes(**from, **to, position, begin, damage.position); !done) return done;
    begin = damage.end_position;
    if (damage.first_offset == damage.end_offset) continue;
    lost += fmt::format("{}{} to {}", lost.empty() ? "" : ", ", damage.first_offset.value(),
                        damage.end_offset.value() - 1);
  }
  if (auto done = copy_bytes(**from, **to, position, begin, segment.bytes); !done) return done;
  if (auto flushed = (*to)->flush(); !flushed) return flushed;
  const std::string what = lost.empty() ? std::string("no records are lost")
                                        : fmt::format("the records at offsets {} are lost", lost);
  if (auto done = keep_copy(path, fmt::format("{} bytes that are no batches are taken out, {}",
                                              segment.bytes - position, what));
      !done) {
    return done;
  }
  // Before the records move: an index that names other places is worse than none.
  if (auto removed = remove_indexes(segment.base_offset); !removed) return removed;
  if (auto synced = disk_.sync_directory(check_.path); !synced) return synced;
  return disk_.rename(copy_path, path);
}

base::Result<> PartitionRepair::remove_indexes(base::Offset base_offset) {
  for (const auto suffix : {kOffsetIndexSuffix, kTimeIndexSuffix}) {
    if (auto removed = remove_if_there(disk_, file(base_offset, suffix)); !removed) return removed;
  }
  return {};
}

base::Result<> PartitionRepair::rebuild_indexes(const SegmentCheck& segment) {
  if (auto removed = remove_indexes(segment.base_offset); !removed) return removed;
  auto size = disk_.file_size(file(segment.base_offset, kLogSuffix));
  if (!size) return base::fail(std::move(size));
  constexpr std::int64_t kOffsetsMax = std::int64_t{1} << 31U;
  Segment rebuilt(std::make_shared<const PartitionPath>(check_.path), segment.base_offset, *size,
                  {}, 0);
  LeaderEpochCache epochs;
  bool epochs_changed = false;
  auto recovered = recover_segment(
      disk_, rebuilt,
      {.recovery_point = segment.base_offset, .end_offset = segment.base_offset + kOffsetsMax},
      epochs, epochs_changed);
  if (!recovered) return base::fail(std::move(recovered));
  done_.push_back(fmt::format("{}, {}: made anew from the batches",
                              file(segment.base_offset, kOffsetIndexSuffix),
                              offset_file_name(segment.base_offset, kTimeIndexSuffix)));
  return {};
}

base::Result<> PartitionRepair::rebuild_transaction_index(const SegmentCheck& segment) {
  const std::string path = file(segment.base_offset, kTransactionIndexSuffix);
  constexpr std::string_view kWhy = "it does not fit to the batches";
  if (segment.aborted_transactions.empty()) return set_aside(path, kWhy);
  const std::string partial = path + std::string(kPartialSuffix);
  if (auto removed = remove_if_there(disk_, partial); !removed) return removed;
  auto index = TransactionIndex::open(disk_, partial, segment.base_offset);
  if (!index) return base::fail(std::move(index));
  for (const AbortedTransaction& aborted : segment.aborted_transactions) {
    if (auto done = index->append(aborted); !done) return done;
  }
  if (auto flushed = index->flush(); !flushed) return flushed;
  index->close();
  if (disk_.exists(path)) {
    if (auto kept = keep_copy(path, kWhy); !kept) return kept;
  }
  if (auto renamed = disk_.rename(partial, path); !renamed) return renamed;
  done_.push_back(path + ": made anew from the batches");
  return {};
}

// An empty segment where the lost records ended: so their offsets are given to no others.
base::Result<> PartitionRepair::keep_end() {
  if (check_.segments.empty()) return {};
  const SegmentCheck& last = check_.segments.back();
  const bool is_end_lost = !last.damages.empty() &&
                           last.damages.back().end_position == last.bytes &&
                           last.damages.back().end_offset == options_.recovery_point &&
                           last.damages.back().first_offset < options_.recovery_point;
  if (!is_end_lost || options_.recovery_point <= last.base_offset) return {};
  for (const auto suffix : {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix}) {
    const std::string path = file(options_.recovery_point, suffix);
    auto made = disk_.open(path, env::OpenMode::kCreate);
    if (!made) return base::fail(std::move(made));
  }
  done_.push_back(fmt::format("{}: an empty segment, so that the log goes on at offset {}",
                              file(options_.recovery_point, kLogSuffix),
                              options_.recovery_point.value()));
  return {};
}

base::Result<> PartitionRepair::repair_texts() {
  for (const std::string& path : check_.broken_snapshots) {
    if (auto done = set_aside(path, "the server makes it anew"); !done) return done;
  }
  if (check_.is_metadata_wrong || check_.is_metadata_missing) {
    if (auto done = repair_metadata(); !done) return done;
  }
  if (!check_.are_epochs_wrong) return {};
  const std::string path = check_.path + '/' + std::string(kLeaderEpochFile);
  if (disk_.exists(path)) {
    if (auto done = set_aside(path, "it is made anew from the batches"); !done) return done;
  } else {
    done_.push_back(path + ": made anew from the batches");
  }
  return write_leader_epochs(disk_, check_.path, check_.epochs);
}

// Of another partition of the topic in the same log directory: all of them have one id.
base::Result<std::optional<base::TopicId>> PartitionRepair::topic_id_beside() {
  const std::size_t slash = check_.path.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  const std::string directory = check_.path.substr(0, slash + 1);
  const auto own = directory::parse_partition_name(check_.path.substr(slash + 1));
  auto entries = disk_.list(directory);
  if (!entries) return base::fail(std::move(entries));
  for (const env::DirectoryEntry& entry : *entries) {
    const auto other = directory::parse_partition_name(entry.name);
    if (!own || !other || other->topic != own->topic || *other == *own) continue;
    auto id = read_partition_metadata(disk_, directory + entry.name);
    if (id && *id) return id;
  }
  return std::nullopt;
}

base::Result<> PartitionRepair::repair_metadata() {
  const std::string path = check_.path + '/' + std::string(kPartitionMetadataFile);
  auto id = topic_id_beside();
  if (!id) return base::fail(std::move(id));
  const std::string how =
      *id ? fmt::format("made anew with the topic's id {}", (*id)->to_string())
          : std::string("nothing here knows the topic's id; the server makes it anew");
  if (check_.is_metadata_wrong) {
    if (auto done = set_aside(path, how); !done) return done;
  } else {
    done_.push_back(path + ": " + how);
  }
  return *id ? write_partition_metadata(disk_, check_.path, **id) : base::Result<>();
}

}  // namespace

base::Result<std::vector<std::string>> repair_partition(env::Disk& disk,
                                                        const PartitionCheck& check,
                                                        const CheckOptions& options) {
  return PartitionRepair(disk, check, options).run();
}

base::Result<std::vector<std::string>> repair_directory_files(
    env::Disk& disk, const std::string& path, const std::vector<Finding>& findings) {
  std::vector<std::string> done;
  for (const Finding& finding : findings) {
    if (finding.kind == "identity") {
      done.push_back(finding.file + ": left as it is: nobody else knows whose directory this is");
      continue;
    }
    const std::string kept = damaged_name(disk, finding.file);
    if (auto renamed = disk.rename(finding.file, kept); !renamed) {
      return base::fail(std::move(renamed));
    }
    done.push_back(fmt::format("{}: the server makes it anew; kept as {}", finding.file, kept));
  }
  if (!findings.empty()) {
    if (auto synced = disk.sync_directory(path); !synced) return base::fail(std::move(synced));
  }
  return done;
}

}  // namespace odradek::log::recovery
