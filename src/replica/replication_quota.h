// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>

#include "env/clock.h"

namespace odradek::replica {

// Holds the copying of throttled replicas to so many bytes a second, all together (KIP-73): the
// rate is measured over samples, and what was sent is counted afterwards. Pure but for its lock:
// times come in. Threads: any.
class ReplicationQuota {
 public:
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  struct Window {
    std::size_t samples = 11;                        // replication.quota.window.num
    env::Duration length = std::chrono::seconds(1);  // replication.quota.window.size.seconds
  };

  explicit ReplicationQuota(const Window& window) : window_(window) {}

  // leader. or follower.replication.throttled.rate. 0 holds everything up.
  void set_rate(std::int64_t bytes_per_second) { rate_ = bytes_per_second; }
  bool is_limited() const { return rate_ != kUnlimited; }

  void record(std::uint64_t bytes, env::MonotonicTime now);
  // What may be sent now: nothing while the rate is exceeded, else what is left of it, and at least
  // what a tenth of a window allows, so that a low rate gives no small steps.
  std::uint64_t allowed_bytes(env::MonotonicTime now);
  // The same, and what will be allowed at first where nothing is now: what to ask for at once.
  std::uint64_t step_bytes(env::MonotonicTime now);
  // Until something may be sent again; zero when it may be now. Never more than a second, so that a
  // change of the rate is heard of soon.
  env::Duration wait(env::MonotonicTime now);
  // As measured now.
  double bytes_per_second(env::MonotonicTime now);

 private:
  struct Sample {
    env::MonotonicTime begin;
    std::uint64_t bytes = 0;
  };

  void drop_old_locked(env::MonotonicTime now);
  std::uint64_t sum_locked() const;
  // What counts, one window at least, or the first bytes would be an endless rate.
  env::Duration measured_time_locked(env::MonotonicTime now) const;
  // What the rate allows in that time.
  double bytes_in(env::Duration time) const;
  std::uint64_t least_step_bytes() const;
  env::Duration life_of_a_sample() const;

  const Window window_;
  std::atomic<std::int64_t> rate_ = kUnlimited;
  std::mutex mutex_;
  std::deque<Sample> samples_;
};

}  // namespace odradek::replica
