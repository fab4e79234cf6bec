// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error_code.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/batch_header.h"

// What a leader checks before it appends a batch (docs/formats/record-batch.md has the table of
// errors). Threads: any; a large window may wait for others (compression/decompressor.h).
namespace odradek::record {

// Who made the batch.
enum class BatchOrigin : std::uint8_t {
  kClient,       // a produce request: everything is checked
  kCoordinator,  // the broker itself: control batches are allowed
};

// The topic's settings, and the clock.
struct ValidationOptions {
  BatchOrigin origin = BatchOrigin::kClient;
  base::Timestamp now{0};
  TimestampType timestamp_type = TimestampType::kCreateTime;  // message.timestamp.type
  // message.timestamp.before.max.ms and message.timestamp.after.max.ms
  std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t timestamp_after_max_ms = 3'600'000;
  bool is_compacted = false;                         // cleanup.policy has compact
  std::int32_t max_message_bytes = 1'048'588;        // max.message.bytes: a whole batch
  std::int32_t max_decompressed_bytes = 2147483639;  // max.decompressed.message.bytes: one record
};

// What was learnt on the way.
struct BatchSummary {
  std::int32_t record_count = 0;
  // The greatest timestamp of a record (kNoTimestamp where none has one), or the append time, and
  // the offset delta of the first record that has it.
  base::Timestamp max_timestamp = base::kNoTimestamp;
  std::int32_t max_timestamp_offset_delta = 0;
  // Bytes of the records, decompressed.
  std::uint64_t plain_size = 0;
};

// A record that is to blame for its batch's refusal (KIP-467): Produce's RecordErrors.
struct RecordError {
  std::int32_t batch_index = 0;
  std::string message;

  friend bool operator==(const RecordError&, const RecordError&) = default;
};

// Why a batch is refused. The first kMaxRecordErrors records to blame are listed; where the batch
// as a whole is, none is.
struct ValidationError {
  base::Error error;
  std::vector<RecordError> record_errors;
};
inline constexpr std::size_t kMaxRecordErrors = 1000;
// What one batch may unpack to in all; the greatest value that max.decompressed.message.bytes has.
inline constexpr std::uint64_t kMaxDecompressedBatchSize = 2147483639;

// The one batch that a produce request of version `produce_version` may carry for a partition.
// Bytes after it that are no whole batch are not part of it, and are dropped, as Kafka does.
// INVALID_RECORD: no whole batch, a second one, or a magic below 2; CORRUPT_MESSAGE: a length that
// no batch has, or an unknown magic; UNSUPPORTED_COMPRESSION_TYPE: zstd below version 7;
// UNKNOWN_SERVER_ERROR: an unknown codec.
[[nodiscard]] base::Result<BatchView> single_batch(base::ByteView records,
                                                   std::int16_t produce_version);

// Checks a batch once and whole; a compressed one as a stream, in bounded memory.
//   CORRUPT_MESSAGE: the CRC does not match.
//   MESSAGE_TOO_LARGE: more than max.message.bytes.
//   INVALID_RECORD: base offset, counts, offset deltas, sequence or flags that no client may send;
//     malformed records, or bytes after them; data that unpacks beyond its bound; a record without
//     a key for a compacted topic (with record errors).
//   INVALID_TIMESTAMP: a timestamp out of the topic's range, or LogAppendTime set by a client (with
//     record errors).
//   UNKNOWN_SERVER_ERROR: an unknown codec, or data that can't be decompressed (Kafka's code too).
[[nodiscard]] std::expected<BatchSummary, ValidationError> validate(
    const BatchView& batch, const ValidationOptions& options);

// single_batch() and validate() for a produce request's bytes, and the stamps that depend on the
// records alone: the timestamp type becomes the topic's, the maximum timestamp the records' own or
// the append time. Gives exactly the batch's bytes, a slice of `records`. REQUIRES: the caller owns
// the bytes' one right to write (base/bytes.h).
struct ValidatedBatch {
  base::SharedBytes bytes;
  BatchSummary summary;
};
[[nodiscard]] std::expected<ValidatedBatch, ValidationError> validate_produced(
    const base::SharedBytes& records, std::int16_t produce_version,
    const ValidationOptions& options);

}  // namespace odradek::record
