// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "log/producer_state.h"

namespace odradek::log {

// Idempotent producers whose first batches in a partition were refused for want of room. A producer
// that the log does not know may begin with any sequence number, so once there is room a later
// batch, still on its way when the first was refused, would be taken for the first, and the first
// one's repetition for one out of order: records would be lost or change places. Pure.
// Threads: the caller serialises.
class RefusedProducers {
 public:
  // The batches were not written. Producers that `known` has are held in order by their sequence.
  void note(base::ByteView batches, const ProducerState& known);
  // KAFKA_STORAGE_ERROR for a batch that comes before the one that was refused first. What may be
  // appended is forgotten.
  [[nodiscard]] base::Result<> check(base::ByteView batches, const ProducerState& known);

  std::size_t size() const { return refused_.size(); }

 private:
  struct First {
    base::ProducerEpoch epoch = base::kNoProducerEpoch;
    std::int32_t sequence = 0;
  };
  // Beyond so many, all are forgotten: the order of those is then what it is in Apache Kafka.
  static constexpr std::size_t kMaxProducers = 10000;

  std::unordered_map<base::ProducerId, First> refused_;
};

}  // namespace odradek::log
