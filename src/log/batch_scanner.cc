// SPDX-License-Identifier: Apache-2.0
#include "log/batch_scanner.h"

#include <algorithm>

#include "base/assert.h"

namespace odradek::log {

BatchScanner::BatchScanner(std::shared_ptr<env::File> file, std::uint64_t position,
                           std::uint64_t end, std::size_t chunk_bytes)
    : file_(std::move(file)),
      position_(position),
      next_(position),
      end_(end),
      chunk_bytes_(chunk_bytes) {}

base::Result<base::ByteView> BatchScanner::bytes_at(std::uint64_t position, std::size_t size) {
  const std::size_t wanted = std::min<std::uint64_t>(size, end_ - position);
  const bool is_there = position >= chunk_position_ &&
                        position + wanted <= chunk_position_ + chunk_size_ && chunk_size_ > 0;
  if (!is_there) {
    const std::size_t ahead =
        std::min<std::uint64_t>(std::max(chunk_bytes_, wanted), end_ - position);
    if (chunk_.size() < ahead) chunk_.resize(ahead);
    chunk_size_ = 0;
    auto read = file_->read_at(position, std::span(chunk_).first(ahead));
    if (!read) return base::fail(std::move(read));
    chunk_position_ = position;
    chunk_size_ = *read;
  }
  const std::size_t from = position - chunk_position_;
  return base::ByteView(chunk_).subspan(from, std::min(wanted, chunk_size_ - from));
}

base::Result<std::optional<record::BatchHeader>> BatchScanner::next() {
  position_ = next_;
  if (position_ >= end_ || end_ - position_ < record::kBatchHeaderSize) return std::nullopt;
  auto bytes = bytes_at(position_, record::kBatchHeaderSize);
  if (!bytes) return base::fail(std::move(bytes));
  if (bytes->size() < record::kBatchHeaderSize) return std::nullopt;
  auto header = record::BatchHeader::parse(*bytes);
  if (!header) return base::fail(std::move(header));
  if (header->total_size() > end_ - position_) return std::nullopt;
  next_ = position_ + header->total_size();
  return *header;
}

base::Result<record::BatchHeader> BatchScanner::current() {
  ODRADEK_ASSERT(next_ > position_);
  auto bytes = bytes_at(position_, record::kBatchHeaderSize);
  if (!bytes) return base::fail(std::move(bytes));
  return record::BatchHeader::parse(*bytes);
}

base::Result<record::BatchView> BatchScanner::whole() {
  ODRADEK_ASSERT(next_ > position_);
  auto bytes = bytes_at(position_, next_ - position_);
  if (!bytes) return base::fail(std::move(bytes));
  return record::BatchView::parse(*bytes);
}

}  // namespace odradek::log
