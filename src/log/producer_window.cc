// SPDX-License-Identifier: Apache-2.0
#include "log/producer_window.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "log/batch_scanner.h"
#include "log/segment.h"

namespace odradek::log {
namespace {

struct Range {
  base::Offset from;
  base::Offset end;
};

bool is_of(const record::BatchHeader& header, const ProducerEntry& entry) {
  return header.producer_id() == entry.producer_id &&
         header.producer_epoch() == entry.producer_epoch && !header.is_control();
}

// Adds what the segment has of the range; returns the bytes that were looked at.
base::Result<std::uint64_t> read_segment(env::Disk& disk, const Segment& segment, Range range,
                                         const ProducerEntry& entry,
                                         std::vector<ProducerBatchSpan>& found) {
  auto files = segment.open_files(disk);
  if (!files) return base::fail(std::move(files));
  auto start = files->offset_index.lookup(std::max(range.from, segment.base_offset()));
  if (!start) return base::fail(std::move(start));
  BatchScanner scanner(files->log, start->position, segment.written_size(),
                       BatchScanner::kReplayChunkBytes);
  for (;;) {
    auto header = scanner.next();
    if (!header) return base::fail(std::move(header));
    if (!*header || (*header)->base_offset() >= range.end) break;
    if ((*header)->last_offset() < range.from || !is_of(**header, entry)) continue;
    const std::int32_t delta = (*header)->last_offset_delta();
    found.push_back({.last_sequence = last_sequence_of((*header)->base_sequence(), delta),
                     .offset_delta = delta,
                     .last_offset = (*header)->last_offset(),
                     .timestamp = (*header)->max_timestamp()});
  }
  return scanner.position() - start->position;
}

base::Result<std::uint64_t> read_range(env::Disk& disk, const Segments& segments, Range range,
                                       const ProducerEntry& entry,
                                       std::vector<ProducerBatchSpan>& found) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < segments.size() && segments[i]->base_offset() < range.end; ++i) {
    const bool is_below = i + 1 < segments.size() && segments[i + 1]->base_offset() <= range.from;
    if (is_below || segments[i]->written_size() == 0) continue;
    auto read = read_segment(disk, *segments[i], range, entry, found);
    if (!read) return base::fail(std::move(read));
    bytes += *read;
  }
  return bytes;
}

}  // namespace

base::Result<std::vector<ProducerBatchSpan>> read_older_batches(env::Disk& disk,
                                                                const Segments& segments,
                                                                const ProducerEntry& entry,
                                                                std::int32_t base_sequence) {
  ODRADEK_ASSERT(entry.batch_count > 0);
  const base::Offset end = entry.batches[0].first_offset();
  // Other producers' records lie between; how many is not known.
  std::int64_t distance = 64;
  for (;;) {
    std::vector<ProducerBatchSpan> found;
    const Range range{end - distance, end};
    auto bytes = read_range(disk, segments, range, entry, found);
    if (!bytes) return base::fail(std::move(bytes));
    const bool is_found = std::ranges::any_of(
        found, [&](const auto& span) { return span.first_sequence() == base_sequence; });
    const bool is_all = range.from <= segments.front()->base_offset();
    if (is_found || is_all || *bytes >= kProducerWindowBytes) return found;
    const std::uint64_t room = kProducerWindowBytes / std::max<std::uint64_t>(*bytes, 1);
    distance *= static_cast<std::int64_t>(std::min<std::uint64_t>(4, room + 1));
  }
}

}  // namespace odradek::log
