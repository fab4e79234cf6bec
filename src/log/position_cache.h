// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "log/offset_index.h"

namespace odradek::log {

// Where the newest batches of the active segment start, so that a read at the log's tail, and the
// end of what a reader may see, need no look at the disk. Takes memory only as batches come in, and
// no more than kCapacity of them. Threads: guarded by its log's lock.
class PositionCache {
 public:
  static constexpr std::size_t kCapacity = 64;

  // A batch was placed behind the others. REQUIRES: a greater offset and position than the last.
  void add(base::Offset base_offset, std::uint64_t position);
  void clear();

  struct Batch {
    base::Offset base_offset;
    std::uint64_t position = 0;
    // Where the next one starts; nothing for the newest.
    std::optional<std::uint64_t> next_position;
  };
  // The batch that holds `offset`, which lies below the log's end. Nothing when it is older than
  // what is kept.
  std::optional<Batch> find(base::Offset offset) const;
  // The position of the batch that starts at `offset`.
  std::optional<std::uint64_t> position_of(base::Offset base_offset) const;

 private:
  const OffsetPosition& at(std::size_t age_order) const {
    return batches_[(first_ + age_order) % batches_.size()];
  }
  // How many start at or below `offset`, in order of age.
  std::size_t count_up_to(base::Offset offset) const;

  std::vector<OffsetPosition> batches_;
  std::size_t first_ = 0;  // the oldest, once the ring is full
};

}  // namespace odradek::log
