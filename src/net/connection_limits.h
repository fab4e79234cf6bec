// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "env/clock.h"

namespace odradek::net {

// Counts connections by address (`max.connections.per.ip`, with its overrides). Threads: any.
class ConnectionLimits {
 public:
  ConnectionLimits(std::int64_t max_per_ip, std::map<std::string, std::int64_t> overrides)
      : max_per_ip_(max_per_ip), overrides_(std::move(overrides)) {}

  void set(std::int64_t max_per_ip, std::map<std::string, std::int64_t> overrides);

  // Takes a place; POLICY_VIOLATION, with the key, where the address has none left.
  [[nodiscard]] base::Result<> admit(const std::string& host);
  // Gives it back.
  void leave(const std::string& host);

 private:
  std::mutex mutex_;
  // Guarded by mutex_.
  std::int64_t max_per_ip_;
  std::map<std::string, std::int64_t> overrides_;
  std::unordered_map<std::string, std::int64_t> count_;
};

// How fast connections may come: so many a second on the average, a second's worth at once.
class CreationRate {
 public:
  explicit CreationRate(std::int64_t per_second) : per_second_(per_second) {}

  void set(std::int64_t per_second) { per_second_ = per_second; }

  // Counts one connection; returns how long to wait before the next, zero where there is no need.
  env::Duration count_one(env::MonotonicTime now);

 private:
  std::int64_t per_second_;
  env::MonotonicTime full_at_;  // when the whole second's worth will be there again
};

}  // namespace odradek::net
