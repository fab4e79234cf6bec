// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/world.h"
#include "net/peer_client.h"
#include "replica/follower/fetch_plan.h"
#include "replica/partition.h"
#include "replica/replication_quota.h"
#include "wire/messages/fetch.h"

namespace odradek::broker {

struct FetcherOptions {
  replica::follower::FetchOptions fetch;
  env::Duration socket_timeout = std::chrono::seconds(30);  // replica.socket.timeout.ms
  env::Duration longest_backoff = std::chrono::seconds(1);  // replica.fetch.backoff.ms
  int receive_buffer_bytes = -1;                            // replica.socket.receive.buffer.bytes
  // socket.connection.setup.timeout.ms; 3 s at most, so that a network that is back is noticed.
  env::Duration connect_timeout = std::chrono::seconds(3);
  env::Duration longest_greeting = env::Duration::zero();  // …setup.timeout.max.ms

  friend bool operator==(const FetcherOptions&, const FetcherOptions&) = default;
};

// Copies the partitions that one broker leads, over one connection to it, for as long as this
// broker follows there: fetches, appends, asks on once what came is safe here. What fails is tried
// again, after 10 ms at first and then ever later, up to replica.fetch.backoff.ms; the server's log
// says why.
//
// Works on its loop; what waits for a disk is done on the directory's queue. Threads: any. Kept by
// what it has under way; ends by stop().
class ReplicaFetcher : public std::enable_shared_from_this<ReplicaFetcher> {
 public:
  using Key = replica::follower::FetchPlan::Key;

  // `quota`, which outlives stop(), holds back what is throttled.
  ReplicaFetcher(env::World& world, env::Executor& loop, base::BrokerId source,
                 const FetcherOptions& options, replica::ReplicationQuota& quota);
  ~ReplicaFetcher();

  // Where the leader is; nothing while that is not known. Known before anything is fetched.
  void set_source(std::optional<env::Address> address);
  void set_options(const FetcherOptions& options);
  // The partition follows that leader since `epoch`.
  void follow(const Key& key, std::shared_ptr<replica::Partition> partition,
              base::LeaderEpoch epoch);
  void forget(const Key& key);
  // Nothing is fetched or appended any more once `stopped` was called, on the loop.
  void stop(env::Task stopped);

 private:
  struct Followed {
    std::shared_ptr<replica::Partition> partition;
    base::LeaderEpoch epoch;
  };
  // One partition's part of an answer, and what became of it.
  struct Item {
    Key key;
    Followed followed;
    wire::FetchResponse::PartitionData data;
    base::Result<> outcome;
    std::uint64_t bytes = 0;
  };
  // One answer at work.
  struct Round;
  struct Trouble {
    base::ErrorCode code = base::ErrorCode::kNone;
    int count = 0;
  };

  // What the server's log is to say of partitions.
  struct News {
    std::string first;
    std::string what;
    std::size_t others = 0;
  };

  // All that follow are called on the loop.
  void start_following(const Key& key, Followed followed);
  void run();
  void send(env::MonotonicTime now);
  // Leaves out what is throttled and not in sync, while the rate is exceeded (KIP-73).
  void hold_back(env::MonotonicTime now);
  bool is_throttled(const Followed& followed) const;
  replica::follower::FollowedPosition position_of(const Followed& followed) const;
  void run_at(env::MonotonicTime when);
  // Gives up a request that the leader may hold for long, where another partition waits to join.
  void hurry();
  void drop_connection();

  void answered(base::Result<wire::FetchResponse> response);
  void connection_failed(const base::Error& error);
  std::vector<Item> items_of(wire::FetchResponse response);
  void work_on(std::vector<Item> items);
  void finish(Round& round);
  void take_outcome(const Item& item);
  void retry_later(const Key& key, const Followed& followed, const base::Error& error);
  env::Duration delay_after(int failures) const;
  void tell(base::ErrorCode code, const Followed& followed, std::string what);
  void tell_news();

  // The next fetch waits for what was appended to be safe; one whose disk is slow is left out.
  void go_on_when_safe(const Key& key, const Followed& followed);
  void became_safe(const Key& key, base::LeaderEpoch epoch);
  void leave_out_the_late();
  void ask_on(const Key& key, const Followed& followed);
  void end_round();

  // The follower is before the leader's log, or behind it.
  void find_range(const Key& key, const Followed& followed);
  void ask_for_offset(const Key& key, const Followed& followed, base::Timestamp which,
                      std::move_only_function<void(base::Result<base::Offset>)> handler);
  void move_into_range(const Key& key, const Followed& followed, base::Offset leader_start,
                       base::Offset leader_end);
  bool still_follows(const Key& key, const Followed& followed) const;

  net::PeerClient& client();
  env::MonotonicTime now() const { return world_.clock().monotonic(); }

  env::World& world_;
  env::Executor& loop_;
  const base::BrokerId source_;

  replica::ReplicationQuota& quota_;

  FetcherOptions options_;
  std::optional<env::Address> address_;
  std::map<Key, Followed> followed_;
  replica::follower::FetchPlan plan_;
  std::unique_ptr<net::PeerClient> client_;
  bool stopped_ = false;
  // A request is out, or its answer is worked on.
  bool busy_ = false;
  bool is_waiting_for_answer_ = false;
  env::MonotonicTime sent_at_{};
  // Counts connections: the answers of an older one say nothing.
  std::uint64_t generation_ = 0;
  // Whose position was set anew since the request was sent.
  std::set<Key> overtaken_;
  // Appended, and not safe yet: the round waits for them, or went on without them.
  std::set<Key> unsafe_;
  std::set<Key> late_;
  std::map<Key, Trouble> troubles_;
  std::map<base::ErrorCode, News> news_;
  env::Executor::TimerId news_timer_ = 0;
  int connection_failures_ = 0;
  env::MonotonicTime resting_until_{};
  env::Executor::TimerId run_timer_ = 0;
  env::Executor::TimerId hurry_timer_ = 0;
  env::Executor::TimerId late_timer_ = 0;
};

}  // namespace odradek::broker
