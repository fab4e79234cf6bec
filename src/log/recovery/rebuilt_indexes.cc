// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/rebuilt_indexes.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "log/batch_scanner.h"
#include "log/partition_path.h"
#include "log/recovery/batch_walker.h"

namespace odradek::log::recovery {
namespace {

constexpr std::int64_t kOffsetsMax = std::int64_t{1} << 31U;
// Fewer entries than the batches give are no fault: the interval may have been greater once.
constexpr std::uint32_t kMissingEntriesMax = 16;

base::Result<std::vector<std::uint8_t>> all_entries(const IndexFile& index) {
  const IndexFile::Stored stored = index.stored();
  std::vector<std::uint8_t> bytes(std::size_t{stored.entries} * stored.entry_bytes);
  if (bytes.empty()) return bytes;
  if (auto done = stored.read(0, bytes); !done) return base::fail(std::move(done));
  return bytes;
}

// The offset index's entries, held against the batches as they come.
class OffsetEntries {
 public:
  OffsetEntries(base::Offset base_offset, std::vector<std::uint8_t> bytes)
      : base_offset_(base_offset), bytes_(std::move(bytes)) {}

  void pass(const record::BatchHeader& header, std::uint64_t position) {
    for (; has_more() && entry().position <= position; next_ += OffsetIndex::kEntryBytes) {
      is_wrong_ |= entry().position < position || awaited_ != base::kNoOffset;
      awaited_ = entry().offset;
    }
    // Apache Kafka once made one entry for several batches, at the first one's position.
    if (awaited_ == base::kNoOffset || header.last_offset() < awaited_) return;
    is_wrong_ |= header.last_offset() != awaited_;
    awaited_ = base::kNoOffset;
  }
  void pass(const Damage& damage) {
    for (; has_more() && entry().position < damage.end_position;
         next_ += OffsetIndex::kEntryBytes) {
      is_wrong_ |= entry().position < damage.position;
    }
    awaited_ = base::kNoOffset;
  }
  bool are_wrong() const { return is_wrong_ || has_more() || awaited_ != base::kNoOffset; }

 private:
  bool has_more() const { return next_ < bytes_.size(); }
  OffsetPosition entry() const {
    const std::uint8_t* const bytes = bytes_.data() + next_;
    return {base_offset_ + base::load_big_endian<std::int32_t>(bytes),
            base::load_big_endian<std::uint32_t>(bytes + 4)};
  }

  const base::Offset base_offset_;
  const std::vector<std::uint8_t> bytes_;
  std::size_t next_ = 0;
  // The last offset that the entry before names, until its batch came by.
  base::Offset awaited_ = base::kNoOffset;
  bool is_wrong_ = false;
};

// The same of the time index; behind damage nothing is known of the greatest time.
class TimeEntries {
 public:
  TimeEntries(base::Offset base_offset, std::vector<std::uint8_t> bytes)
      : base_offset_(base_offset), bytes_(std::move(bytes)) {}

  void pass(const record::BatchHeader& header) {
    greatest_ = std::max(greatest_, header.max_timestamp());
    for (; has_more() && !is_past_damage_; next_ += TimeIndex::kEntryBytes) {
      const TimestampOffset named = entry(next_);
      if (named.offset > header.last_offset()) break;
      is_wrong_ |= named.offset < header.base_offset() ||
                   named.timestamp != header.max_timestamp() || named.timestamp != greatest_;
    }
  }
  void pass_damage() { is_past_damage_ = true; }
  bool are_wrong() const {
    if (is_wrong_ || is_past_damage_) return is_wrong_;
    return has_more() || last() != greatest_;
  }

 private:
  bool has_more() const { return next_ < bytes_.size(); }
  TimestampOffset entry(std::size_t at) const {
    const std::uint8_t* const bytes = bytes_.data() + at;
    return {base::Timestamp(base::load_big_endian<std::int64_t>(bytes)),
            base_offset_ + base::load_big_endian<std::int32_t>(bytes + 8)};
  }
  base::Timestamp last() const {
    return bytes_.empty() ? base::kNoTimestamp
                          : entry(bytes_.size() - TimeIndex::kEntryBytes).timestamp;
  }

  const base::Offset base_offset_;
  const std::vector<std::uint8_t> bytes_;
  std::size_t next_ = 0;
  base::Timestamp greatest_ = base::kNoTimestamp;
  bool is_past_damage_ = false;
  bool is_wrong_ = false;
};

base::Result<> write_durably(env::Disk& disk, const std::string& path, IndexFile::Batch& index) {
  if (auto removed = disk.remove_file(path); !removed && removed.error().os_error != ENOENT) {
    return removed;
  }
  if (auto written = index.write(disk, path); !written) return written;
  return index.file->flush();
}

bool is_corrupt(const base::Error& error) { return error.code == base::ErrorCode::kCorruptMessage; }

}  // namespace

base::Result<RebuiltIndexes> RebuiltIndexes::read(env::Disk& disk, const Segment& segment,
                                                  std::uint64_t size,
                                                  std::int32_t index_interval_bytes) {
  const base::Offset base = segment.base_offset();
  auto files = segment.open_files(disk);
  if (!files) return base::fail(std::move(files));
  auto stored_offsets = all_entries(files->offset_index.file());
  if (!stored_offsets) return base::fail(std::move(stored_offsets));
  auto stored_times = all_entries(files->time_index.file());
  if (!stored_times) return base::fail(std::move(stored_times));
  OffsetEntries offsets(base, *std::move(stored_offsets));
  TimeEntries times(base, *std::move(stored_times));
  const auto made =
      Segment::make_new(std::make_shared<const PartitionPath>(std::string()), base, {}, 0);
  BatchWalker walker({.file = files->log,
                      .end_position = size,
                      .first_offset = base,
                      .end_offset = base + kOffsetsMax},
                     BatchScanner::kReplayChunkBytes);
  RebuiltIndexes rebuilt;
  for (;;) {
    auto step = walker.next();
    if (!step) return base::fail(std::move(step));
    if (!*step) break;
    if (const auto* damage = std::get_if<Damage>(&**step)) {
      rebuilt.damages_.push_back(*damage);
      offsets.pass(*damage);
      times.pass_damage();
      continue;
    }
    const auto& header = std::get<record::BatchHeader>(**step);
    offsets.pass(header, walker.position());
    times.pass(header);
    made->index_batch(header, walker.position(), index_interval_bytes);
  }
  rebuilt.max_timestamp_ = made->files().max_timestamp;
  rebuilt.are_offsets_wrong_ =
      offsets.are_wrong() || made->files().offset_index.file().entries() >
                                 files->offset_index.file().entries() + kMissingEntriesMax;
  rebuilt.are_times_wrong_ = times.are_wrong();
  rebuilt.indexes_ = made->begin_completion();
  return rebuilt;
}

base::Result<> RebuiltIndexes::write(env::Disk& disk, const Segment& segment) {
  for (const auto& [suffix, index] : {std::pair{kSuffixes[0], &indexes_.offset_index},
                                      std::pair{kSuffixes[1], &indexes_.time_index}}) {
    const std::string path = segment.path(suffix) + std::string(kRebuiltSuffix);
    if (auto done = write_durably(disk, path, *index); !done) return done;
  }
  return {};
}

std::uint64_t farthest_lookup_bytes(std::int32_t index_interval_bytes) {
  constexpr std::uint64_t kLeastBytes = 64 << 10U;
  return std::max(kLeastBytes, 4 * static_cast<std::uint64_t>(std::max(index_interval_bytes, 0)));
}

base::Result<bool> are_index_ends_true(const Segment::Files& files, base::Offset base_offset,
                                       std::uint64_t size, std::int32_t index_interval_bytes) {
  if (size == 0) return true;
  const OffsetPosition last = files.offset_index.last();
  if (last.position >= size) return false;
  auto is_time_true = is_time_entry_true(files, base_offset, size, files.time_index.last());
  if (!is_time_true || !*is_time_true) return is_time_true;
  BatchScanner scanner(files.log, last.position, size);
  std::uint64_t largest = 0;
  while (scanner.next_position() < size) {
    auto header = scanner.next();
    if (!header && !is_corrupt(header.error())) return base::fail(std::move(header));
    // Damage of the records is told by whoever reads them.
    if (!header || !*header) return scanner.position() != last.position;
    const bool is_first = scanner.position() == last.position && last.position > 0;
    if (is_first && (*header)->base_offset() > last.offset) return false;
    if ((*header)->max_timestamp() > files.max_timestamp.timestamp) return false;
    largest = std::max<std::uint64_t>(largest, (*header)->total_size());
    const std::uint64_t far = scanner.next_position() - last.position;
    if (far > farthest_lookup_bytes(index_interval_bytes) + 2 * largest) return false;
  }
  return true;
}

base::Result<bool> is_time_entry_true(const Segment::Files& files, base::Offset base_offset,
                                      std::uint64_t size, const TimestampOffset& entry) {
  // None at all: the segment's beginning, before every record.
  if (entry.timestamp == base::kNoTimestamp) return true;
  if (entry.offset < base_offset) return false;
  auto near = files.offset_index.lookup(entry.offset);
  if (!near) return base::fail(std::move(near));
  if (near->position >= size) return false;
  BatchScanner scanner(files.log, near->position, size);
  for (;;) {
    auto header = scanner.next();
    if (!header && is_corrupt(header.error())) return false;
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() > entry.offset) return false;
    if ((*header)->last_offset() < entry.offset) continue;
    return (*header)->max_timestamp() == entry.timestamp;
  }
}

}  // namespace odradek::log::recovery
