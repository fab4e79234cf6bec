// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "broker/replication/replica_fetcher.h"

// What a follower does about follower.replication.throttled.rate.
namespace odradek::broker {

// Who keeps up with the leader is never held back: it may be in the in-sync set.
bool ReplicaFetcher::is_throttled(const Followed& followed) const {
  return quota_.is_limited() && followed.partition->throttled().as_follower &&
         followed.partition->lag() != 0;
}

void ReplicaFetcher::hold_back(env::MonotonicTime at) {
  constexpr env::Duration kLeast = std::chrono::milliseconds(10);
  if (!quota_.is_limited()) return;
  const env::Duration wait = quota_.wait(at);
  if (wait == env::Duration::zero()) return;
  for (const auto& [key, followed] : followed_) {
    if (is_throttled(followed)) plan_.back_off(key, at + std::max(wait, kLeast));
  }
}

replica::follower::FollowedPosition ReplicaFetcher::position_of(const Followed& followed) const {
  auto position = followed.partition->position();
  if (!is_throttled(followed)) return position;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  position.max_bytes = static_cast<std::int32_t>(std::min(quota_.step_bytes(now()), kMost));
  return position;
}

}  // namespace odradek::broker
