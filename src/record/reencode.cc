// SPDX-License-Identifier: Apache-2.0
#include "record/reencode.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "record/batch_encoder.h"
#include "record/compression/compressor.h"
#include "record/record_reader.h"

namespace odradek::record {
namespace {

BatchOptions options_of(const BatchView& batch, const Reencoding& into) {
  return {.codec = into.codec,
          .compression_level = into.level,
          .base_offset = batch.base_offset(),
          .leader_epoch = batch.leader_epoch(),
          .producer_id = batch.producer_id(),
          .producer_epoch = batch.producer_epoch(),
          .base_sequence = batch.base_sequence(),
          .is_transactional = batch.is_transactional(),
          .is_control = false,
          .timestamp_type = into.timestamp_type};
}

// Takes records one by one and keeps them compressed.
class Encoder {
 public:
  explicit Encoder(const Reencoding& into)
      : into_(into), compressor_(Compressor::open(into.codec, into.level, compressed_)) {}

  base::Result<> add(const Record& record) {
    if (summary_.count == 0) summary_.base_timestamp = record.timestamp.value();
    const std::int64_t timestamp_delta =
        add_wrapping(record.timestamp.value(), add_wrapping(~summary_.base_timestamp, 1));
    headers_.clear();
    for (const Header& header : record.headers) headers_.push_back(header);
    plain_.clear();
    summary_.last_offset_delta = summary_.count++;
    append_record(plain_, summary_.last_offset_delta, timestamp_delta, record.key, record.value,
                  headers_);
    summary_.max_timestamp = std::max(summary_.max_timestamp, record.timestamp.value());
    compressor_->write(plain_);
    return check_size();
  }

  base::Result<base::SharedBytes> finish(const BatchOptions& options) {
    compressor_->finish();
    if (auto fits = check_size(); !fits) return base::fail(std::move(fits));
    if (into_.timestamp_type == TimestampType::kLogAppendTime) {
      summary_.max_timestamp = into_.now.value();
    }
    return assemble_batch(options, summary_, compressed_);
  }

 private:
  base::Result<> check_size() const {
    const std::size_t size = kBatchHeaderSize + compressed_.size();
    if (size <= static_cast<std::size_t>(into_.max_message_bytes)) return {};
    return base::fail(base::ErrorCode::kMessageTooLarge,
                      fmt::format("the batch, encoded anew as the topic's compression.type says, "
                                  "has {} bytes or more; max.message.bytes is {}",
                                  size, into_.max_message_bytes));
  }

  const Reencoding& into_;
  std::vector<std::uint8_t> compressed_;
  const std::unique_ptr<Compressor> compressor_;
  RecordsSummary summary_;
  // Used again for each record.
  std::vector<std::uint8_t> plain_;
  std::vector<Header> headers_;
};

}  // namespace

base::Result<base::SharedBytes> reencode(const BatchView& batch, const Reencoding& into) {
  ODRADEK_ASSERT(!batch.is_control());
  auto reader = RecordReader::open(batch, static_cast<std::size_t>(into.max_decompressed_bytes));
  if (!reader) return base::fail(std::move(reader));
  Encoder encoder(into);
  for (;;) {
    auto record = reader->next();
    if (!record) return base::fail(std::move(record));
    if (!*record) return encoder.finish(options_of(batch, into));
    if (auto added = encoder.add(**record); !added) return base::fail(std::move(added));
  }
}

}  // namespace odradek::record
