// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "quorum/engine.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// What was decided at once: all of it counts, or none. A change that did not fit into one node has
// KRaft's BeginTransaction first and EndTransaction last; an aborted one has no records.
struct Change {
  base::Offset base_offset{0};  // of the first record; the next has one more
  Position end;
  base::Timestamp timestamp{0};
  std::vector<base::SharedBytes> records;
};

// KRaft's records without a body that stand around and inside a transaction.
enum class Marker : std::uint8_t { kNone, kBegin, kEnd, kAbort, kNoOp };
base::SharedBytes make_marker(Marker marker);
Marker marker_of(base::ByteView record);

// One record batch v2, as one node of the change log, or one chunk of a snapshot, has it. REQUIRES:
// at least one record.
base::SharedBytes make_batch(base::Offset base_offset, base::LeaderEpoch epoch,
                             base::Timestamp timestamp,
                             const std::vector<base::SharedBytes>& records);
// The records in a batch. CORRUPT_MESSAGE names `where`.
[[nodiscard]] base::Result<Change> parse_batch(const base::SharedBytes& batch,
                                               const std::string& where);
// What a record takes in a batch, at most.
std::size_t size_in_batch(const base::SharedBytes& record);

// A part of the tree that operators read: the node's new content, or its removal. Not read back.
struct ViewWrite {
  std::string path;
  base::SharedBytes bytes;
  bool is_removal = false;
  // With zookeeper.set.acl: who may read a node that is made.
  Operation::Readers readers = Operation::Readers::kEveryone;
  // The change before this one left the node there.
  bool was_there = false;
};

// One multi's worth of a commit.
struct Part {
  base::Offset base_offset{0};
  base::Offset end_offset{0};
  base::SharedBytes batch;
  std::vector<ViewWrite> view;
};
// Splits a commit into parts that fit into a multi each, several with Begin and End around them.
// RECORD_LIST_TOO_LARGE where one record or node alone does not fit.
[[nodiscard]] base::Result<std::vector<Part>> split(base::Offset base_offset,
                                                    base::LeaderEpoch epoch,
                                                    base::Timestamp timestamp,
                                                    const std::vector<base::SharedBytes>& records,
                                                    std::vector<ViewWrite> view);
// What ends an open transaction of which nothing is to count, and writes the view with it: the end
// comes last.
[[nodiscard]] base::Result<std::vector<Part>> split_abort(base::Offset base_offset,
                                                          base::LeaderEpoch epoch,
                                                          base::Timestamp timestamp,
                                                          std::vector<ViewWrite> view);

}  // namespace odradek::quorum::zookeeper
