// SPDX-License-Identifier: Apache-2.0
#include "log/position_cache.h"

#include "base/assert.h"

namespace odradek::log {

void PositionCache::add(base::Offset base_offset, std::uint64_t position) {
  if (batches_.size() < kCapacity) {
    ODRADEK_ASSERT(batches_.empty() || batches_.back().offset < base_offset);
    batches_.push_back({base_offset, position});
    return;
  }
  ODRADEK_ASSERT(at(kCapacity - 1).offset < base_offset);
  batches_[first_] = {base_offset, position};
  first_ = (first_ + 1) % kCapacity;
}

void PositionCache::clear() {
  batches_.clear();
  first_ = 0;
}

std::size_t PositionCache::count_up_to(base::Offset offset) const {
  std::size_t low = 0;
  std::size_t high = batches_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (at(middle).offset <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

std::optional<PositionCache::Batch> PositionCache::find(base::Offset offset) const {
  const std::size_t count = count_up_to(offset);
  if (count == 0) return std::nullopt;
  Batch batch{at(count - 1).offset, at(count - 1).position, std::nullopt};
  if (count < batches_.size()) batch.next_position = at(count).position;
  return batch;
}

std::optional<std::uint64_t> PositionCache::position_of(base::Offset base_offset) const {
  const std::size_t count = count_up_to(base_offset);
  if (count == 0 || at(count - 1).offset != base_offset) return std::nullopt;
  return at(count - 1).position;
}

}  // namespace odradek::log
