// SPDX-License-Identifier: Apache-2.0
#include "broker/refused_batches.h"

#include <fmt/core.h>

namespace odradek::broker {
namespace {

using base::ErrorCode;

// Clients have at most five in flight.
constexpr int kMostBehind = 4;

// Sequence numbers begin again with 0.
bool comes_after(std::int32_t sequence, std::int32_t other) {
  constexpr std::uint32_t kSequences = 1U << 31U;
  const std::uint32_t distance =
      (static_cast<std::uint32_t>(sequence) - static_cast<std::uint32_t>(other)) % kSequences;
  return distance > 0 && distance < kSequences / 2;
}

}  // namespace

bool RefusedBatches::is_passing(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kKafkaStorageError:
      return true;
    default:
      return false;
  }
}

void RefusedBatches::note(const Place& place, const record::BatchView& batch, ErrorCode code) {
  if (!batch.has_producer_id() || batch.base_sequence() < 0) return;
  if (refused_.size() >= kMaxProducers) refused_.clear();
  First& first = refused_[{place, batch.producer_id()}];
  // What comes behind one that is noted is refused with it, and changes nothing.
  const bool is_behind = first.code != ErrorCode::kNone && first.epoch == batch.producer_epoch() &&
                         comes_after(batch.base_sequence(), first.sequence);
  if (is_behind) return;
  first = {batch.producer_epoch(), batch.base_sequence(), code, kMostBehind};
}

base::Result<> RefusedBatches::check(const Place& place, const record::BatchView& batch,
                                     const std::optional<Known>& known) {
  if (!batch.has_producer_id()) return {};
  const auto found = refused_.find({place, batch.producer_id()});
  if (found == refused_.end()) return {};
  First& first = found->second;
  const bool is_known = known && known->epoch == batch.producer_epoch();
  const bool follows = is_known && known->last_sequence >= 0 &&
                       record::increment_sequence(known->last_sequence, 1) == batch.base_sequence();
  const bool is_behind = first.epoch == batch.producer_epoch() && first.behind > 0 &&
                         comes_after(batch.base_sequence(), first.sequence);
  if (follows || !is_behind) {
    refused_.erase(found);
    return {};
  }
  --first.behind;
  return base::fail(
      first.code,
      fmt::format("sequence {} of producer {} comes behind {}, which was refused: try again in "
                  "order",
                  batch.base_sequence(), batch.producer_id().value(), first.sequence));
}

}  // namespace odradek::broker
