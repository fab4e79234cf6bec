// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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

// The end of what a journal held at some time. Records that found no room on the disk are taken
// back, and others get their offsets: the count tells them apart.
struct JournalEnd {
  base::Offset offset = base::kNoOffset;
  std::uint64_t take_backs = 0;
};

// What a machine's records are kept in: appended, given offsets, committed in that order. Committed
// means what an acks=all producer is promised. Threads: any; calls of one journal are ordered by
// the caller.
class Journal {
 public:
  virtual ~Journal() = default;

  // Appends the records as one batch (they are there all or none) and returns their end.
  // NOT_LEADER_OR_FOLLOWER when this node does not lead the journal's partition;
  // KAFKA_STORAGE_ERROR. REQUIRES: records is not empty.
  // Nothing is written yet: call write_out() afterwards, without a lock.
  [[nodiscard]] virtual base::Result<JournalEnd> append(std::vector<JournalRecord> records,
                                                        base::Timestamp now) = 0;
  // The same for records that need not be there together, what was deleted or has expired: in as
  // many batches as their sizes ask for. An error may leave some of them appended.
  [[nodiscard]] virtual base::Result<JournalEnd> append_each(std::vector<JournalRecord> records,
                                                             base::Timestamp now) = 0;
  // Writes what was appended. Calls those who wait for that. Threads: any, in no order.
  virtual void write_out() = 0;
  // After the last record appended. Once `take_backs` has grown, a machine that was told of what it
  // had appended is ahead of the journal: it is to be loaded again.
  virtual JournalEnd end() const = 0;
};

}  // namespace odradek::record
