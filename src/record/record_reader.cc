// SPDX-License-Identifier: Apache-2.0
#include "record/record_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "base/assert.h"
#include "record/chunk_reader.h"
#include "record/compression/decompressor.h"
#include "record/record_parser.h"

namespace odradek::record {

using base::ErrorCode;

bool operator==(const Header& left, const Header& right) {
  if (left.key != right.key || left.value.has_value() != right.value.has_value()) return false;
  return !left.value || std::ranges::equal(*left.value, *right.value);
}

HeaderRange::Iterator::Iterator(const std::uint8_t* from, const std::uint8_t* end, std::size_t left)
    : from_(from), end_(end), left_(left) {
  if (left_ > 0) read();
}

HeaderRange::Iterator& HeaderRange::Iterator::operator++() {
  --left_;
  if (left_ > 0) read();
  return *this;
}

void HeaderRange::Iterator::read() {
  std::int32_t length = 0;
  from_ = read_varint(from_, end_, length);
  ODRADEK_ASSERT(from_ != nullptr && length >= 0 && length <= end_ - from_);
  header_.key = {reinterpret_cast<const char*>(from_), static_cast<std::size_t>(length)};
  from_ = read_varint(from_ + length, end_, length);
  ODRADEK_ASSERT(from_ != nullptr && length >= -1 && length <= end_ - from_);
  header_.value = std::nullopt;
  if (length < 0) return;
  header_.value = base::ByteView(from_, static_cast<std::size_t>(length));
  from_ += length;
}

RecordReader::RecordReader(const BatchView& batch, std::size_t max_record_size)
    : batch_(batch), max_record_size_(max_record_size) {}
RecordReader::RecordReader(RecordReader&&) noexcept = default;
RecordReader& RecordReader::operator=(RecordReader&&) noexcept = default;
RecordReader::~RecordReader() = default;

base::Result<RecordReader> RecordReader::open(const BatchView& batch, std::size_t max_record_size) {
  const std::optional<Codec> codec = batch.codec();
  if (!codec) {
    return base::fail(
        ErrorCode::kUnsupportedCompressionType,
        fmt::format("the batch at offset {} has the unknown codec {}", batch.base_offset().value(),
                    batch.attributes() & attribute::kCodecMask));
  }
  RecordReader reader(batch, max_record_size);
  if (*codec == Codec::kNone) {
    reader.rest_ = batch.records();
  } else {
    reader.decompressor_ = Decompressor::open(*codec, batch.records());
    reader.chunks_ = std::make_unique<ChunkReader>(*reader.decompressor_,
                                                   std::numeric_limits<std::uint64_t>::max());
  }
  return reader;
}

std::unexpected<base::Error> RecordReader::invalid(const char* what) const {
  if (chunks_ != nullptr && chunks_->error()) return std::unexpected(*chunks_->error());
  return base::fail(ErrorCode::kInvalidRecord,
                    fmt::format("record {} of the batch at offset {}: {}", records_read_,
                                batch_.base_offset().value(), what));
}

base::Result<base::ByteView> RecordReader::next_body() {
  if (chunks_ != nullptr) return next_compressed_body();
  std::int32_t size = 0;
  const std::uint8_t* end = rest_.data() + rest_.size();
  const std::uint8_t* from = read_varint(rest_.data(), end, size);
  if (from == nullptr || size < 0 || size > end - from) return invalid(parse_error::kSize);
  const base::ByteView body(from, static_cast<std::size_t>(size));
  rest_ = {body.data() + body.size(), end};
  return body;
}

base::Result<base::ByteView> RecordReader::next_compressed_body() {
  // The last record was viewed inside the chunk.
  chunks_->consume(std::exchange(chunk_used_, 0));
  std::int32_t size = 0;
  if (!read_varint(*chunks_, size) || size < 0) return invalid(parse_error::kSize);
  const auto wanted = static_cast<std::size_t>(size);
  if (wanted > max_record_size_) return invalid("it is larger than the greatest record allowed");
  const base::ByteView chunk = chunks_->chunk();
  if (chunk.size() >= wanted) {
    chunk_used_ = wanted;
    return chunk.first(wanted);
  }
  gathered_.clear();
  while (gathered_.size() < wanted) {
    const std::size_t step = std::min(wanted - gathered_.size(), kChunkSize);
    const std::size_t start = gathered_.size();
    gathered_.resize(start + step);
    if (!chunks_->read({gathered_.data() + start, step})) return invalid(parse_error::kSize);
  }
  return base::ByteView(gathered_);
}

base::Result<> RecordReader::check_end() {
  if (chunks_ == nullptr) {
    if (rest_.empty()) return {};
  } else {
    chunks_->consume(std::exchange(chunk_used_, 0));
    if (chunks_->at_end()) return {};
  }
  return invalid("the batch goes on after its last record");
}

base::Result<std::optional<Record>> RecordReader::next() {
  if (records_read_ >= batch_.count()) {
    if (auto end = check_end(); !end) return base::fail(std::move(end));
    return std::nullopt;
  }
  auto body = next_body();
  if (!body) return base::fail(std::move(body));
  SpanSource source(*body);
  ParsedRecord parsed;
  if (const char* error = parse_record_body(source, parsed)) return invalid(error);
  ++records_read_;

  Record record;
  record.offset = batch_.offset_at(parsed.offset_delta);
  record.timestamp = batch_.timestamp_at(parsed.timestamp_delta);
  if (parsed.key_length >= 0) {
    record.key = base::ByteView(parsed.key, static_cast<std::size_t>(parsed.key_length));
  }
  if (parsed.value_length >= 0) {
    record.value = base::ByteView(parsed.value, static_cast<std::size_t>(parsed.value_length));
  }
  const std::uint8_t* end = body->data() + body->size();
  record.headers =
      HeaderRange({parsed.headers, end}, static_cast<std::size_t>(parsed.header_count));
  return record;
}

}  // namespace odradek::record
