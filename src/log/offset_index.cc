// SPDX-License-Identifier: Apache-2.0
#include "log/offset_index.h"

#include <array>
#include <limits>

#include "base/assert.h"
#include "base/bytes.h"

namespace odradek::log {

OffsetPosition OffsetIndex::parse(base::Offset base_offset, const std::uint8_t* entry) {
  return {base_offset + base::load_big_endian<std::int32_t>(entry),
          base::load_big_endian<std::uint32_t>(entry + 4)};
}

void OffsetIndex::append(base::Offset last_offset, std::uint64_t position) {
  const std::int64_t relative = last_offset - base_offset_;
  ODRADEK_ASSERT(relative >= 0 && relative <= std::numeric_limits<std::int32_t>::max());
  ODRADEK_ASSERT(position <= std::numeric_limits<std::int32_t>::max());
  std::array<std::uint8_t, kEntryBytes> entry{};
  base::store_big_endian(entry.data(), static_cast<std::int32_t>(relative));
  base::store_big_endian(entry.data() + 4, static_cast<std::int32_t>(position));
  file_.append(entry);
}

std::optional<OffsetPosition> OffsetIndex::lookup_pending(base::Offset target) const {
  std::uint32_t low = 0;
  std::uint32_t high = file_.pending_entries();
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    if (parse(file_.pending_entry(middle)).offset <= target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  return parse(file_.pending_entry(low - 1));
}

base::Result<OffsetPosition> OffsetIndex::lookup_stored(const IndexFile::Stored& stored,
                                                        base::Offset base_offset,
                                                        base::Offset target) {
  auto entry = stored.last_where(
      [&](const std::uint8_t* bytes) { return parse(base_offset, bytes).offset <= target; });
  if (!entry) return base::fail(std::move(entry));
  if (!*entry) return OffsetPosition{base_offset, 0};
  return parse(base_offset, (*entry)->data());
}

base::Result<OffsetPosition> OffsetIndex::lookup(base::Offset target) const {
  if (auto pending = lookup_pending(target)) return *pending;
  return lookup_stored(file_.stored(), base_offset_, target);
}

OffsetPosition OffsetIndex::last() const {
  const std::uint8_t* const entry = file_.last();
  return entry == nullptr ? OffsetPosition{base_offset_, 0} : parse(entry);
}

std::uint32_t OffsetIndex::count_pending_below(base::Offset offset) const {
  std::uint32_t pending = file_.pending_entries();
  while (pending > 0 && parse(file_.pending_entry(pending - 1)).offset >= offset) --pending;
  return pending;
}

base::Result<> OffsetIndex::truncate_to(base::Offset offset) {
  const std::uint32_t stored = file_.stored().entries;
  const std::uint32_t pending = count_pending_below(offset);
  if (pending > 0) return file_.truncate_to(stored + pending);
  auto kept = file_.stored().count_where(
      [&](const std::uint8_t* entry) { return parse(entry).offset < offset; });
  if (!kept) return base::fail(std::move(kept));
  return file_.truncate_to(*kept);
}

base::Result<std::uint32_t> OffsetIndex::count_sane(std::uint64_t segment_bytes) const {
  OffsetPosition previous{base_offset_ - 1, 0};
  return file_.stored().visit_while([&](const std::uint8_t* bytes) {
    const OffsetPosition entry = parse(bytes);
    const bool is_sane = entry.offset > previous.offset && entry.position > previous.position &&
                         entry.position < segment_bytes;
    previous = entry;
    return is_sane;
  });
}

}  // namespace odradek::log
