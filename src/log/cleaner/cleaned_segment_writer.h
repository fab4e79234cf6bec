// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/cleaner/cleanable_log.h"
#include "record/batch_header.h"

namespace odradek::log::cleaner {

// Writes one `.cleaned` segment with its indexes. Everything blocks. Not thread-safe.
class CleanedSegmentWriter {
 public:
  // `segment`: CleanableLog::make_cleaned_segment's. Output is gathered up to `buffer_bytes`.
  CleanedSegmentWriter(env::Disk& disk, std::shared_ptr<Segment> segment,
                       std::int32_t index_interval_bytes, std::size_t buffer_bytes);

  // Creates the file; what an interrupted cleaning left under its names goes.
  [[nodiscard]] base::Result<> begin();
  // Adds a batch after the last one. Kafka's segments end before 2 GiB: KAFKA_STORAGE_ERROR beyond.
  [[nodiscard]] base::Result<> add(const record::BatchView& batch);
  [[nodiscard]] base::Result<> add_aborted(const AbortedTransaction& transaction);
  // Completes the indexes and makes everything durable, names included. The files are as old as
  // `modified`.
  [[nodiscard]] base::Result<Cleaned> finish(base::Timestamp modified);
  // Removes what was written, unless its replacement has begun.
  void remove();

  std::uint64_t size() const { return segment_->size(); }

 private:
  base::Result<> write_out();

  env::Disk& disk_;
  const std::shared_ptr<Segment> segment_;
  const std::int32_t index_interval_bytes_;
  const std::size_t buffer_bytes_;
  std::vector<std::uint8_t> buffer_;
  std::optional<TransactionIndex> transactions_;
};

}  // namespace odradek::log::cleaner
