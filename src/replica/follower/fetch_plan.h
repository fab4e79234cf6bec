// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "env/clock.h"
#include "wire/messages/fetch.h"

namespace odradek::replica::follower {

struct FetchOptions {
  base::BrokerId self;
  std::int64_t broker_epoch = -1;
  std::int32_t max_wait_ms = 500;              // replica.fetch.wait.max.ms
  std::int32_t min_bytes = 1;                  // replica.fetch.min.bytes
  std::int32_t max_bytes = 10 << 20;           // replica.fetch.response.max.bytes
  std::int32_t partition_max_bytes = 1 << 20;  // replica.fetch.max.bytes

  friend bool operator==(const FetchOptions&, const FetchOptions&) = default;
};

// Where a follower is in one partition.
struct FollowedPosition {
  base::LeaderEpoch leader_epoch = base::kNoLeaderEpoch;  // of the leader asked
  base::Offset end{0};  // everything before it is here, and flushed where that is waited for
  base::LeaderEpoch last_epoch = base::kNoLeaderEpoch;  // that of the last batch before it
  base::Offset log_start{0};
  base::Offset high_watermark = base::kNoOffset;
  base::Uuid directory_id = {};
  // Where less than replica.fetch.max.bytes is to be asked for.
  std::int32_t max_bytes = std::numeric_limits<std::int32_t>::max();

  friend bool operator==(const FollowedPosition&, const FollowedPosition&) = default;
};

// What one connection to a leader fetches: the partitions, whose turn it is, and the fetch session
// (KIP-227) in which only changes are sent. One request at a time: next(), then take() or failed().
// Pure: times come in. Not synchronised.
class FetchPlan {
 public:
  using Key = std::pair<base::TopicId, std::int32_t>;

  explicit FetchPlan(const FetchOptions& options) : options_(options) {}

  void set_options(const FetchOptions& options) { options_ = options; }

  // Follows the partition, or goes on with it from another position. Ends a back-off.
  void follow(const Key& key, const FollowedPosition& position);
  void forget(const Key& key);
  // Leaves the partition out until `until`, or for longer where it is left out for longer already.
  void back_off(const Key& key, env::MonotonicTime until);

  bool is_empty() const { return partitions_.empty(); }
  bool follows(const Key& key) const { return partitions_.contains(key); }
  // When the next one comes back that is left out; of use where all are.
  std::optional<env::MonotonicTime> next_return() const;
  // Whether a request would ask for anything.
  bool has_turn(env::MonotonicTime now) const;

  // The next request: all partitions that are not left out, or in a session what changed.
  wire::FetchRequest next(env::MonotonicTime now);

  // Settles the session by an answer. False: the answer's error ended the session, it has nothing
  // for anybody, and the next request asks for everything anew.
  bool take(const wire::FetchResponse& response);
  // There was no answer. The leader may hold the session or not: the next request ends it.
  void failed();

 private:
  wire::FetchRequest::FetchPartition as_asked(const Key& key,
                                              const FollowedPosition& position) const;
  void leave_out(const Key& key);
  void end_back_offs(env::MonotonicTime now);
  void ask_for_all(wire::FetchRequest& request);
  void ask_for_changes(wire::FetchRequest& request);

  FetchOptions options_;
  std::map<Key, FollowedPosition> partitions_;
  std::map<Key, env::MonotonicTime> backed_off_;
  // 0: none. Epoch 0 asks for a new one, in the place of the one that is named.
  std::int32_t session_id_ = 0;
  std::int32_t session_epoch_ = 0;
  // As the leader has it once it has answered the last request, and the changes since that.
  std::set<Key> in_session_;
  std::set<Key> changed_;
  std::set<Key> forgotten_;
};

}  // namespace odradek::replica::follower
