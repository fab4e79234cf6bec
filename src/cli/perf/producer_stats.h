// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace odradek::cli {

// What a producer test counts, in the lines that kafka-producer-perf-test prints. Times are
// milliseconds of one clock. Threads: one.
class ProducerStats {
 public:
  // `records` is how many are expected: of more than 500,000 only so many latencies are kept,
  // evenly spread, for the percentiles. `is_steady_state`: these are the records after a warm-up.
  ProducerStats(std::int64_t records, std::int64_t reporting_interval_ms, std::int64_t now_ms,
                bool is_steady_state = false);

  // A record of so many bytes was acknowledged now, so long after it was sent. The line of the
  // window that ends with it, where one does.
  [[nodiscard]] std::optional<std::string> add(std::int64_t latency_ms, std::int64_t bytes,
                                               std::int64_t now_ms);

  struct Total {
    std::int64_t records = 0;
    double records_per_second = 0;
    double megabytes_per_second = 0;  // MiB
    double average_latency_ms = 0;
    std::int64_t max_latency_ms = 0;
    std::array<std::int64_t, 4> percentiles_ms = {};  // 50th, 95th, 99th, 99.9th
  };
  // Sorts what is kept: for the end.
  Total total(std::int64_t now_ms);
  std::string total_line(const Total& total) const;

  std::int64_t count() const { return all_.count; }
  std::int64_t bytes() const { return all_.bytes; }
  // Counts on, and says no more of windows.
  void be_silent() { is_silent_ = true; }

 private:
  struct Sum {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
    std::int64_t latency_ms = 0;
    std::int64_t max_latency_ms = 0;

    void add(std::int64_t latency, std::int64_t size);
  };

  std::string window_line(std::int64_t now_ms) const;

  const std::int64_t start_ms_;
  const std::int64_t sampling_;
  const std::int64_t reporting_interval_ms_;
  const bool is_steady_state_;
  bool is_silent_ = false;
  std::int64_t window_start_ms_;
  Sum all_;
  Sum window_;
  std::vector<std::int32_t> latencies_ms_;
};

}  // namespace odradek::cli
