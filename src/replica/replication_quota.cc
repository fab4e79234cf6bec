// SPDX-License-Identifier: Apache-2.0
#include "replica/replication_quota.h"

#include <algorithm>
#include <chrono>

namespace odradek::replica {

double ReplicationQuota::bytes_in(env::Duration time) const {
  return static_cast<double>(rate_) * std::chrono::duration<double>(time).count();
}

env::Duration ReplicationQuota::life_of_a_sample() const {
  return window_.length * static_cast<env::Duration::rep>(window_.samples);
}

void ReplicationQuota::drop_old_locked(env::MonotonicTime now) {
  while (!samples_.empty() && now - samples_.front().begin >= life_of_a_sample()) {
    samples_.pop_front();
  }
}

std::uint64_t ReplicationQuota::sum_locked() const {
  std::uint64_t sum = 0;
  for (const Sample& sample : samples_) sum += sample.bytes;
  return sum;
}

env::Duration ReplicationQuota::measured_time_locked(env::MonotonicTime now) const {
  if (samples_.empty()) return window_.length;
  return std::max<env::Duration>(now - samples_.front().begin, window_.length);
}

double ReplicationQuota::bytes_per_second(env::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  drop_old_locked(now);
  return static_cast<double>(sum_locked()) /
         std::chrono::duration<double>(measured_time_locked(now)).count();
}

void ReplicationQuota::record(std::uint64_t bytes, env::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  drop_old_locked(now);
  if (samples_.empty() || now - samples_.back().begin >= window_.length) {
    samples_.push_back({now, 0});
  }
  samples_.back().bytes += bytes;
}

std::uint64_t ReplicationQuota::allowed_bytes(env::MonotonicTime now) {
  if (!is_limited()) return std::numeric_limits<std::uint64_t>::max();
  const std::lock_guard lock(mutex_);
  drop_old_locked(now);
  const double left = bytes_in(measured_time_locked(now)) - static_cast<double>(sum_locked());
  if (left <= 0) return 0;
  return std::max(static_cast<std::uint64_t>(left), least_step_bytes());
}

std::uint64_t ReplicationQuota::least_step_bytes() const {
  return std::max<std::uint64_t>(static_cast<std::uint64_t>(bytes_in(window_.length) / 10), 1);
}

std::uint64_t ReplicationQuota::step_bytes(env::MonotonicTime now) {
  if (!is_limited()) return std::numeric_limits<std::uint64_t>::max();
  return std::max(allowed_bytes(now), least_step_bytes());
}

env::Duration ReplicationQuota::wait(env::MonotonicTime now) {
  using std::chrono::milliseconds;
  constexpr env::Duration kLongest = std::chrono::seconds(1);
  if (allowed_bytes(now) > 0) return env::Duration::zero();
  if (rate_ == 0) return kLongest;
  const std::lock_guard lock(mutex_);
  double sum = static_cast<double>(sum_locked());
  env::MonotonicTime when = now;
  for (const Sample& sample : samples_) {
    // A wait that is longer than that is looked at again anyway.
    const double seconds = std::min(sum / static_cast<double>(rate_), 1e6);
    const auto paid = sample.begin + std::chrono::duration_cast<env::Duration>(
                                         std::chrono::duration<double>(seconds));
    const env::MonotonicTime forgotten = sample.begin + life_of_a_sample();
    if (paid < forgotten) {
      when = std::max(when, paid);
      break;
    }
    when = forgotten;
    sum -= static_cast<double>(sample.bytes);
  }
  return std::clamp<env::Duration>(when - now, milliseconds(1), kLongest);
}

}  // namespace odradek::replica
