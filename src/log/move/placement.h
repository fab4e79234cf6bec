// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace odradek::log::move {

// A log directory as a place for new partitions.
struct Place {
  // Partitions in it, those being created included.
  std::size_t log_count = 0;
  // What may still be written; 0 where it is not known.
  std::uint64_t usable_bytes = 0;
  bool is_offline = false;
  // No room beyond its reserve.
  bool is_full = false;
  // In cordoned.log.dirs.
  bool is_cordoned = false;
};

// The directory that a new partition goes to; nothing when all are offline. Apache Kafka takes the
// one with the fewest partitions; here each may have partitions in proportion to its free space,
// which is the same where the directories have about as much of it. Where every one that is online
// is full or cordoned, the first that is not full is taken, or just the first, for the broker was
// given the partition and has to put it somewhere (Kafka does the same). Pure.
std::optional<std::size_t> choose_place(std::span<const Place> places);

}  // namespace odradek::log::move
