// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/cleaner/batch_cleaner.h"
#include "log/cleaner/plan.h"
#include "log/segment.h"
#include "log/transaction_index.h"

namespace odradek::log::cleaner {

// A segment that is read for cleaning, with files of its own: those of the log may be closed, or
// renamed, meanwhile.
struct Source {
  std::shared_ptr<const Segment> segment;
  Segment::Files files;
  std::uint64_t size = 0;
};

// A segment that compaction wrote, complete and flushed, all its files marked `.cleaned`.
struct Cleaned {
  std::shared_ptr<Segment> segment;
  // Its path is the marked one; nothing where it has no aborted transaction.
  std::optional<TransactionIndex> transactions;
};

// What the cleaner wants of a log. Threads: any, but only one cleaning at a time.
class CleanableLog {
 public:
  virtual ~CleanableLog() = default;

  // Nothing where the log is closed, has failed or is just being cut. Segments that are not
  // complete lie beyond `stable_end`.
  virtual std::optional<LogShape> cleaning_shape() const = 0;
  // Opens the files of the segment that begins at `base_offset`; nothing where there is none any
  // more. Blocks.
  [[nodiscard]] virtual base::Result<std::optional<Source>> open_source(
      base::Offset base_offset) = 0;
  // An empty segment that compaction writes, its files marked.
  virtual std::shared_ptr<Segment> make_cleaned_segment(base::Offset base_offset) const = 0;
  virtual LastRecords last_records() const = 0;

  // Puts `cleaned` in the place of `originals`, which follow each other: renames, so that a stop at
  // any point leaves either what was or what is to be (docs/formats/log.md). Its files must be
  // flushed. False, and nothing is changed, where one of the originals is not the log's any more,
  // or the log is being cut: the caller removes what it wrote. After an error the directory is
  // offline, unless it says so with `os_error` ENOSPC: then nothing was changed, or the log ends
  // the change itself once there is room. Blocks.
  [[nodiscard]] virtual base::Result<bool> replace_segments(
      const std::vector<std::shared_ptr<const Segment>>& originals, Cleaned cleaned) = 0;
};

}  // namespace odradek::log::cleaner
