// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace odradek::record {

// One record that a machine logs; no value is a tombstone.
struct JournalRecord {
  base::SharedBytes key;
  std::optional<base::SharedBytes> value;
};

// What a machine's records are kept in: appended, given offsets, committed in that order. Committed
// means what an acks=all producer is promised. Threads: any; calls of one journal are ordered by
// the caller.
class Journal {
 public:
  virtual ~Journal() = default;

  // Appends the records as one batch (they are there all or none) and returns the offset after the
  // last one. NOT_LEADER_OR_FOLLOWER when this node does not lead the journal's partition;
  // KAFKA_STORAGE_ERROR. REQUIRES: records is not empty.
  // Nothing is written yet: call write_out() afterwards, without a lock.
  [[nodiscard]] virtual base::Result<base::Offset> append(std::vector<JournalRecord> records,
                                                          base::Timestamp now) = 0;
  // The same for records that need not be there together, what was deleted or has expired: in as
  // many batches as their sizes ask for. An error may leave some of them appended.
  [[nodiscard]] virtual base::Result<base::Offset> append_each(std::vector<JournalRecord> records,
                                                               base::Timestamp now) = 0;
  // Writes what was appended. Calls handlers of when_committed. Threads: any, in no order.
  virtual void write_out() = 0;
  // The offset after the last record appended.
  virtual base::Offset end_offset() const = 0;
  // Calls once, from any thread and possibly at once, when everything before `end` is committed, or
  // with the error because of which that will never be known here.
  virtual void when_committed(base::Offset end,
                              std::move_only_function<void(base::Result<>)> handler) = 0;
};

}  // namespace odradek::record
