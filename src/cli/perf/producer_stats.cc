// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/producer_stats.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "cli/perf/java_number.h"

namespace odradek::cli {
namespace {

constexpr std::int64_t kMaxSamples = 500'000;
constexpr double kMebibyte = 1024.0 * 1024.0;

double per_second(std::int64_t amount, std::int64_t elapsed_ms) {
  return 1000.0 * static_cast<double>(amount) / static_cast<double>(elapsed_ms);
}

}  // namespace

void ProducerStats::Sum::add(std::int64_t latency, std::int64_t size) {
  ++count;
  bytes += size;
  latency_ms += latency;
  max_latency_ms = std::max(max_latency_ms, latency);
}

ProducerStats::ProducerStats(std::int64_t records, std::int64_t reporting_interval_ms,
                             std::int64_t now_ms, bool is_steady_state)
    : start_ms_(now_ms),
      sampling_(std::max<std::int64_t>(1, records / std::min(records, kMaxSamples))),
      reporting_interval_ms_(reporting_interval_ms),
      is_steady_state_(is_steady_state),
      window_start_ms_(now_ms) {}

std::optional<std::string> ProducerStats::add(std::int64_t latency_ms, std::int64_t bytes,
                                              std::int64_t now_ms) {
  if (all_.count % sampling_ == 0) latencies_ms_.push_back(static_cast<std::int32_t>(latency_ms));
  all_.add(latency_ms, bytes);
  window_.add(latency_ms, bytes);
  if (now_ms - window_start_ms_ < reporting_interval_ms_) return std::nullopt;
  std::string line;
  if (is_steady_state_ && all_.count == window_.count) line = "In steady state.\n";
  if (!is_silent_) line += window_line(now_ms);
  window_ = {};
  window_start_ms_ = now_ms;
  if (line.empty()) return std::nullopt;
  return line;
}

std::string ProducerStats::window_line(std::int64_t now_ms) const {
  const std::int64_t elapsed_ms = now_ms - window_start_ms_;
  return fmt::format(
      "{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency.\n",
      window_.count, java_fixed(per_second(window_.count, elapsed_ms), 1),
      java_fixed(per_second(window_.bytes, elapsed_ms) / kMebibyte, 2),
      java_fixed(static_cast<double>(window_.latency_ms) / static_cast<double>(window_.count), 1),
      java_fixed(static_cast<double>(window_.max_latency_ms), 1));
}

ProducerStats::Total ProducerStats::total(std::int64_t now_ms) {
  Total total;
  const std::int64_t elapsed_ms = now_ms - start_ms_;
  total.records = all_.count;
  total.records_per_second = per_second(all_.count, elapsed_ms);
  total.megabytes_per_second = per_second(all_.bytes, elapsed_ms) / kMebibyte;
  total.average_latency_ms = static_cast<double>(all_.latency_ms) / static_cast<double>(all_.count);
  total.max_latency_ms = all_.max_latency_ms;
  std::ranges::sort(latencies_ms_);
  constexpr std::array kPercentiles = {0.5, 0.95, 0.99, 0.999};
  for (std::size_t i = 0; i < kPercentiles.size() && !latencies_ms_.empty(); ++i) {
    const auto at =
        static_cast<std::size_t>(kPercentiles[i] * static_cast<double>(latencies_ms_.size()));
    total.percentiles_ms[i] = latencies_ms_[at];
  }
  return total;
}

std::string ProducerStats::total_line(const Total& total) const {
  return fmt::format(
      "{}{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency, "
      "{} ms 50th, {} ms 95th, {} ms 99th, {} ms 99.9th.\n",
      total.records, is_steady_state_ ? " steady state" : "",
      java_fixed(total.records_per_second, 6), java_fixed(total.megabytes_per_second, 2),
      java_fixed(total.average_latency_ms, 2),
      java_fixed(static_cast<double>(total.max_latency_ms), 2), total.percentiles_ms[0],
      total.percentiles_ms[1], total.percentiles_ms[2], total.percentiles_ms[3]);
}

}  // namespace odradek::cli
