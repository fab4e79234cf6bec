// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/world.h"
#include "log/cleaner/batch_cleaner.h"
#include "log/cleaner/cleanable_log.h"
#include "log/cleaner/cleaned_segment_writer.h"
#include "log/cleaner/cleaned_transactions.h"
#include "log/cleaner/offset_map.h"
#include "log/cleaner/plan.h"
#include "log/cleaner/source_reader.h"
#include "log/log.h"

namespace odradek::log::cleaner {

struct PassOptions {
  // Of one thread.
  std::uint64_t map_bytes = 0;
  double load_factor = 0.9;
  std::size_t buffer_bytes = 0;
};

struct PassStatistics {
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  std::int64_t records_read = 0;
  std::int64_t records_kept = 0;
  std::int64_t records_without_key = 0;
  std::uint64_t keys = 0;

  std::uint64_t bytes_moved() const { return bytes_read + bytes_written; }
};

// One cleaning of one log: first the last offset of each key in the dirty part is noted, as far as
// the map goes, then every segment up to there is written anew and swapped in, group by group. It
// gets on in steps, so that whoever drives it may let others have the thread, hold it back or give
// it up in between. Blocks; one thread at a time.
class CleaningPass {
 public:
  // `shape` and `range` are what `measure` decided on. The log outlives it.
  CleaningPass(env::World& world, std::shared_ptr<Log> log, LogShape shape, DirtyRange range,
               const PassOptions& options);

  enum class Progress : std::uint8_t {
    kMore,
    // Everything below end_offset() is clean.
    kDone,
    // The log was changed by others meanwhile: nothing is lost, it is begun again later.
    kOvertaken,
  };
  // About `buffer_bytes` of the log. After an error, or when it is given up, call `abandon`.
  [[nodiscard]] base::Result<Progress> step();
  // Removes what was not swapped in.
  void abandon();

  const std::shared_ptr<Log>& log() const { return log_; }
  const DirtyRange& range() const { return range_; }
  base::Offset end_offset() const { return map_.latest_offset() + 1; }
  const PassStatistics& statistics() const { return statistics_; }
  // The base offsets of the segments that were not swapped yet.
  std::vector<base::Offset> segments_left() const;

 private:
  enum class Phase : std::uint8_t { kMapping, kPlanning, kCleaning, kDone };

  base::Result<Progress> map_some();
  base::Result<bool> open_for_mapping();
  // False: the map is full.
  base::Result<bool> map_batch(const record::BatchView& batch);
  base::Result<Progress> plan_groups();
  base::Result<Progress> clean_some();
  base::Result<bool> begin_group();
  base::Result<bool> open_for_cleaning();
  base::Result<> clean_batch(const record::BatchView& batch);
  base::Result<Progress> finish_group();
  base::Result<bool> open_source(std::size_t index);
  base::Offset end_of_segment(std::size_t index) const;

  env::World& world_;
  const std::shared_ptr<Log> log_;
  CleanableLog& cleanable_;
  const LogConfig config_;
  LogShape shape_;
  const DirtyRange range_;
  const PassOptions options_;
  Phase phase_ = Phase::kMapping;
  PassStatistics statistics_;
  OffsetMap map_;
  CleanedTransactions mapped_transactions_;

  // Of the shape's segments, the one that is being read.
  std::size_t segment_ = 0;
  std::optional<Source> source_;
  std::optional<SourceReader> reader_;

  std::vector<Group> groups_;
  std::size_t group_ = 0;
  CleanedTransactions cleaned_transactions_;
  std::optional<BatchCleaner> batch_cleaner_;
  std::vector<std::shared_ptr<const Segment>> originals_;
  std::optional<CleanedSegmentWriter> writer_;
};

}  // namespace odradek::log::cleaner
