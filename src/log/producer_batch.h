// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/result.h"
#include "log/producer_state.h"
#include "record/batch_header.h"

namespace odradek::log {

// What the producer state is told of a batch: nothing where it carries no producer id, or is a
// control batch that ends no transaction (or was emptied by compaction). Reads the records of a
// control batch only. CORRUPT_MESSAGE, INVALID_RECORD.
[[nodiscard]] base::Result<std::optional<ProducerBatch>> producer_batch_of(
    const record::BatchView& batch);

}  // namespace odradek::log
