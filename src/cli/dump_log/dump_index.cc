// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "cli/dump_log/dump_log.h"
#include "cli/dump_log/segment_reader.h"
#include "log/file_names.h"
#include "log/offset_index.h"
#include "log/time_index.h"
#include "record/record_reader.h"

namespace odradek::cli {
namespace {

constexpr std::size_t kOffsetEntryBytes = log::OffsetIndex::kEntryBytes;
constexpr std::size_t kTimeEntryBytes = log::TimeIndex::kEntryBytes;

// The entries of an index as the file has them, with the zeros that Kafka preallocates: a reader of
// its own, because what is looked for is damage.
class IndexEntries {
 public:
  static base::Result<IndexEntries> read(env::Disk& disk, const std::string& path,
                                         std::size_t entry_bytes, std::int64_t base_offset) {
    // Kafka's own bound on an index.
    constexpr std::uint64_t kIndexBytesMax = INT32_MAX;
    auto bytes = disk.read_file(path, kIndexBytesMax);
    if (!bytes) return base::fail(std::move(bytes));
    return IndexEntries(*std::move(bytes), entry_bytes, base_offset);
  }

  static IndexEntries empty(std::int64_t base_offset) {
    return IndexEntries({}, kOffsetEntryBytes, base_offset);
  }

  std::size_t size() const { return bytes_.size() / entry_bytes_; }
  std::size_t file_size() const { return bytes_.size(); }
  const std::uint8_t* entry(std::size_t i) const {
    return base::as_bytes(bytes_).data() + i * entry_bytes_;
  }
  // The offset in an entry, which begins at `from` in it.
  std::int64_t offset(std::size_t i, std::size_t from) const {
    return record::add_wrapping(base_offset_, base::load_big_endian<std::int32_t>(entry(i) + from));
  }

 private:
  IndexEntries(std::string bytes, std::size_t entry_bytes, std::int64_t base_offset)
      : bytes_(std::move(bytes)), entry_bytes_(entry_bytes), base_offset_(base_offset) {}

  std::string bytes_;
  std::size_t entry_bytes_;
  std::int64_t base_offset_;
};

constexpr std::size_t kPositionFrom = 4;    // in an entry of an offset index
constexpr std::size_t kTimeOffsetFrom = 8;  // in an entry of a time index

// The file beside `path` with the same offset and another suffix.
std::string beside(const std::string& path, std::string_view suffix) {
  const std::size_t name = path.rfind('/') + 1;
  return path.substr(0, path.find('.', name)).append(suffix);
}

std::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(base::ErrorCode::kCorruptMessage, std::move(message));
}

base::Result<> check_offset_index(const IndexEntries& index, const std::string& path,
                                  std::int64_t base_offset) {
  const std::int64_t last = index.offset(index.size() - 1, 0);
  if (last < base_offset) {
    return corrupt(
        fmt::format("Corrupt index found, index file {} has non-zero size but the last offset is "
                    "{} which is less than the base offset {}",
                    absolute_path(path), last, base_offset));
  }
  if (index.file_size() % kOffsetEntryBytes == 0) return {};
  return corrupt(fmt::format(
      "Index file {} is corrupt, found {} bytes which is neither positive nor a multiple of {}",
      absolute_path(path), index.file_size(), kOffsetEntryBytes));
}

base::Result<> check_time_index(const IndexEntries& index, const std::string& path,
                                std::int64_t base_offset) {
  if (index.size() > 0) {
    const auto first = base::load_big_endian<std::int64_t>(index.entry(0));
    const auto last = base::load_big_endian<std::int64_t>(index.entry(index.size() - 1));
    if (last < first) {
      return corrupt(
          fmt::format("Corrupt time index found, time index file ({}) has non-zero size but the "
                      "last timestamp is {} which is less than the first timestamp {}",
                      absolute_path(path), last, first));
    }
    const std::int64_t offset = index.offset(index.size() - 1, kTimeOffsetFrom);
    if (offset < base_offset) {
      return corrupt(
          fmt::format("Corrupt time index found, time index file ({}) has non-zero size but the "
                      "last offset is {} which is less than the first offset {}",
                      absolute_path(path), offset, base_offset));
    }
  }
  if (index.file_size() % kTimeEntryBytes == 0) return {};
  return corrupt(fmt::format(
      "Time index file {} is corrupt, found {} bytes which is neither positive nor a multiple of "
      "{}",
      absolute_path(path), index.file_size(), kTimeEntryBytes));
}

// The last offset of the batch at a position.
base::Result<std::int64_t> last_offset_at(SegmentReader& segment, std::int32_t position,
                                          std::int32_t max_message_size) {
  if (position < 0 || static_cast<std::uint64_t>(position) > segment.file_size()) {
    return corrupt(fmt::format("Slice from position {} exceeds end position of the segment, {}",
                               position, segment.file_size()));
  }
  segment.seek(static_cast<std::uint64_t>(position),
               static_cast<std::uint64_t>(std::max(max_message_size, 0)));
  const auto batch = segment.next();
  if (!batch) return base::fail(batch.error());
  if (!*batch) {
    return corrupt(
        fmt::format("No whole batch of at most {} bytes (--max-message-size) begins at position {}",
                    max_message_size, position));
  }
  return (*batch)->last_offset;
}

// Where the search for `offset` in the segment begins: the position in the greatest entry that is
// not beyond it.
std::uint64_t position_before(const IndexEntries& index, std::int64_t offset) {
  std::size_t low = 0;
  std::size_t high = index.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (index.offset(middle, 0) <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return 0;
  const auto position = base::load_big_endian<std::int32_t>(index.entry(low - 1) + kPositionFrom);
  return position < 0 ? 0 : static_cast<std::uint64_t>(position);
}

base::Result<std::int64_t> max_timestamp_of(base::ByteView bytes) {
  const auto view = record::BatchView::parse(bytes);
  if (!view) return base::fail(view.error());
  auto reader = record::RecordReader::open(*view);
  if (!reader) return base::fail(reader.error());
  std::int64_t max_timestamp = base::kNoTimestamp.value();
  while (true) {
    const auto record = reader->next();
    if (!record) return base::fail(record.error());
    if (!*record) return max_timestamp;
    max_timestamp = std::max(max_timestamp, (*record)->timestamp.value());
  }
}

struct TimeEntry {
  std::int64_t timestamp = 0;
  std::int64_t offset = 0;
};

// Compares one entry with the segment. `previous`: the timestamp of the entry before.
base::Result<> verify_time_entry(const TimeEntry& entry, std::int64_t previous,
                                 const IndexEntries& offsets, SegmentReader& segment,
                                 const std::string& path, DumpProblems& problems) {
  segment.seek(position_before(offsets, entry.offset));
  std::optional<SegmentReader::Batch> found;
  while (true) {
    const auto batch = segment.next();
    if (!batch) return base::fail(batch.error());
    if (*batch && (*batch)->last_offset < entry.offset) continue;
    found = *batch;
    break;
  }
  if (!found || found->last_offset != entry.offset) {
    problems.offsets_not_found[path].emplace_back(entry.offset, found ? found->last_offset : -1);
    return {};
  }
  const auto bytes = segment.whole(*found);
  if (!bytes) return base::fail(bytes.error());
  const auto max_timestamp = max_timestamp_of(*bytes);
  if (!max_timestamp) return base::fail(max_timestamp.error());
  if (*max_timestamp != entry.timestamp) {
    problems.timestamp_mismatches[path].emplace_back(entry.timestamp, *max_timestamp);
  }
  if (previous >= entry.timestamp) {
    problems.timestamps_out_of_order[path].emplace_back(entry.timestamp, previous);
  }
  return {};
}

// The offset index beside a time index; a missing one is empty.
base::Result<IndexEntries> offset_index_beside(env::Disk& disk, const std::string& path,
                                               std::int64_t base_offset) {
  const std::string index_path = beside(path, log::kOffsetIndexSuffix);
  if (!disk.exists(index_path)) return IndexEntries::empty(base_offset);
  return IndexEntries::read(disk, index_path, kOffsetEntryBytes, base_offset);
}

}  // namespace

base::Result<> dump_offset_index(env::Disk& disk, const std::string& path,
                                 const DumpOptions& options, DumpProblems& problems) {
  const auto base_offset = offset_in_name(path);
  if (!base_offset) return base::fail(base_offset.error());
  auto segment = SegmentReader::open(disk, beside(path, log::kLogSuffix));
  if (!segment) return base::fail(segment.error());
  const auto index = IndexEntries::read(disk, path, kOffsetEntryBytes, *base_offset);
  if (!index) return base::fail(index.error());
  if (index->size() == 0) {
    options.print("empty", {{"path", path}}, fmt::format("{} is empty.", path));
    return {};
  }
  if (options.index_sanity_only) {
    if (auto sane = check_offset_index(*index, path, *base_offset); !sane) return sane;
    options.print("sane", {{"path", path}}, fmt::format("{} passed sanity check.", path));
    return {};
  }
  for (std::size_t i = 0; i < index->size() && !is_ended(); ++i) {
    const std::int64_t offset = index->offset(i, 0);
    const auto position = base::load_big_endian<std::int32_t>(index->entry(i) + kPositionFrom);
    // The rest is preallocated.
    if (offset == *base_offset && i > 0) return {};
    const auto last_offset = last_offset_at(*segment, position, options.max_message_size);
    if (!last_offset) return base::fail(last_offset.error());
    if (*last_offset != offset) {
      problems.index_mismatches[absolute_path(path)][offset] = *last_offset;
    }
    if (options.verify_only) continue;
    options.print("index_entry", {{"offset", offset}, {"position", position}},
                  fmt::format("offset: {} position: {}", offset, position));
  }
  return {};
}

base::Result<> dump_time_index(env::Disk& disk, const std::string& path, const DumpOptions& options,
                               DumpProblems& problems) {
  const auto base_offset = offset_in_name(path);
  if (!base_offset) return base::fail(base_offset.error());
  auto segment = SegmentReader::open(disk, beside(path, log::kLogSuffix));
  if (!segment) return base::fail(segment.error());
  const auto offsets = offset_index_beside(disk, path, *base_offset);
  if (!offsets) return base::fail(offsets.error());
  const auto index = IndexEntries::read(disk, path, kTimeEntryBytes, *base_offset);
  if (!index) return base::fail(index.error());
  if (options.index_sanity_only) {
    if (auto sane = check_time_index(*index, path, *base_offset); !sane) return sane;
    options.print("sane", {{"path", path}}, fmt::format("{} passed sanity check.", path));
    return {};
  }
  std::int64_t previous = base::kNoTimestamp.value();
  for (std::size_t i = 0; i < index->size() && !is_ended(); ++i) {
    const TimeEntry entry{base::load_big_endian<std::int64_t>(index->entry(i)),
                          index->offset(i, kTimeOffsetFrom)};
    if (entry.offset == *base_offset && i > 0) return {};
    auto verified =
        verify_time_entry(entry, previous, *offsets, *segment, absolute_path(path), problems);
    if (!verified) return verified;
    if (!options.verify_only) {
      options.print("time_index_entry", {{"timestamp", entry.timestamp}, {"offset", entry.offset}},
                    fmt::format("timestamp: {} offset: {}", entry.timestamp, entry.offset));
    }
    previous = entry.timestamp;
  }
  return {};
}

}  // namespace odradek::cli
