// SPDX-License-Identifier: Apache-2.0
#include "log/refused_producers.h"

#include <fmt/core.h>

#include <cerrno>

#include "record/batch_header.h"

namespace odradek::log {

void RefusedProducers::note(base::ByteView batches, const ProducerState& known) {
  record::BatchIterator iterator(batches);
  for (auto batch = iterator.next(); batch && *batch; batch = iterator.next()) {
    const record::BatchView& view = **batch;
    if (!view.has_producer_id() || view.is_control() || known.find(view.producer_id())) continue;
    if (refused_.size() >= kMaxProducers) refused_.clear();
    const First first{.epoch = view.producer_epoch(), .sequence = view.base_sequence()};
    const auto [at, is_new] = refused_.try_emplace(view.producer_id(), first);
    if (is_new) continue;
    if (at->second.epoch != first.epoch || first.sequence < at->second.sequence) at->second = first;
  }
}

base::Result<> RefusedProducers::check(base::ByteView batches, const ProducerState& known) {
  if (refused_.empty()) return {};
  record::BatchIterator iterator(batches);
  for (auto batch = iterator.next(); batch && *batch; batch = iterator.next()) {
    const record::BatchView& view = **batch;
    const auto found = refused_.find(view.producer_id());
    if (found == refused_.end()) continue;
    const First& first = found->second;
    if (known.find(view.producer_id()) == nullptr && first.epoch == view.producer_epoch() &&
        view.base_sequence() > first.sequence) {
      return std::unexpected(base::Error{
          base::ErrorCode::kKafkaStorageError,
          fmt::format("sequence {} of producer {} comes after {}, which found no room on the disk "
                      "and was not written: nothing was written, try again in order",
                      view.base_sequence(), view.producer_id().value(), first.sequence),
          ENOSPC});
    }
    refused_.erase(found);
  }
  return {};
}

}  // namespace odradek::log
