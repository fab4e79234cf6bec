// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/offset_map.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace odradek::log::cleaner {
namespace {

// Kafka's bound of one thread's map, too.
constexpr std::uint64_t kBytesMax = (std::uint64_t{1} << 31U) - 1;

}  // namespace

OffsetMap::OffsetMap(std::uint64_t bytes, double load_factor, const KeyHasher& hasher)
    : hasher_(hasher),
      slots_(std::max<std::uint64_t>(std::min(bytes, kBytesMax) / kEntryBytes, 1)) {
  const double wanted = std::floor(static_cast<double>(slots_) * std::clamp(load_factor, 0.0, 1.0));
  // One slot stays empty: a search ends there.
  capacity_ = std::min(static_cast<std::uint64_t>(wanted), slots_ - 1);
  entries_.reset(static_cast<Entry*>(std::calloc(slots_, sizeof(Entry))));
  ODRADEK_ASSERT(entries_ != nullptr);
}

OffsetMap::Entry& OffsetMap::slot_of(const KeyHash& hash) const {
  // The upper half of the product spreads the hash over the slots without a division.
  auto slot = static_cast<std::uint64_t>(
      (static_cast<unsigned __int128>(hash[0]) * static_cast<unsigned __int128>(slots_)) >> 64U);
  for (;;) {
    Entry& entry = entries_[slot];
    if (entry.next_offset == 0 || entry.hash == hash) return entry;
    if (++slot == slots_) slot = 0;
  }
}

bool OffsetMap::put(base::ByteView key, base::Offset offset) {
  const KeyHash hash = hasher_(key);
  Entry& entry = slot_of(hash);
  if (entry.next_offset == 0) {
    if (size_ >= capacity_) return false;
    entry.hash = hash;
    ++size_;
  }
  ODRADEK_ASSERT(entry.next_offset <= offset.value());
  entry.next_offset = offset.value() + 1;
  return true;
}

base::Offset OffsetMap::get(base::ByteView key) const {
  return base::Offset(slot_of(hasher_(key)).next_offset - 1);
}

}  // namespace odradek::log::cleaner
