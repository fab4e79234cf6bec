// SPDX-License-Identifier: Apache-2.0
#include "log/time_index.h"

#include <array>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"

namespace odradek::log {

TimestampOffset TimeIndex::parse(base::Offset base_offset, const std::uint8_t* entry) {
  return {base::Timestamp(base::load_big_endian<std::int64_t>(entry)),
          base_offset + base::load_big_endian<std::int32_t>(entry + 8)};
}

TimestampOffset TimeIndex::last() const {
  const std::uint8_t* const entry = file_.last();
  return entry == nullptr ? TimestampOffset{base::kNoTimestamp, base_offset_} : parse(entry);
}

void TimeIndex::append_if_greater(TimestampOffset entry) {
  if (entry.timestamp <= last().timestamp) return;
  const std::int64_t relative = entry.offset - base_offset_;
  ODRADEK_ASSERT(relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max());
  std::array<std::uint8_t, kEntryBytes> bytes{};
  base::store_big_endian(bytes.data(), entry.timestamp.value());
  base::store_big_endian(bytes.data() + 8, static_cast<std::int32_t>(relative));
  file_.append(bytes);
}

std::optional<TimestampOffset> TimeIndex::lookup_pending(base::Timestamp target) const {
  for (std::uint32_t i = file_.pending_entries(); i > 0; --i) {
    const TimestampOffset entry = parse(file_.pending_entry(i - 1));
    if (entry.timestamp <= target) return entry;
  }
  return std::nullopt;
}

base::Result<TimestampOffset> TimeIndex::lookup_stored(const IndexFile::Stored& stored,
                                                       base::Offset base_offset,
                                                       base::Timestamp target) {
  auto entry = stored.last_where(
      [&](const std::uint8_t* bytes) { return parse(base_offset, bytes).timestamp <= target; });
  if (!entry) return base::fail(std::move(entry));
  if (!*entry) return TimestampOffset{base::kNoTimestamp, base_offset};
  return parse(base_offset, (*entry)->data());
}

std::uint32_t TimeIndex::count_pending_below(base::Offset offset) const {
  std::uint32_t pending = file_.pending_entries();
  while (pending > 0 && parse(file_.pending_entry(pending - 1)).offset >= offset) --pending;
  return pending;
}

base::Result<> TimeIndex::truncate_to(base::Offset offset) {
  const std::uint32_t stored = file_.stored().entries;
  const std::uint32_t pending = count_pending_below(offset);
  if (pending > 0) return file_.truncate_to(stored + pending);
  auto kept = file_.stored().count_where(
      [&](const std::uint8_t* entry) { return parse(entry).offset < offset; });
  if (!kept) return base::fail(std::move(kept));
  return file_.truncate_to(*kept);
}

base::Result<std::uint32_t> TimeIndex::count_sane(base::Offset last_offset) const {
  TimestampOffset previous{base::kNoTimestamp, base_offset_};
  return file_.stored().visit_while([&](const std::uint8_t* bytes) {
    const TimestampOffset entry = parse(bytes);
    const bool is_sane = entry.timestamp > previous.timestamp && entry.offset >= previous.offset &&
                         entry.offset <= last_offset;
    previous = entry;
    return is_sane;
  });
}

}  // namespace odradek::log
