// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"

namespace odradek::cli {

// What one replica answered to a fetch from a partition's offset; empty where it did not answer.
struct ReplicaData {
  base::Offset high_watermark{-1};
  base::SharedBytes records = {};  // whole batches, and maybe part of one
};

// A batch as one replica has it.
struct ReplicaBatch {
  base::BrokerId replica;
  base::Offset last_offset;
  std::uint32_t crc = 0;
};

// Two replicas of a partition that hold different batches at one place.
struct ReplicaMismatch {
  base::TopicPartition partition;
  ReplicaBatch first;
  ReplicaBatch second;

  // The batches do not even end at the same offset, so that nothing behind them can be compared.
  bool is_lost() const { return first.last_offset != second.last_offset; }
};

// What a round of fetches, one from every replica, led to.
struct VerifiedRound {
  std::vector<ReplicaMismatch> mismatches;
  // How far the high watermark is ahead of what is verified, where it is furthest; -1: no
  // partition.
  std::int64_t max_lag = -1;
  base::TopicPartition partition = {};
  base::Offset offset{-1};
  bool has_advanced = false;  // something was verified
};

// Compares what the replicas of partitions hold, batch by batch, up to each replica's high
// watermark. What a round could not compare is fetched again from offsets(). Threads: one.
class ReplicaVerifier {
 public:
  using Offsets = std::map<base::TopicPartition, base::Offset>;

  explicit ReplicaVerifier(Offsets from) : offsets_(std::move(from)) {}

  // Where each partition is to be fetched from next.
  const Offsets& offsets() const { return offsets_; }
  // REQUIRES: offsets() has the partition.
  void add(const base::TopicPartition& partition, base::BrokerId replica, ReplicaData data);
  // Compares what was added since the last call. CORRUPT_MESSAGE names the replica whose batch
  // cannot be read, the partition and the offset.
  [[nodiscard]] base::Result<VerifiedRound> verify();

 private:
  using Replicas = std::map<base::BrokerId, ReplicaData>;

  // Moves the partition's offset.
  base::Result<> compare(const base::TopicPartition& partition, const Replicas& replicas,
                         VerifiedRound& round);

  Offsets offsets_;
  std::map<base::TopicPartition, Replicas> fetched_;
};

}  // namespace odradek::cli
