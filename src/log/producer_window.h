// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "env/disk.h"
#include "log/log_loader.h"
#include "log/producer_state.h"

namespace odradek::log {

// So much of the log is looked at for one producer.
inline constexpr std::uint64_t kProducerWindowBytes = 16U << 20U;

// A snapshot has the last batch of each producer only, as Kafka's format is, and a client has
// several in flight: one that a crash, or a stop, kept and left unanswered is sent again, and must
// be known. This reads the batches of `entry` that lie below the oldest one it has, until the one
// that starts with `base_sequence` is among them, or kProducerWindowBytes were read. Oldest first.
// Blocks, for the log's end usually in the page cache.
[[nodiscard]] base::Result<std::vector<ProducerBatchSpan>> read_older_batches(
    env::Disk& disk, const Segments& segments, const ProducerEntry& entry,
    std::int32_t base_sequence);

}  // namespace odradek::log
