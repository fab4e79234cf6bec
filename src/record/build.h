// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "record/batch_header.h"
#include "record/compression/compress.h"
#include "record/control_record.h"
#include "record/record_reader.h"

namespace odradek::record {

// What the header of a batch says; offsets and epoch are a leader's to stamp, so a producer leaves
// them alone.
struct BatchOptions {
  Codec codec = Codec::kNone;
  // Nothing: the codec's default.
  std::optional<int> compression_level = std::nullopt;
  base::Offset base_offset{0};
  base::LeaderEpoch leader_epoch = base::kNoLeaderEpoch;
  base::ProducerId producer_id = base::kNoProducerId;
  base::ProducerEpoch producer_epoch = base::kNoProducerEpoch;
  std::int32_t base_sequence = kNoSequence;
  bool is_transactional = false;
  bool is_control = false;
  TimestampType timestamp_type = TimestampType::kCreateTime;
  // Stands in the place of the base timestamp (KIP-534): compaction's.
  std::optional<base::Timestamp> delete_horizon = std::nullopt;
  // Nothing: the last record's. At least that: compaction keeps the last offset of a batch.
  std::optional<std::int32_t> last_offset_delta = std::nullopt;
};

// Makes one record batch, the same bytes as Apache Kafka's clients for the same records (compressed
// ones: the same records, the compressor's own bytes). Not thread-safe.
class BatchBuilder {
 public:
  explicit BatchBuilder(const BatchOptions& options = {}) : options_(options) {}

  // Adds a record after the last one; the bytes are copied. The first one's timestamp is the
  // batch's base timestamp.
  void append(base::Timestamp timestamp, std::optional<base::ByteView> key,
              std::optional<base::ByteView> value, std::span<const Header> headers = {});
  // As above, with an offset delta of the caller's, greater than the last one: compaction leaves
  // gaps.
  void append_at(std::int32_t offset_delta, base::Timestamp timestamp,
                 std::optional<base::ByteView> key, std::optional<base::ByteView> value,
                 std::span<const Header> headers = {});

  std::int32_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Bytes of the batch if it were built now without compression.
  std::size_t plain_size() const { return kBatchHeaderSize + records_.size(); }

  // The batch, CRC included, in a block of its own. REQUIRES: at least one record. The builder can
  // go on: a batch built later holds these records too.
  base::SharedBytes build() const;
  // Starts again, for other records with other options.
  void reset(const BatchOptions& options);

 private:
  BatchOptions options_;
  std::vector<std::uint8_t> records_;
  std::int32_t count_ = 0;
  std::int32_t last_offset_delta_ = -1;
  std::int64_t base_timestamp_ = 0;
  std::int64_t max_timestamp_ = base::kNoTimestamp.value();
};

// A batch of which compaction left no record: the header of `batch` without codec, base timestamp
// and delete horizon. Its offsets, and its producer's sequence, stay.
base::SharedBytes emptied_batch(const BatchHeader& batch);

// A control batch with one record. `options.is_control` is set for the caller.
base::SharedBytes control_batch(BatchOptions options, base::Timestamp timestamp,
                                ControlRecordType type, base::ByteView value);
// The marker that ends a transaction in a partition. REQUIRES: kAbort or kCommit, and a producer id
// in `options`; the transactional flag is set for the caller.
base::SharedBytes end_transaction_marker(BatchOptions options, base::Timestamp timestamp,
                                         ControlRecordType type, std::int32_t coordinator_epoch);

}  // namespace odradek::record
