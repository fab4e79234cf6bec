// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/bytes.h"
#include "base/ids.h"
#include "log/cleaner/key_hash.h"

namespace odradek::log::cleaner {

// The last offset of each key in a range of a log, in memory that is bounded: 24 bytes an entry, a
// hash of 128 bits in place of the key, as in Kafka. Pages of the memory count only once an entry
// is on them. Not thread-safe.
class OffsetMap {
 public:
  static constexpr std::uint64_t kEntryBytes = 24;

  // At most `bytes` of memory (log.cleaner.dedupe.buffer.size, of one thread), filled up to
  // `load_factor` (log.cleaner.io.buffer.load.factor).
  OffsetMap(std::uint64_t bytes, double load_factor, const KeyHasher& hasher);

  // Notes that `key` was written at `offset`. False, and nothing is noted, when the map is full.
  // REQUIRES: offsets come in ascending order.
  [[nodiscard]] bool put(base::ByteView key, base::Offset offset);
  // The last offset of the key; kNoOffset where it was not put.
  base::Offset get(base::ByteView key) const;

  std::uint64_t size() const { return size_; }
  // How many keys it takes.
  std::uint64_t capacity() const { return capacity_; }
  // Everything up to here was put.
  base::Offset latest_offset() const { return latest_offset_; }
  void set_latest_offset(base::Offset offset) { latest_offset_ = offset; }

 private:
  struct Entry {
    KeyHash hash;
    // One more than the offset, so that zeros are an empty entry.
    std::int64_t next_offset;
  };
  static_assert(sizeof(Entry) == kEntryBytes);
  struct Free {
    void operator()(Entry* entries) const { std::free(entries); }
  };

  // The entry of the hash, or the empty one where it would be.
  Entry& slot_of(const KeyHash& hash) const;

  KeyHasher hasher_;
  std::uint64_t slots_;
  std::uint64_t capacity_;
  std::unique_ptr<Entry[], Free> entries_;
  std::uint64_t size_ = 0;
  base::Offset latest_offset_ = base::kNoOffset;
};

}  // namespace odradek::log::cleaner
