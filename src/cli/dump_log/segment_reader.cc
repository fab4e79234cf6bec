// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_log/segment_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/batch_header.h"

namespace odradek::cli {
namespace {

using record::kLogOverhead;

constexpr std::size_t kSizeUpToMagic = record::position::kMagic + 1;
// What the oldest format's record takes at least, after offset and length.
constexpr std::int32_t kLengthMin = 14;
constexpr std::int8_t kMagicOfBatches = 2;

}  // namespace

base::Result<SegmentReader> SegmentReader::open(env::Disk& disk, const std::string& path,
                                                std::uint64_t max_bytes) {
  auto file = disk.open(path, env::OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  const auto size = (*file)->size();
  if (!size) return base::fail(size.error());
  return SegmentReader(*std::move(file), *size, std::min(*size, max_bytes));
}

void SegmentReader::seek(std::uint64_t position, std::uint64_t max_bytes) {
  position_ = std::min(position, file_size_);
  end_ = position_ + std::min(max_bytes, file_size_ - position_);
}

base::Result<> SegmentReader::read(std::uint64_t position, std::size_t size) {
  buffer_.resize(size);
  const auto done = file_->read_at(position, buffer_);
  if (!done) return base::fail(done.error());
  // The file became shorter meanwhile.
  if (*done == size) return {};
  return base::fail(base::ErrorCode::kCorruptMessage,
                    fmt::format("{} ends within a batch at position {}", file_->path(), position));
}

base::Result<std::optional<SegmentReader::Batch>> SegmentReader::next() {
  const std::uint64_t left = end_ - position_;
  if (left <= kSizeUpToMagic) return std::nullopt;
  const std::size_t header_size = std::min<std::uint64_t>(left, record::kBatchHeaderSize);
  if (auto done = read(position_, header_size); !done) return base::fail(std::move(done));
  const auto length = base::load_big_endian<std::int32_t>(&buffer_[record::position::kLength]);
  if (length < kLengthMin) {
    return base::fail(
        base::ErrorCode::kCorruptMessage,
        fmt::format("Found record size {} smaller than minimum record overhead ({}) in file {}.",
                    length, kLengthMin, file_->path()));
  }
  Batch batch;
  batch.position = position_;
  batch.size = kLogOverhead + static_cast<std::uint64_t>(length);
  if (batch.size > left) return std::nullopt;
  batch.base_offset = base::load_big_endian<std::int64_t>(&buffer_[record::position::kBaseOffset]);
  batch.last_offset = batch.base_offset;
  batch.magic = static_cast<std::int8_t>(buffer_[record::position::kMagic]);
  if (batch.magic >= kMagicOfBatches && header_size == record::kBatchHeaderSize) {
    batch.last_offset = record::add_wrapping(
        batch.base_offset,
        base::load_big_endian<std::int32_t>(&buffer_[record::position::kLastOffsetDelta]));
  }
  position_ += batch.size;
  return batch;
}

base::Result<base::ByteView> SegmentReader::whole(const Batch& batch) {
  if (auto done = read(batch.position, batch.size); !done) return base::fail(std::move(done));
  return base::ByteView(buffer_);
}

}  // namespace odradek::cli
