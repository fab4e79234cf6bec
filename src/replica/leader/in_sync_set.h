// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "env/clock.h"

namespace odradek::replica::leader {

// What the controller says of a partition's replicas.
struct Assignment {
  std::vector<base::BrokerId> replicas;
  std::vector<base::BrokerId> in_sync;
  std::int32_t partition_epoch = 0;
};

// A follower asked for `end`: everything before it is in its log, and flushed where the topic does
// not cache writes.
struct FollowerPosition {
  base::BrokerId follower;
  std::int64_t broker_epoch = -1;  // -1: it did not say (KIP-903)
  base::Offset end;
  base::Offset log_start = base::kNoOffset;
};

// A wish for another in-sync set, for the controller to grant (KIP-497).
struct InSyncProposal {
  struct Member {
    base::BrokerId broker;
    std::int64_t broker_epoch = -1;
  };
  std::vector<Member> in_sync;
  std::int32_t partition_epoch = 0;  // that it is based on
  std::string cause;                 // one sentence: which broker, why, for how long
};

// What became of a proposal.
enum class InSyncAnswer : std::uint8_t {
  kRefused,        // it was not made: the set is what it was
  kUnknown,        // it may have been made: sent again
  kAwaitsMetadata  // this leader is behind: nothing is proposed until the controller's next word
};

// The in-sync set of a partition as its leader sees it: where each follower is, how far all of the
// set has come, and who should join or leave it. Changes count once the controller has made them;
// until a proposal is settled, the high watermark waits for everybody who is in the set or may be
// (KIP-497's maximal in-sync set). Pure: times come in. Not synchronised.
class InSyncSet {
 public:
  struct Limits {
    env::Duration max_lag = std::chrono::seconds(30);  // replica.lag.time.max.ms
    int min_in_sync = 1;                               // min.insync.replicas
  };
  // Whether the controller would let the broker, in that life of it, into a set: neither fenced nor
  // stopping (KIP-841). The epoch -1 stands for one that is not known.
  using IsEligible = std::function<bool(base::BrokerId broker, std::int64_t broker_epoch)>;

  InSyncSet(base::BrokerId self, IsEligible is_eligible)
      : self_(self), is_eligible_(std::move(is_eligible)) {}

  void set_limits(const Limits& limits) { limits_ = limits; }

  // A leadership begins, with the epoch's first offset: nothing is known of the followers yet, and
  // those in the set have replica.lag.time.max.ms to ask for something.
  void begin(const Assignment& assignment, base::Offset epoch_start, env::MonotonicTime now);
  // The controller's word under the same leadership, its answer to a proposal that it granted too.
  // One that is not newer says nothing. Who comes into the set by it has
  // replica.lag.time.max.ms from now on.
  void update(const Assignment& assignment, env::MonotonicTime now);

  // Of a broker that is no replica nothing is kept: false.
  bool fetched(const FollowerPosition& position, base::Offset leader_end, env::MonotonicTime now);
  // The same fetch came again at `when`, and the log ended where it did. Nothing, where that is no
  // later than what is known.
  void asked_again(base::BrokerId broker, env::MonotonicTime when);

  // How far everybody who counts has come, with `leader_safe_end` for this one; nothing while that
  // is not known of each, or the set is smaller than min.insync.replicas (KIP-966).
  std::optional<base::Offset> committed_end(base::Offset leader_safe_end, base::Offset leader_end,
                                            env::MonotonicTime now) const;
  // Whether acks=all is to be refused: the set is smaller than min.insync.replicas.
  bool is_under_minimum() const;
  // Whether the set is exactly as large as it has to be.
  bool is_at_minimum() const;

  // The change that is wanted now, to be sent and then answered; nothing while another is open.
  std::optional<InSyncProposal> propose(base::Offset leader_end, base::Offset high_watermark,
                                        env::MonotonicTime now);
  // `partition_epoch` is the proposal's: the answer to one that was overtaken says nothing.
  void answered(std::int32_t partition_epoch, InSyncAnswer answer);

  const Assignment& assignment() const { return assignment_; }
  const std::vector<base::BrokerId>& in_sync() const { return assignment_.in_sync; }
  const std::vector<base::BrokerId>& replicas() const { return assignment_.replicas; }
  std::int32_t partition_epoch() const { return assignment_.partition_epoch; }
  // Of a follower that asked for nothing yet: kNoOffset.
  base::Offset end_of(base::BrokerId follower) const;

  // A follower in the set that has the record at some offset, or comes to it next.
  struct Holder {
    base::BrokerId broker;
    base::Offset end;
    env::MonotonicTime caught_up_at;
  };
  std::vector<Holder> holders_of(base::Offset at) const;
  // The least log start of this leader and of its followers that are eligible; kNoOffset where one
  // of them asked for nothing yet.
  base::Offset low_watermark(base::Offset leader_log_start) const;

 private:
  struct Follower {
    base::Offset end = base::kNoOffset;
    base::Offset log_start = base::kNoOffset;
    std::int64_t broker_epoch = -1;
    // When it last had everything that the leader had at some moment.
    env::MonotonicTime caught_up_at{};
    bool was_caught_up = false;
    // The leader's end at its last fetch: whoever then comes to that end had caught up then.
    base::Offset leader_end_at_fetch = base::kNoOffset;
    env::MonotonicTime fetched_at{};
  };

  std::size_t least() const;
  bool is_caught_up(const Follower& follower, base::Offset leader_end,
                    env::MonotonicTime now) const;
  bool may_join(base::BrokerId broker, const Follower& follower, base::Offset high_watermark,
                env::MonotonicTime now) const;
  bool counts(base::BrokerId broker, const Follower& follower, base::Offset leader_end,
              env::MonotonicTime now) const;
  std::optional<InSyncProposal> wish_to_shrink(base::Offset leader_end,
                                               env::MonotonicTime now) const;
  std::optional<InSyncProposal> wish_to_grow(base::Offset high_watermark,
                                             env::MonotonicTime now) const;
  InSyncProposal proposal_of(const std::vector<base::BrokerId>& in_sync, std::string cause) const;
  void keep_replicas_only();

  const base::BrokerId self_;
  const IsEligible is_eligible_;
  Limits limits_;
  Assignment assignment_;
  base::Offset epoch_start_{0};
  std::map<base::BrokerId, Follower> followers_;
  // Sent, or to be sent again: the controller may have made it.
  std::optional<InSyncProposal> open_;
  bool is_to_be_sent_again_ = false;
};

}  // namespace odradek::replica::leader
