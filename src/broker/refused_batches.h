// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "record/batch_header.h"

namespace odradek::broker {

// Batches of idempotent producers that one connection brought and that were refused for a reason
// that passes: this broker did not lead the partition yet, or had too few replicas in sync. What
// the client had sent behind such a batch must not be judged as if that reason were gone. It would
// be out of order, and librdkafka then raises its epoch and sends anew what another broker has
// already; or, where the log does not know the producer, it would be taken for the first one, and
// the refused one's repetition be out of order, which is the end of the client. So it is refused
// for the same reason. Pure. Threads: one at a time, as the connection's produce requests are
// worked on.
class RefusedBatches {
 public:
  // As a request names it.
  struct Place {
    std::string topic;
    base::TopicId topic_id;
    std::int32_t partition = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  // What the log knows of a producer in its newest epoch.
  struct Known {
    base::ProducerEpoch epoch = base::kNoProducerEpoch;
    std::int32_t last_sequence = -1;
  };

  bool empty() const { return refused_.empty(); }
  // Whether a batch that was refused with it may be appended later as it is.
  static bool is_passing(base::ErrorCode code);
  // The batch was refused, before it was appended, with an error that is_passing. Batches without
  // a producer id are not kept.
  void note(const Place& place, const record::BatchView& batch, base::ErrorCode code);
  // The error of a batch that comes behind a refused one, as often as a client may have batches in
  // flight behind it; nothing where it comes in order by what the log knows. REQUIRES: the batch is
  // appended next where nothing is returned: what was refused is forgotten then.
  [[nodiscard]] base::Result<> check(const Place& place, const record::BatchView& batch,
                                     const std::optional<Known>& known);

 private:
  struct Producer {
    Place place;
    base::ProducerId id;
    friend auto operator<=>(const Producer&, const Producer&) = default;
  };
  struct First {
    base::ProducerEpoch epoch;
    std::int32_t sequence = 0;
    base::ErrorCode code = base::ErrorCode::kNone;
    int behind = 0;  // so many may be refused yet
  };
  // Beyond so many, all are forgotten: their order is then what it is in Apache Kafka.
  static constexpr std::size_t kMaxProducers = 1000;

  std::map<Producer, First> refused_;
};

}  // namespace odradek::broker
