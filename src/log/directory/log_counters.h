// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace odradek::log::retention {
enum class Reason : std::uint8_t;
}

namespace odradek::log::directory {

// What the logs in a directory count, for metrics. Threads: any.
struct LogCounters {
  // Partitions with damage that was found and is still there, and the stretches of it.
  std::atomic<std::int64_t> damaged_partitions = 0;
  std::atomic<std::int64_t> damaged_ranges = 0;
  // Segments whose indexes were wrong and were made anew.
  std::atomic<std::uint64_t> rebuilt_indexes = 0;

  // What was deleted from the beginnings of logs, by retention::Reason.
  static constexpr std::size_t kReasons = 3;
  struct Deleted {
    std::atomic<std::uint64_t> segments = 0;
    std::atomic<std::uint64_t> bytes = 0;
  };
  std::array<Deleted, kReasons> deleted;

  void count_deletion(retention::Reason reason, std::uint64_t segments, std::uint64_t bytes) {
    Deleted& of_reason = deleted[static_cast<std::size_t>(reason)];
    of_reason.segments += segments;
    of_reason.bytes += bytes;
  }
};

}  // namespace odradek::log::directory
