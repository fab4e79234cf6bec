// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"

namespace odradek::cli {

// Walks over the batches of a segment's or a snapshot's file as they are, damaged ones too: only
// the length field is believed, and only within the file. Not thread-safe.
class SegmentReader {
 public:
  // What Kafka's tool calls the end of its slice: as many bytes from the beginning at most.
  [[nodiscard]] static base::Result<SegmentReader> open(env::Disk& disk, const std::string& path,
                                                        std::uint64_t max_bytes = UINT64_MAX);

  struct Batch {
    std::uint64_t position = 0;
    // As stored; of an old format the last record's offset.
    std::int64_t base_offset = 0;
    std::int64_t last_offset = 0;
    std::uint64_t size = 0;  // header included
    std::int8_t magic = 0;
  };
  // The next batch; nothing where less than a whole one is left before `end`. CORRUPT_MESSAGE where
  // the length is too small for any.
  [[nodiscard]] base::Result<std::optional<Batch>> next();
  // All of the batch's bytes; they live until the next call.
  [[nodiscard]] base::Result<base::ByteView> whole(const Batch& batch);
  // Goes on at `position`, up to `max_bytes` from there.
  void seek(std::uint64_t position, std::uint64_t max_bytes = UINT64_MAX);

  // Where the next batch starts.
  std::uint64_t position() const { return position_; }
  std::uint64_t end() const { return end_; }
  std::uint64_t file_size() const { return file_size_; }

 private:
  SegmentReader(std::shared_ptr<env::File> file, std::uint64_t file_size, std::uint64_t end)
      : file_(std::move(file)), file_size_(file_size), end_(end) {}
  base::Result<> read(std::uint64_t position, std::size_t size);

  std::shared_ptr<env::File> file_;
  std::uint64_t file_size_;
  std::uint64_t end_;
  std::uint64_t position_ = 0;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace odradek::cli
