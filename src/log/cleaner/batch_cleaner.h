// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "log/cleaner/cleaned_transactions.h"
#include "log/cleaner/offset_map.h"
#include "record/batch_header.h"
#include "record/record_reader.h"

namespace odradek::log::cleaner {

// The last thing that an active producer wrote.
struct LastRecord {
  // Nothing: only a marker.
  std::optional<base::Offset> last_data_offset;
  base::ProducerEpoch producer_epoch = base::kNoProducerEpoch;
};
using LastRecords = std::unordered_map<base::ProducerId, LastRecord>;

// What holds for all batches of one cleaning.
struct CleaningRules {
  base::Timestamp now;
  std::int64_t delete_retention_ms = 0;
  // Where what may be cleaned ends. A batch that ends there is kept, emptied where need be, so that
  // the log has no gap before what was not cleaned.
  base::Offset upper_bound;
};

// What cleaning makes of a batch: the same bytes, fewer records, or nothing.
struct CleanedBatch {
  enum class Fate : std::uint8_t { kKept, kRewritten, kRemoved };
  Fate fate = Fate::kKept;
  // Where it was rewritten.
  base::SharedBytes bytes = {};
  std::int32_t records_kept = 0;
  std::int32_t records_removed = 0;
  // Removed for want of a key: no compacted topic takes them, but it may not always have been one.
  std::int32_t records_without_key = 0;
};

// Decides about batches, record by record (docs/formats/log.md says by which rules). Told of every
// batch of a log from its beginning, in order. Not thread-safe.
class BatchCleaner {
 public:
  BatchCleaner(const CleaningRules& rules, const OffsetMap& map, CleanedTransactions& transactions)
      : rules_(rules), map_(map), transactions_(transactions) {}

  // As of when the segment that is read next was begun with.
  void set_last_records(LastRecords last_records) { last_records_ = std::move(last_records); }

  // Errors where the batch's records can't be read. REQUIRES: the batch matches its checksum.
  [[nodiscard]] base::Result<CleanedBatch> clean(const record::BatchView& batch);
  // The aborted transactions whose markers were seen since the last call.
  std::vector<AbortedTransaction> take_aborted() { return std::exchange(aborted_, {}); }

 private:
  enum class WhenEmpty : std::uint8_t { kRemove, kKeep };
  struct Verdict {
    bool discards_records = false;
    bool is_marker_of_empty_transaction = false;
    WhenEmpty when_empty = WhenEmpty::kRemove;
  };
  struct Choice {
    std::vector<bool> keeps;
    std::int32_t kept = 0;
    std::int32_t without_key = 0;
    bool has_tombstones = false;
  };

  base::Result<Verdict> judge(const record::BatchView& batch);
  bool is_last_of_producer(const record::BatchHeader& batch) const;
  base::Result<Choice> choose(const record::BatchView& batch, const Verdict& verdict) const;
  base::Timestamp new_horizon() const;
  bool keeps_record(const record::BatchHeader& batch, const record::Record& record) const;
  static base::Result<base::SharedBytes> rewrite(const record::BatchView& batch,
                                                 const Choice& choice,
                                                 std::optional<base::Timestamp> delete_horizon);

  const CleaningRules rules_;
  const OffsetMap& map_;
  CleanedTransactions& transactions_;
  LastRecords last_records_;
  std::vector<AbortedTransaction> aborted_;
};

}  // namespace odradek::log::cleaner
