// SPDX-License-Identifier: Apache-2.0
#include "cli/replica_verification/replica_verifier.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "record/batch_header.h"

namespace odradek::cli {
namespace {

struct ReplicaCursor {
  base::BrokerId replica;
  base::Offset high_watermark;
  record::BatchIterator batches;
};

// The next batch below the high watermark.
base::Result<std::optional<record::BatchView>> next_batch(ReplicaCursor& cursor) {
  auto batch = cursor.batches.next();
  if (batch && *batch && (*batch)->last_offset() >= cursor.high_watermark) return std::nullopt;
  return batch;
}

}  // namespace

void ReplicaVerifier::add(const base::TopicPartition& partition, base::BrokerId replica,
                          ReplicaData data) {
  fetched_[partition].insert_or_assign(replica, std::move(data));
}

base::Result<> ReplicaVerifier::compare(const base::TopicPartition& partition,
                                        const Replicas& replicas, VerifiedRound& round) {
  std::vector<ReplicaCursor> cursors;
  for (const auto& [replica, data] : replicas) {
    cursors.push_back({replica, data.high_watermark, record::BatchIterator(data.records.view())});
  }
  base::Offset& verified = offsets_.at(partition);
  while (true) {
    std::optional<ReplicaBatch> first;
    base::Offset next = verified;
    for (ReplicaCursor& cursor : cursors) {
      const auto batch = next_batch(cursor);
      if (!batch) {
        return base::fail(batch.error().code,
                          fmt::format("Error in processing replica {} in partition {} at offset "
                                      "{}: {}",
                                      cursor.replica.value(), partition.to_string(),
                                      verified.value(), batch.error().message));
      }
      if (!*batch) return {};  // not in every replica yet
      const ReplicaBatch found{cursor.replica, (*batch)->last_offset(), (*batch)->crc()};
      if (!first) {
        first = found;
        next = (*batch)->next_offset();
      } else if (first->last_offset != found.last_offset || first->crc != found.crc) {
        round.mismatches.push_back({partition, *first, found});
        if (round.mismatches.back().is_lost()) return {};
      }
    }
    round.has_advanced = true;
    verified = next;
  }
}

base::Result<VerifiedRound> ReplicaVerifier::verify() {
  VerifiedRound round;
  for (const auto& [partition, replicas] : std::exchange(fetched_, {})) {
    if (auto ok = compare(partition, replicas, round); !ok) return base::fail(std::move(ok));
    base::Offset high_watermark(-1);
    for (const auto& [replica, data] : replicas) {
      high_watermark = std::max(high_watermark, data.high_watermark);
    }
    const base::Offset verified = offsets_.at(partition);
    if (high_watermark - verified <= round.max_lag) continue;
    round.max_lag = high_watermark - verified;
    round.partition = partition;
    round.offset = verified;
  }
  return round;
}

}  // namespace odradek::cli
