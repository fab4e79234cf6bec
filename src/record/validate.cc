// SPDX-License-Identifier: Apache-2.0
#include "record/validate.h"

#include <fmt/core.h>

#include "record/chunk_reader.h"
#include "record/compression/decompressor.h"
#include "record/record_parser.h"

namespace odradek::record {
namespace {

using base::ErrorCode;
using base::Timestamp;

// The smallest length that any magic's batch has: a magic 0 message without key and value.
constexpr std::int32_t kMinLength = 14;
constexpr std::size_t kHeaderSizeToMagic = position::kMagic + 1;
constexpr std::int16_t kFirstProduceVersionWithZstd = 7;

// Apache Kafka answers what it can't decompress with its code for the unexpected; so do we, and the
// message says what it is.
constexpr ErrorCode kNotDecompressed = ErrorCode::kUnknownServerError;

std::unexpected<base::Error> unknown_codec(const BatchHeader& batch) {
  return base::fail(
      kNotDecompressed,
      fmt::format("the codec {} is unknown; known are none, gzip, snappy, lz4 and zstd (0 to 4)",
                  batch.attributes() & attribute::kCodecMask));
}

// Bytes of the batch at the front of `bytes`, of any magic; 0 where it is not whole.
base::Result<std::size_t> whole_batch_size(base::ByteView bytes) {
  if (bytes.size() < kLogOverhead) return 0;
  const auto length = base::load_big_endian<std::int32_t>(bytes.data() + position::kLength);
  if (length < kMinLength) {
    return base::fail(
        ErrorCode::kCorruptMessage,
        fmt::format("the batch's length is {}; the smallest is {}", length, kMinLength));
  }
  if (bytes.size() < kHeaderSizeToMagic) return 0;
  const auto magic = static_cast<std::int8_t>(bytes[position::kMagic]);
  if (magic < 0 || magic > kMagic) {
    return base::fail(ErrorCode::kCorruptMessage,
                      fmt::format("the batch's magic is {}; only 2 is accepted", magic));
  }
  const std::size_t size = kLogOverhead + static_cast<std::size_t>(length);
  return size <= bytes.size() ? size : 0;
}

// Goes over the records of one batch and keeps what the summary and the refusal need.
class RecordChecker {
 public:
  RecordChecker(const BatchView& batch, const ValidationOptions& options)
      : options_(options),
        // The records' own times count even where the batch says LogAppendTime: validate_produced()
        // sets the topic's type.
        base_timestamp_(batch.base_timestamp().value()),
        checks_range_(options.timestamp_type == TimestampType::kCreateTime &&
                      options.origin == BatchOrigin::kClient),
        refuses_append_time_(options.timestamp_type == TimestampType::kLogAppendTime &&
                             options.origin == BatchOrigin::kClient &&
                             batch.timestamp_type() == TimestampType::kLogAppendTime) {}

  // Returns what makes the whole batch invalid; nullptr: nothing. A record to blame is noted.
  const char* check(const ParsedRecord& record) {
    if (record.offset_delta != index_) [[unlikely]] {
      return "its offset delta is not its place in the batch";
    }
    const std::int64_t timestamp = add_wrapping(base_timestamp_, record.timestamp_delta);
    if (timestamp > max_timestamp_) {
      max_timestamp_ = timestamp;
      max_timestamp_delta_ = index_;
    }
    if (options_.is_compacted && record.key_length < 0) [[unlikely]] {
      blame(ErrorCode::kInvalidRecord, "a compacted topic takes no record without a key");
    } else if (checks_range_ ? is_out_of_range(timestamp) : refuses_append_time_) [[unlikely]] {
      blame_timestamp(timestamp);
    }
    ++index_;
    return nullptr;
  }

  std::int32_t index() const { return index_; }

  std::expected<BatchSummary, ValidationError> finish(std::uint64_t plain_size) {
    if (blamed_ > 0) return std::unexpected(refusal());
    BatchSummary summary;
    summary.record_count = index_;
    summary.plain_size = plain_size;
    if (options_.timestamp_type == TimestampType::kLogAppendTime) {
      summary.max_timestamp = options_.now;
    } else {
      summary.max_timestamp = Timestamp(max_timestamp_);
      summary.max_timestamp_offset_delta = max_timestamp_delta_;
    }
    return summary;
  }

 private:
  bool is_out_of_range(std::int64_t timestamp) const {
    if (timestamp == base::kNoTimestamp.value()) return false;
    const std::int64_t age_ms = add_wrapping(options_.now.value(), add_wrapping(~timestamp, 1));
    return age_ms > options_.timestamp_before_max_ms ||
           add_wrapping(~age_ms, 1) > options_.timestamp_after_max_ms;
  }

  void blame_timestamp(std::int64_t timestamp) {
    if (refuses_append_time_) {
      blame(ErrorCode::kInvalidTimestamp,
            "a producer may not set the timestamp type LogAppendTime");
      return;
    }
    blame(ErrorCode::kInvalidTimestamp,
          fmt::format("timestamp {} is out of range: at {}, message.timestamp.before.max.ms={} and "
                      "message.timestamp.after.max.ms={} apply",
                      timestamp, options_.now.value(), options_.timestamp_before_max_ms,
                      options_.timestamp_after_max_ms));
  }

  void blame(ErrorCode code, std::string message) {
    ++blamed_;
    has_invalid_timestamp_ |= code == ErrorCode::kInvalidTimestamp;
    if (errors_.size() < kMaxRecordErrors) errors_.push_back({index_, std::move(message)});
  }

  ValidationError refusal() {
    const ErrorCode code =
        has_invalid_timestamp_ ? ErrorCode::kInvalidTimestamp : ErrorCode::kInvalidRecord;
    std::string message =
        fmt::format("{} of the batch's {} records are refused; record {}: {}", blamed_, index_,
                    errors_.front().batch_index, errors_.front().message);
    return {{code, std::move(message), 0}, std::move(errors_)};
  }

  const ValidationOptions& options_;
  const std::int64_t base_timestamp_;
  const bool checks_range_;
  const bool refuses_append_time_;
  std::int32_t index_ = 0;
  std::int64_t max_timestamp_ = base::kNoTimestamp.value();
  std::int32_t max_timestamp_delta_ = 0;
  std::uint64_t blamed_ = 0;
  bool has_invalid_timestamp_ = false;
  std::vector<RecordError> errors_;
};

std::unexpected<ValidationError> refuse(ErrorCode code, std::string message) {
  return std::unexpected(ValidationError{{code, std::move(message), 0}, {}});
}

std::unexpected<ValidationError> invalid_record(std::int32_t index, const char* what) {
  return refuse(ErrorCode::kInvalidRecord,
                fmt::format("record {} of the batch is invalid: {}", index, what));
}

std::expected<BatchSummary, ValidationError> check_plain(const BatchView& batch,
                                                         const ValidationOptions& options) {
  RecordChecker checker(batch, options);
  const base::ByteView records = batch.records();
  const std::uint8_t* from = records.data();
  const std::uint8_t* end = records.data() + records.size();
  const std::int32_t count = batch.count();
  for (std::int32_t i = 0; i < count; ++i) {
    std::int32_t size = 0;
    from = read_varint(from, end, size);
    if (from == nullptr || size < 0 || size > end - from) {
      return invalid_record(i, parse_error::kSize);
    }
    SpanSource source({from, static_cast<std::size_t>(size)});
    ParsedRecord record;
    const char* error = parse_record_body(source, record);
    if (error == nullptr) error = checker.check(record);
    if (error != nullptr) return invalid_record(i, error);
    from += size;
  }
  if (from != end) {
    return refuse(ErrorCode::kInvalidRecord,
                  fmt::format("{} bytes are left after the batch's {} records", end - from, count));
  }
  return checker.finish(records.size());
}

// One record of a compressed batch: nullptr, or what is wrong with it.
const char* check_streamed(ChunkReader& chunks, const ValidationOptions& options,
                           RecordChecker& checker, std::uint64_t& plain_size) {
  std::int32_t size = 0;
  if (!read_varint(chunks, size) || size < 0) return parse_error::kSize;
  if (size > options.max_decompressed_bytes) return "it exceeds max.decompressed.message.bytes";
  const auto body_size = static_cast<std::size_t>(size);
  plain_size += varint_size(size) + body_size;
  ParsedRecord record;
  const base::ByteView chunk = chunks.chunk();
  const char* error = nullptr;
  if (chunk.size() >= body_size) {
    SpanSource source(chunk.first(body_size));
    error = parse_record_body(source, record);
    chunks.consume(body_size);
  } else {
    ChunkSource source(chunks, body_size);
    error = parse_record_body(source, record);
  }
  return error != nullptr ? error : checker.check(record);
}

std::expected<BatchSummary, ValidationError> check_compressed(const BatchView& batch, Codec codec,
                                                              const ValidationOptions& options) {
  const auto decompressor = Decompressor::open(codec, batch.records());
  ChunkReader chunks(*decompressor, kMaxDecompressedBatchSize);
  RecordChecker checker(batch, options);
  std::uint64_t plain_size = 0;
  const std::int32_t count = batch.count();
  for (std::int32_t i = 0; i < count; ++i) {
    const char* error = check_streamed(chunks, options, checker, plain_size);
    if (chunks.error()) break;
    if (error != nullptr) return invalid_record(i, error);
  }
  const bool at_end = chunks.at_end();
  if (chunks.error()) {
    const bool is_too_large = chunks.error()->code == ErrorCode::kInvalidRecord;
    return refuse(is_too_large ? ErrorCode::kInvalidRecord : kNotDecompressed,
                  fmt::format("the batch's {} data can't be used: {}", codec_name(codec),
                              chunks.error()->message));
  }
  if (!at_end) {
    return refuse(ErrorCode::kInvalidRecord,
                  fmt::format("bytes are left after the batch's {} records", count));
  }
  return checker.finish(plain_size);
}

// What only a client's batch has to obey.
base::Result<> check_client_header(const BatchView& batch) {
  const std::int64_t expected_count = std::int64_t{batch.last_offset_delta()} + 1;
  std::string what;
  if (batch.is_control()) {
    what = "clients may not write control batches";
  } else if (batch.count() <= 0 || batch.count() != expected_count) {
    what = fmt::format("the batch counts {} records, its last offset delta is {}", batch.count(),
                       batch.last_offset_delta());
  } else if (batch.base_offset() != base::Offset(0)) {
    what = fmt::format("the batch's base offset is {}; a producer sends 0",
                       batch.base_offset().value());
  } else if (batch.has_producer_id() && batch.base_sequence() < 0) {
    what = fmt::format("producer {} sends the sequence {}; it must not be negative",
                       batch.producer_id().value(), batch.base_sequence());
  } else if (batch.is_transactional() && !batch.has_producer_id()) {
    what = "a transactional batch has no producer id";
  } else {
    return {};
  }
  return base::fail(ErrorCode::kInvalidRecord, std::move(what));
}

base::Result<> check_header(const BatchView& batch, const ValidationOptions& options) {
  if (batch.total_size() > static_cast<std::size_t>(options.max_message_bytes)) {
    return base::fail(ErrorCode::kMessageTooLarge,
                      fmt::format("the batch has {} bytes; max.message.bytes is {}",
                                  batch.total_size(), options.max_message_bytes));
  }
  if (!batch.crc_matches()) {
    return base::fail(ErrorCode::kCorruptMessage,
                      fmt::format("the batch's CRC is {:08x}, its bytes have {:08x}", batch.crc(),
                                  batch.computed_crc()));
  }
  if (!batch.codec()) return unknown_codec(batch);
  if (options.origin == BatchOrigin::kClient) return check_client_header(batch);
  if (batch.count() < 0) {
    return base::fail(ErrorCode::kInvalidRecord,
                      fmt::format("the batch counts {} records", batch.count()));
  }
  return {};
}

}  // namespace

base::Result<BatchView> single_batch(base::ByteView records, std::int16_t produce_version) {
  const auto size = whole_batch_size(records);
  if (!size) return std::unexpected(size.error());
  if (*size == 0) {
    return base::fail(ErrorCode::kInvalidRecord, "the request has no whole record batch");
  }
  const auto magic = static_cast<std::int8_t>(records[position::kMagic]);
  if (magic != kMagic) {
    return base::fail(ErrorCode::kInvalidRecord,
                      fmt::format("the batch's magic is {}; Produce version {} takes 2 only", magic,
                                  produce_version));
  }
  auto batch = BatchView::parse(records);
  if (!batch) return batch;
  if (!batch->codec()) return unknown_codec(*batch);
  if (*batch->codec() == Codec::kZstd && produce_version < kFirstProduceVersionWithZstd) {
    return base::fail(ErrorCode::kUnsupportedCompressionType,
                      fmt::format("Produce version {} can't carry zstd; version {} can",
                                  produce_version, kFirstProduceVersionWithZstd));
  }
  const auto next_size = whole_batch_size(records.subspan(*size));
  if (!next_size) return std::unexpected(next_size.error());
  if (*next_size > 0) {
    return base::fail(ErrorCode::kInvalidRecord,
                      "the request has more than one record batch for a partition");
  }
  return batch;
}

std::expected<BatchSummary, ValidationError> validate(const BatchView& batch,
                                                      const ValidationOptions& options) {
  if (auto header = check_header(batch, options); !header) {
    return std::unexpected(ValidationError{std::move(header).error(), {}});
  }
  const Codec codec = *batch.codec();
  return codec == Codec::kNone ? check_plain(batch, options)
                               : check_compressed(batch, codec, options);
}

std::expected<ValidatedBatch, ValidationError> validate_produced(const base::SharedBytes& records,
                                                                 std::int16_t produce_version,
                                                                 const ValidationOptions& options) {
  auto batch = single_batch(records, produce_version);
  if (!batch) return std::unexpected(ValidationError{std::move(batch).error(), {}});
  auto summary = validate(*batch, options);
  if (!summary) return std::unexpected(std::move(summary).error());
  base::SharedBytes bytes = records.slice(0, batch->total_size());
  stamp_max_timestamp(bytes.mutable_view(), options.timestamp_type, summary->max_timestamp);
  return ValidatedBatch{std::move(bytes), *summary};
}

}  // namespace odradek::record
