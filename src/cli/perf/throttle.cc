// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/throttle.h"

namespace odradek::cli {
namespace {

constexpr env::Duration kShortestWait = std::chrono::milliseconds(2);

}  // namespace

std::optional<env::Duration> Throttle::wait(std::int64_t sent, env::MonotonicTime now) const {
  if (records_per_second_ < 0) return env::Duration::zero();
  if (records_per_second_ == 0) return std::nullopt;
  const double due_s = static_cast<double>(sent) / records_per_second_;
  const auto due = start_ + env::Duration(static_cast<std::int64_t>(due_s * 1e9));
  return due - now < kShortestWait ? env::Duration::zero() : due - now;
}

}  // namespace odradek::cli
