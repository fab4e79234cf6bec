// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/log.h"

namespace odradek::log {

inline constexpr std::int32_t kNoSequence = -1;

// The sequence number of a batch's last record; numbers follow 2147483647 with 0.
std::int32_t last_sequence_of(std::int32_t base_sequence, std::int32_t last_offset_delta);

// The end of a transaction as a control batch tells it (KIP-98).
struct EndTransactionMarker {
  bool is_commit = false;
  std::int32_t coordinator_epoch = -1;
  // From 2 on (KIP-890) a marker carries a bumped epoch. Known to the coordinator's append only;
  // replication and recovery leave 0.
  std::int8_t transaction_version = 0;
};

// What the producer state needs of a batch that carries a producer id.
struct ProducerBatch {
  base::ProducerId producer_id = base::kNoProducerId;
  base::ProducerEpoch producer_epoch = base::kNoProducerEpoch;
  std::int32_t base_sequence = kNoSequence;
  std::int32_t last_sequence = kNoSequence;
  // As assigned; `check` needs none yet.
  base::Offset first_offset = base::kNoOffset;
  base::Offset last_offset = base::kNoOffset;
  base::Timestamp max_timestamp = base::kNoTimestamp;
  bool is_transactional = false;
  // Set where the batch is a transaction's end. A control batch that compaction emptied is not
  // given to the state at all.
  std::optional<EndTransactionMarker> marker = std::nullopt;
};

// One of a producer's last batches: enough to answer it again.
struct ProducerBatchSpan {
  std::int32_t last_sequence = kNoSequence;
  std::int32_t offset_delta = 0;
  base::Offset last_offset = base::kNoOffset;
  base::Timestamp timestamp = base::kNoTimestamp;

  base::Offset first_offset() const { return last_offset - offset_delta; }
  std::int32_t first_sequence() const;
  friend bool operator==(const ProducerBatchSpan&, const ProducerBatchSpan&) = default;
};

// A client's batch that is in the log already. Of one older than the producer's last five it may
// not be known where: `first_offset` is kNoOffset, and it ends at or below `last_offset`.
struct DuplicateBatch {
  base::Offset first_offset = base::kNoOffset;
  base::Offset last_offset = base::kNoOffset;
  base::Timestamp timestamp = base::kNoTimestamp;
};

// One producer in one partition.
struct ProducerEntry {
  static constexpr std::size_t kBatchesRetained = 5;

  base::ProducerId producer_id = base::kNoProducerId;
  base::ProducerEpoch producer_epoch = base::kNoProducerEpoch;
  std::uint8_t batch_count = 0;
  // The log was searched for batches older than those here.
  bool was_completed = false;
  std::int32_t coordinator_epoch = -1;
  base::Timestamp last_timestamp = base::kNoTimestamp;
  base::Offset current_transaction_first_offset = base::kNoOffset;
  // The sequence numbers from this one up to the oldest batch below were appended here in this
  // epoch, in order and without a gap; kNoSequence where nothing is known of older ones. In no
  // snapshot.
  std::int32_t older_from = kNoSequence;
  // The oldest first; `batch_count` of them.
  std::array<ProducerBatchSpan, kBatchesRetained> batches;

  const ProducerBatchSpan* last_batch() const {
    return batch_count == 0 ? nullptr : &batches[batch_count - 1];
  }
  void add_batch(base::ProducerEpoch epoch, const ProducerBatchSpan& batch);
  // All that the log holds before those that are here, from some offset on, the oldest first: as
  // many are remembered as there is room for.
  void add_older_batches(std::vector<ProducerBatchSpan> older);
  // Nothing is known of a batch that was written before, as of a new producer.
  void forget_batches();
  // Whether all these numbers are older ones that are known.
  bool holds_older(std::int32_t base_sequence, std::int32_t last_sequence) const;
  friend bool operator==(const ProducerEntry&, const ProducerEntry&) = default;

 private:
  void forget_oldest_batch();
  void bound_older();
};

// Idempotent and transactional producers of one partition (KIP-98, KIP-890): what makes an append a
// duplicate, out of order or fenced, and which transactions are open. Pure: files are
// producer_state_snapshot.h's. A partition without such producers allocates nothing.
// Threads: the caller serialises.
//
// Rules, as Kafka has them. An unknown producer may start with any sequence. A new epoch starts
// with sequence 0, an older one is INVALID_PRODUCER_EPOCH. A batch with the same first and last
// sequence as one of the producer's last five in this epoch is a duplicate; so is, other than in
// Kafka, an older one whose numbers are all known to be here (docs/decisions/0025). Any other that
// does not follow the last one is OUT_OF_ORDER_SEQUENCE_NUMBER. Data outside of an open transaction
// of its producer is INVALID_TXN_STATE; a marker of an older coordinator is
// TRANSACTION_COORDINATOR_FENCED. Replicated batches were checked by the leader: they are taken.
class ProducerState {
 public:
  // Whether `batch` may be appended next: nothing when it may; the batch of the same sequence
  // numbers when it is a duplicate (clients only); an error. `append` then has to follow for this
  // batch before the next one is checked.
  [[nodiscard]] base::Result<std::optional<DuplicateBatch>> check(const ProducerBatch& batch,
                                                                  AppendOrigin origin) const;

  // The entry of the batch's producer where the batch may lie in the log before all that the entry
  // knows of, and nobody has looked there yet: it came from a snapshot. Else nothing.
  const ProducerEntry* incomplete_entry_of(const ProducerBatch& batch) const;
  // What read_older_batches() found for it, or for a duplicate without an offset; of that one's and
  // those behind it, which are likely to come next, the offsets are known now. REQUIRES: find()
  // gives the producer, with a batch.
  void complete(const ProducerBatch& batch, std::vector<ProducerBatchSpan> older);

  // Takes a batch that is in the log now. Returns the transaction that it aborted, which belongs
  // into the transaction index. REQUIRES: checked; a known producer id.
  std::optional<AbortedTransaction> append(const ProducerBatch& batch);

  // The offset up to which the state has seen the log; a snapshot is named by it. Told after every
  // append, also of batches without a producer id.
  base::Offset end_offset() const { return end_offset_; }
  void set_end_offset(base::Offset offset) { end_offset_ = offset; }

  // The first offset of the oldest transaction that is open, or whose end lies at or above
  // `high_watermark` and could be lost yet; nothing when there is none. The last stable offset is
  // the smaller of this and the high watermark.
  std::optional<base::Offset> first_unstable_offset(base::Offset high_watermark) const;
  // Forgets the ends of transactions below `offset` (the high watermark or the log's start). Call
  // it at least with each marker, or they heap up.
  void forget_ended_transactions_below(base::Offset offset);

  // Drops producers that wrote nothing for `expiration_ms` (producer.id.expiration.ms) and have no
  // transaction open.
  void expire(base::Timestamp now, std::int64_t expiration_ms);

  bool empty() const { return !tables_; }
  std::size_t size() const { return tables_ ? tables_->producers.size() : 0; }
  const ProducerEntry* find(base::ProducerId producer_id) const;
  // By ascending producer id.
  std::vector<ProducerEntry> entries() const;
  std::vector<ActiveProducer> active_producers() const;

  // Empty, at `offset`.
  void reset(base::Offset offset);
  // A producer of a snapshot.
  void load(const ProducerEntry& entry);

 private:
  // Transactions by first offset.
  struct EndedTransaction {
    base::Offset last_offset;
  };
  // Of one producer, older than those that are remembered.
  struct LocatedBatches {
    base::ProducerId producer_id;
    base::ProducerEpoch producer_epoch;
    std::vector<ProducerBatchSpan> batches;
  };
  static constexpr std::size_t kLocatedBatches = 64;
  struct Tables {
    std::unordered_map<base::ProducerId, ProducerEntry> producers;
    std::map<base::Offset, base::ProducerId> open_transactions;
    std::map<base::Offset, EndedTransaction> ended_transactions;
    std::optional<LocatedBatches> located;  // those that were looked for last
  };

  std::optional<DuplicateBatch> find_duplicate(const ProducerEntry& entry,
                                               const ProducerBatch& batch) const;
  base::Result<> check_epoch(const ProducerEntry& entry, const ProducerBatch& batch) const;
  base::Result<> check_sequence(const ProducerEntry& entry, const ProducerBatch& batch) const;
  std::optional<AbortedTransaction> end_transaction(ProducerEntry& entry,
                                                    const ProducerBatch& batch);
  Tables& tables();
  void release_if_empty();

  std::unique_ptr<Tables> tables_;
  base::Offset end_offset_{0};
};

}  // namespace odradek::log
