// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "log/batch_scanner.h"
#include "log/cleaner/cleanable_log.h"
#include "record/batch_header.h"

namespace odradek::log::cleaner {

// Reads the batches of a segment for cleaning, which trusts none of them: each has to match its
// checksum and, as a batch's own offset is no part of what that covers, to lie behind the one
// before it and within the segment. Nothing is noted or written of what does not: the error is
// CORRUPT_MESSAGE and names the place. Not thread-safe.
class SourceReader {
 public:
  // From `position` on, where a batch begins. The segment has no record at or above `end`.
  SourceReader(const Source& source, std::uint64_t position, base::Offset end,
               std::size_t chunk_bytes);

  // The next batch, until the next call; nothing at the segment's end.
  [[nodiscard]] base::Result<std::optional<record::BatchView>> next();

  std::uint64_t next_position() const { return scanner_.next_position(); }

 private:
  base::Result<> check(const record::BatchView& batch) const;
  base::Error damaged(const std::string& why) const;

  BatchScanner scanner_;
  const std::string path_;
  const std::uint64_t size_;
  const base::Offset end_;
  base::Offset expected_;
};

// Whether a record may follow the one at `previous` (the batch's first: the offset below the
// batch's) in its batch: records have offsets of their own, which need not fit what the header
// says.
[[nodiscard]] base::Result<> check_order(const record::BatchHeader& batch, base::Offset previous,
                                         base::Offset offset);

}  // namespace odradek::log::cleaner
