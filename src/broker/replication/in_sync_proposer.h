// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "broker/cluster/controller_calls.h"
#include "env/world.h"
#include "replica/leader/in_sync_set.h"
#include "replica/partition.h"
#include "wire/messages/alter_partition.h"

namespace odradek::replica {
class PartitionSet;
}

namespace odradek::broker {

// Asks the controller for the in-sync sets that this broker's leaders want (KIP-497): one
// AlterPartition at a time, with all that is wanted by then. What was granted is in force once the
// metadata says so; what found no answer is asked again. Threads: any.
class InSyncProposer : public std::enable_shared_from_this<InSyncProposer> {
 public:
  struct Counters {
    std::uint64_t shrinks = 0;  // granted by the controller
    std::uint64_t expands = 0;
  };

  // `partitions` and `controller` outlive stop(). Without a controller nothing is asked for. Timers
  // run on loop 0.
  InSyncProposer(env::World& world, base::BrokerId self, replica::PartitionSet& partitions,
                 ControllerCalls* controller);

  // Looks through all partitions for followers that fell behind, each half of
  // replica.lag.time.max.ms, from here on.
  void start(env::Duration max_lag);
  void set_max_lag(env::Duration max_lag);
  // As this broker is registered; nothing is proposed before it is known.
  void set_broker_epoch(std::int64_t broker_epoch);
  // A follower of the partition has got on, or the metadata said something: proposes what is
  // wanted.
  void consider(const std::shared_ptr<replica::Partition>& partition);
  // Nothing is asked for any more.
  void stop();

  Counters counters() const;

 private:
  using Key = std::pair<base::TopicId, std::int32_t>;
  struct Wish {
    std::shared_ptr<replica::Partition> partition;
    base::LeaderEpoch leader_epoch;
    std::size_t in_sync_before = 0;
    bool is_again = false;  // one on the same partition epoch was asked for before
    replica::leader::InSyncProposal proposal;
  };
  using Wishes = std::map<Key, Wish>;

  void look_through();
  void look_through_later();
  void send_if_due();
  wire::AlterPartitionRequest request_locked() const;
  void tell_locked() const;
  void answered(const base::Result<wire::AlterPartitionResponse>& response);
  void settle(const Key& key, const Wish& wish, base::ErrorCode code);
  void try_again_later(const Key& key, const Wish& wish);
  void try_again();

  env::World& world_;
  const base::BrokerId self_;
  replica::PartitionSet& partitions_;
  ControllerCalls* const controller_;

  // Held by what timers do, so that stop() can wait for it.
  std::mutex timer_mutex_;
  mutable std::mutex mutex_;
  Wishes wanted_;
  // Refused a moment ago, or not answered: not considered for a while.
  std::map<Key, std::shared_ptr<replica::Partition>> resting_;
  // The partition epoch of what was asked for and not granted yet: the server's log has it once.
  std::map<Key, std::int32_t> asked_before_;
  Wishes asked_;  // of the request under way
  bool is_asking_ = false;
  bool is_unanswered_ = false;  // of one request at a time
  bool stopped_ = false;
  std::int64_t broker_epoch_ = -1;
  env::Duration max_lag_{};
  Counters counters_;
};

}  // namespace odradek::broker
