// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"
#include "record/batch_header.h"

namespace odradek::log {

// Walks over the batches in a range of a segment's file, from one batch boundary on. Reads ahead in
// chunks, so that small batches cost few reads and large ones only their headers. Not thread-safe;
// the file may be appended to meanwhile.
class BatchScanner {
 public:
  // A little more than the distance of two index entries.
  static constexpr std::size_t kSearchChunkBytes = 8192;
  static constexpr std::size_t kReplayChunkBytes = 256 * 1024;

  // Looks at [position, end) of `file`.
  BatchScanner(std::shared_ptr<env::File> file, std::uint64_t position, std::uint64_t end,
               std::size_t chunk_bytes = kSearchChunkBytes);

  // The header of the next batch; nothing at the end, or where less than a batch is left. It lives
  // until the next call. CORRUPT_MESSAGE where there is no batch.
  [[nodiscard]] base::Result<std::optional<record::BatchHeader>> next();
  // The whole of the batch that next() gave; it lives until the next call of either.
  [[nodiscard]] base::Result<record::BatchView> whole();

  // next() looks at `position` then.
  void seek(std::uint64_t position) { position_ = next_ = position; }

  // The header that next() gave, again: whole() may have moved it.
  [[nodiscard]] base::Result<record::BatchHeader> current();

  // Where the batch that next() gave starts; before that, where the scan starts.
  std::uint64_t position() const { return position_; }
  // Where the next one starts.
  std::uint64_t next_position() const { return next_; }

 private:
  // Makes [position, position + size) part of the chunk; fewer bytes only where the range ends.
  base::Result<base::ByteView> bytes_at(std::uint64_t position, std::size_t size);

  std::shared_ptr<env::File> file_;
  std::uint64_t position_;
  std::uint64_t next_;
  const std::uint64_t end_;
  const std::size_t chunk_bytes_;
  std::uint64_t chunk_position_ = 0;
  std::size_t chunk_size_ = 0;
  std::vector<std::uint8_t> chunk_;
};

}  // namespace odradek::log
