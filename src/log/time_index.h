// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "log/index_file.h"

namespace odradek::log {

// The greatest timestamp up to a place in the log, and the last offset of the batch that holds it.
struct TimestampOffset {
  base::Timestamp timestamp = base::kNoTimestamp;
  base::Offset offset = base::kNoOffset;
  friend bool operator==(const TimestampOffset&, const TimestampOffset&) = default;
};

// A segment's sparse time index (`.timeindex`, docs/formats/log.md): 12-byte entries, the greatest
// timestamp so far (int64) and the last offset of its batch relative to the segment's base (int32);
// the timestamps increase. Threads: guarded by its log's lock.
class TimeIndex {
 public:
  static constexpr std::uint32_t kEntryBytes = 12;

  explicit TimeIndex(base::Offset base_offset) : base_offset_(base_offset), file_(kEntryBytes) {}

  IndexFile& file() { return file_; }
  const IndexFile& file() const { return file_; }

  // The newest entry; no timestamp and the segment's base offset when there is none. REQUIRES:
  // loaded.
  [[nodiscard]] base::Result<TimestampOffset> last() const;
  // Appends where the timestamp is above the last entry's.
  [[nodiscard]] base::Result<> append_if_greater(TimestampOffset entry);

  // The greatest entry whose timestamp is at or below `target`; as last() when there is none.
  [[nodiscard]] base::Result<TimestampOffset> lookup(base::Timestamp target) const;

  // Keeps the entries below `offset`.
  [[nodiscard]] base::Result<> truncate_to(base::Offset offset);
  // How many entries, from the first, can be true: the timestamps increase, the offsets don't
  // decrease and lie at or below `last_offset`.
  [[nodiscard]] base::Result<std::uint32_t> count_sane(base::Offset last_offset) const;

 private:
  TimestampOffset parse(const std::uint8_t* entry) const;

  const base::Offset base_offset_;
  IndexFile file_;
};

}  // namespace odradek::log
