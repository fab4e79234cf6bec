// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "env/clock.h"

namespace odradek::log::directory {

// What the flushes of a log directory cost, as one moment saw it.
struct FlushFigures {
  // Bounds of the buckets of a histogram: 64 µs, 128 µs … 16.8 s; the last one has none.
  static constexpr std::size_t kBuckets = 20;
  static constexpr std::int64_t bound_us(std::size_t bucket) { return std::int64_t{64} << bucket; }

  // Calls of the disk: of one log's files, or of the file system.
  std::uint64_t count = 0;
  std::uint64_t total_us = 0;
  // Not summed up: how many took at most the bucket's bound and more than the one's before.
  std::array<std::uint64_t, kBuckets> buckets{};

  FlushFigures& operator+=(const FlushFigures& other) {
    count += other.count;
    total_us += other.total_us;
    for (std::size_t i = 0; i < kBuckets; ++i) buckets[i] += other.buckets[i];
    return *this;
  }
};

// Counts them. Threads: any; the numbers of one snapshot may be moments apart.
class FlushStatistics {
 public:
  void add(env::Duration duration) {
    const auto us = duration.count() / 1000;
    std::size_t bucket = 0;
    while (bucket + 1 < FlushFigures::kBuckets && us > FlushFigures::bound_us(bucket)) ++bucket;
    total_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  }
  FlushFigures figures() const {
    FlushFigures figures;
    figures.total_us = total_us_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < FlushFigures::kBuckets; ++i) {
      figures.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
      figures.count += figures.buckets[i];
    }
    return figures;
  }

 private:
  std::atomic<std::uint64_t> total_us_ = 0;
  std::array<std::atomic<std::uint64_t>, FlushFigures::kBuckets> buckets_{};
};

}  // namespace odradek::log::directory
