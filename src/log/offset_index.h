// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "log/index_file.h"

namespace odradek::log {

// A batch's place in its segment's file. In the offset index, `offset` is the batch's last one.
struct OffsetPosition {
  base::Offset offset = base::kNoOffset;
  std::uint64_t position = 0;
};

// A segment's sparse offset index (`.index`, docs/formats/log.md): 8-byte entries, the last offset
// of a batch relative to the segment's base (int32) and the batch's position (int32), both
// increasing. Threads: guarded by its log's lock; what blocks says so.
class OffsetIndex {
 public:
  static constexpr std::uint32_t kEntryBytes = 8;

  OffsetIndex(base::Offset base_offset, IndexFile file)
      : base_offset_(base_offset), file_(std::move(file)) {}
  explicit OffsetIndex(base::Offset base_offset)
      : OffsetIndex(base_offset, IndexFile(kEntryBytes)) {}

  IndexFile& file() { return file_; }
  const IndexFile& file() const { return file_; }

  // REQUIRES: `last_offset` above the last entry's, within int32 of the base offset.
  void append(base::Offset last_offset, std::uint64_t position);

  // The greatest entry at or below `target` among the pending ones.
  std::optional<OffsetPosition> lookup_pending(base::Offset target) const;
  // The same among `stored`; the segment's beginning when there is none. Any thread; blocks.
  [[nodiscard]] static base::Result<OffsetPosition> lookup_stored(const IndexFile::Stored& stored,
                                                                  base::Offset base_offset,
                                                                  base::Offset target);
  // Among all of them. Blocks.
  [[nodiscard]] base::Result<OffsetPosition> lookup(base::Offset target) const;
  // The newest entry; the segment's beginning when there is none.
  OffsetPosition last() const;

  // How many of the pending entries, from the first, lie below `offset`.
  std::uint32_t count_pending_below(base::Offset offset) const;
  // Keeps the entries below `offset`. Blocks. REQUIRES: nobody else uses the index.
  [[nodiscard]] base::Result<> truncate_to(base::Offset offset);
  // How many entries of the file, from the first, can be true in a segment of `segment_bytes`: both
  // numbers increase, no position is 0 or beyond the segment. A power cut can leave zeros in
  // between. Blocks.
  [[nodiscard]] base::Result<std::uint32_t> count_sane(std::uint64_t segment_bytes) const;

 private:
  OffsetPosition parse(const std::uint8_t* entry) const { return parse(base_offset_, entry); }
  static OffsetPosition parse(base::Offset base_offset, const std::uint8_t* entry);

  base::Offset base_offset_;
  IndexFile file_;
};

}  // namespace odradek::log
