// SPDX-License-Identifier: Apache-2.0
#include "log/time_index.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"

namespace odradek::log {

TimestampOffset TimeIndex::parse(const std::uint8_t* entry) const {
  return {base::Timestamp(base::load_big_endian<std::int64_t>(entry)),
          base_offset_ + base::load_big_endian<std::int32_t>(entry + 8)};
}

base::Result<TimestampOffset> TimeIndex::last() const {
  auto entry = file_.last();
  if (!entry) return base::fail(std::move(entry));
  if (!*entry) return TimestampOffset{base::kNoTimestamp, base_offset_};
  return parse((*entry)->data());
}

base::Result<> TimeIndex::append_if_greater(TimestampOffset entry) {
  auto newest = last();
  if (!newest) return base::fail(std::move(newest));
  if (entry.timestamp <= newest->timestamp) return {};
  const std::int64_t relative = entry.offset - base_offset_;
  ODRADEK_ASSERT(relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max());
  std::array<std::uint8_t, kEntryBytes> bytes{};
  base::store_big_endian(bytes.data(), entry.timestamp.value());
  base::store_big_endian(bytes.data() + 8, static_cast<std::int32_t>(relative));
  file_.append(bytes);
  return {};
}

base::Result<TimestampOffset> TimeIndex::lookup(base::Timestamp target) const {
  for (std::uint32_t i = file_.pending_entries(); i > 0; --i) {
    const TimestampOffset entry = parse(file_.pending_entry(i - 1));
    if (entry.timestamp <= target) return entry;
  }
  auto entry = file_.stored().last_where(
      [&](const std::uint8_t* bytes) { return parse(bytes).timestamp <= target; });
  if (!entry) return base::fail(std::move(entry));
  if (!*entry) return TimestampOffset{base::kNoTimestamp, base_offset_};
  return parse((*entry)->data());
}

base::Result<> TimeIndex::truncate_to(base::Offset offset) {
  const std::uint32_t stored = file_.stored().entries;
  std::uint32_t pending = file_.pending_entries();
  while (pending > 0 && parse(file_.pending_entry(pending - 1)).offset >= offset) --pending;
  if (pending > 0) return file_.truncate_to(stored + pending);
  auto kept = file_.stored().count_where(
      [&](const std::uint8_t* entry) { return parse(entry).offset < offset; });
  if (!kept) return base::fail(std::move(kept));
  return file_.truncate_to(*kept);
}

base::Result<std::uint32_t> TimeIndex::count_sane(base::Offset last_offset) const {
  const IndexFile::Stored stored = file_.stored();
  constexpr std::uint32_t kBlockEntries = 8192;
  std::vector<std::uint8_t> block(std::size_t{kEntryBytes} * kBlockEntries);
  TimestampOffset previous{base::kNoTimestamp, base_offset_};
  for (std::uint32_t first = 0; first < stored.entries;) {
    const std::uint32_t count = std::min(kBlockEntries, stored.entries - first);
    if (auto read = stored.read(first, std::span(block).first(std::size_t{count} * kEntryBytes));
        !read) {
      return base::fail(std::move(read));
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      const TimestampOffset entry = parse(block.data() + std::size_t{i} * kEntryBytes);
      const bool sane = entry.timestamp > previous.timestamp && entry.offset >= previous.offset &&
                        entry.offset <= last_offset;
      if (!sane) return first + i;
      previous = entry;
    }
    first += count;
  }
  return stored.entries;
}

}  // namespace odradek::log
