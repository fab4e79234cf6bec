// SPDX-License-Identifier: Apache-2.0
#include "net/connection_limits.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace odradek::net {

void ConnectionLimits::set(std::int64_t max_per_ip, std::map<std::string, std::int64_t> overrides) {
  const std::lock_guard lock(mutex_);
  max_per_ip_ = max_per_ip;
  overrides_ = std::move(overrides);
}

base::Result<> ConnectionLimits::admit(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = overrides_.find(host);
  const bool overridden = found != overrides_.end();
  const std::int64_t limit = overridden ? found->second : max_per_ip_;
  const auto place = count_.try_emplace(host, 0).first;
  if (place->second < limit) {
    ++place->second;
    return {};
  }
  if (place->second == 0) count_.erase(place);
  return base::fail(
      base::ErrorCode::kPolicyViolation,
      fmt::format("{} has {} connections already ({})", host, limit,
                  overridden ? "max.connections.per.ip.overrides" : "max.connections.per.ip"));
}

void ConnectionLimits::leave(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto place = count_.find(host);
  if (place != count_.end() && --place->second == 0) count_.erase(place);
}

env::Duration CreationRate::count_one(env::MonotonicTime now) {
  if (per_second_ == std::numeric_limits<std::int64_t>::max()) return env::Duration::zero();
  constexpr env::Duration kSecond = std::chrono::seconds(1);
  const env::Duration per_connection = kSecond / std::max<std::int64_t>(per_second_, 1);
  full_at_ = std::max(full_at_, now) + per_connection;
  return std::max(env::Duration::zero(), full_at_ - now + per_connection - kSecond);
}

}  // namespace odradek::net
