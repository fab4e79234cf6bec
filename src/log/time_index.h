// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

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
// the timestamps increase. Threads: guarded by its log's lock; what blocks says so.
class TimeIndex {
 public:
  static constexpr std::uint32_t kEntryBytes = 12;

  TimeIndex(base::Offset base_offset, IndexFile file)
      : base_offset_(base_offset), file_(std::move(file)) {}
  explicit TimeIndex(base::Offset base_offset) : TimeIndex(base_offset, IndexFile(kEntryBytes)) {}

  IndexFile& file() { return file_; }
  const IndexFile& file() const { return file_; }

  // The newest entry; no timestamp and the segment's base offset when there is none.
  TimestampOffset last() const;
  // Appends where the timestamp is above the last entry's.
  void append_if_greater(TimestampOffset entry);

  // The greatest entry whose timestamp is at or below `target`, among the pending ones.
  std::optional<TimestampOffset> lookup_pending(base::Timestamp target) const;
  // The same among `stored`; as last() when there is none. Any thread; blocks.
  [[nodiscard]] static base::Result<TimestampOffset> lookup_stored(const IndexFile::Stored& stored,
                                                                   base::Offset base_offset,
                                                                   base::Timestamp target);

  // How many of the pending entries, from the first, lie below `offset`.
  std::uint32_t count_pending_below(base::Offset offset) const;
  // Keeps the entries below `offset`. Blocks. REQUIRES: nobody else uses the index.
  [[nodiscard]] base::Result<> truncate_to(base::Offset offset);
  // How many entries of the file, from the first, can be true: the timestamps increase, the offsets
  // don't decrease and lie at or below `last_offset`. Blocks.
  [[nodiscard]] base::Result<std::uint32_t> count_sane(base::Offset last_offset) const;

 private:
  TimestampOffset parse(const std::uint8_t* entry) const { return parse(base_offset_, entry); }
  static TimestampOffset parse(base::Offset base_offset, const std::uint8_t* entry);

  base::Offset base_offset_;
  IndexFile file_;
};

}  // namespace odradek::log
