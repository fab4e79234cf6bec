// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "record/batch_header.h"
#include "record/codec.h"

// A topic that keeps its batches in a codec of its own (compression.type). Threads: any; a large
// window may wait for others (compression/decompressor.h).
namespace odradek::record {

struct Reencoding {
  Codec codec = Codec::kNone;
  // One that the codec has (compress.h).
  int level = 0;
  // The topic's, and the append time where it is that.
  TimestampType timestamp_type = TimestampType::kCreateTime;
  base::Timestamp now{0};
  std::int32_t max_message_bytes = 1'048'588;        // max.message.bytes: the new batch
  std::int32_t max_decompressed_bytes = 2147483639;  // max.decompressed.message.bytes: one record
};

// The batch with its records in another codec, the same bytes as a leader of Apache Kafka makes of
// it, as far as the libraries' versions agree: offsets, timestamps, keys, values and headers, and
// the producer's fields as they were; the base timestamp becomes the first record's. Works as a
// stream: it keeps one record and no more than max.message.bytes of the new batch. Errors:
// MESSAGE_TOO_LARGE; those of RecordReader. REQUIRES: the batch is valid (validate.h), and no
// control batch.
[[nodiscard]] base::Result<base::SharedBytes> reencode(const BatchView& batch,
                                                       const Reencoding& into);

}  // namespace odradek::record
