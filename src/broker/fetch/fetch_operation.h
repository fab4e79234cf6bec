// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/fetch/fetch_session.h"
#include "broker/request.h"
#include "broker/services.h"
#include "replica/partition.h"
#include "wire/messages/fetch.h"

namespace odradek::broker {

// The broker that a fetch is of, where it is no client.
struct FetchingReplica {
  base::BrokerId broker = base::kNoBroker;
  std::int64_t broker_epoch = -1;
};

// What of a fetch request holds for all its partitions.
struct FetchLimits {
  std::int32_t max_wait_ms = 0;
  std::int64_t min_bytes = 0;
  std::int64_t max_bytes = 0;
  replica::Isolation isolation = replica::Isolation::kReadUncommitted;
  // A follower: is shown everything that is written, and what it asks for says what it has.
  std::optional<FetchingReplica> replica = {};
  replica::Readable readable = replica::Readable::kFromLeader;
  // Of a consumer that may be told to read elsewhere (KIP-392): the rack that it is in.
  std::string rack = {};
};

// One fetch: gathers what its partitions have; where that is less than min_bytes, is parked in them
// until there is more or the wait is over; brings cold bytes into the page cache before they are
// sent. Lives on its connection's loop; only wake() comes from elsewhere.
class FetchOperation : public replica::FetchWaiter,
                       public std::enable_shared_from_this<FetchOperation> {
 public:
  // Of `session`, which knows what is to be fetched, or, where that is null, of `targets`.
  // `is_incremental`: the client knows what the session remembers.
  FetchOperation(Services& services, Responder<wire::FetchResponse> responder,
                 std::vector<FetchTargetRef> targets, FetchLimits limits,
                 std::shared_ptr<FetchSession> session, bool is_incremental);

  void start();
  void wake() override;

 private:
  struct Gathered {
    wire::FetchResponse response;
    std::int64_t bytes = 0;
    bool must_answer = false;          // an error or a divergence, that the client has to know now
    std::int64_t throttled_bytes = 0;  // of what leader.replication.throttled.replicas names
    std::size_t held_back = 0;         // partitions left out, for their rate is exceeded
  };
  // What is read for the answer where it may wait: to be brought into the page cache, and checked
  // where it was not.
  struct ColdRange {
    std::shared_ptr<replica::Partition> partition;
    base::FileRange range;
    FetchTargetRef target;
    // It was not checked yet, and is read again: from the target's offset on, with these bounds.
    bool must_check = false;
    base::Offset until = base::kNoOffset;
    std::uint64_t max_bytes = 0;
    bool at_least_one_batch = false;
  };
  // A partition as gather() found it.
  struct Seen {
    std::shared_ptr<replica::Partition> partition;
    base::Offset visible_end;
    base::Offset known_high_watermark;
    FetchTargetRef target;
    // Where there is nothing for the client beyond the offsets that it is told.
    std::optional<replica::Settled> settled;
  };

  struct Parked {
    std::shared_ptr<replica::Partition> partition;
    replica::Partition::WatchId watch;
  };

  void attempt();
  Gathered gather();
  void gather_partition(const FetchTargetRef& target, Gathered& gathered,
                        wire::FetchResponse::PartitionData& data);
  void read_partition(const std::shared_ptr<replica::Partition>& partition,
                      const FetchTargetRef& target, Gathered& gathered,
                      wire::FetchResponse::PartitionData& data);
  std::optional<replica::Settled> settled(const replica::Partition& partition,
                                          const FetchTarget& target, base::Offset visible_end,
                                          const wire::FetchResponse::PartitionData& data) const;
  // The replica that the consumer is to read from, where it is another one than this.
  base::BrokerId preferred_replica(replica::Partition& partition, const FetchTarget& target) const;
  void note_cold(ColdRange cold, const log::ReadInfo& read);
  base::Result<> note_replica(const std::shared_ptr<replica::Partition>& partition,
                              const FetchTarget& target);
  // What a replica may be sent of the partition, at most `most`; nothing where the rate of
  // throttled replication is exceeded and it is not in sync (KIP-73).
  std::optional<std::uint64_t> allowed_bytes(replica::Partition& partition, std::uint64_t most,
                                             const Gathered& gathered) const;
  bool check_divergence(replica::Partition& partition, const FetchTarget& target,
                        wire::FetchResponse::PartitionData& data);
  // False when something new can be read: look again.
  bool park(const Gathered& gathered);
  void look_again_when_allowed();
  void unpark();
  void answer(wire::FetchResponse response);
  // Tells the session, which need not look again before something changes at those at rest.
  void settle_session(wire::FetchResponse& response);
  // Brings the first of the cold ranges into the page cache, and reads again what has to be
  // checked, then the next; sends when there is none left.
  void load_next_then_send();
  void replace_records(const FetchTarget& target, base::Result<log::ReadInfo> read);

  env::Executor& loop() { return responder_.context().connection->executor; }

  Services& services_;
  Responder<wire::FetchResponse> responder_;
  // Of a session: what was due when the fetch began, and what has become due since.
  std::vector<FetchTargetRef> targets_;
  const FetchLimits limits_;
  std::shared_ptr<FetchSession> session_;
  const bool is_incremental_;
  std::vector<Seen> seen_;
  std::vector<ColdRange> cold_;
  wire::FetchResponse response_;
  std::vector<Parked> parked_;
  env::Executor::TimerId timer_ = 0;
  env::Executor::TimerId throttle_timer_ = 0;
  bool wait_is_over_ = false;
  // A follower's positions are noted once: it is where it was when it asked.
  bool is_noted_ = false;
  bool answered_ = false;
  std::atomic<bool> wake_posted_ = false;
};

}  // namespace odradek::broker
