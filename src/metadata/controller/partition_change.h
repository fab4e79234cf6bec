// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/events.h"
#include "metadata/controller/replica_list.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {

enum class ElectionPolicy : std::uint8_t {
  kOnline,     // the leader stays while it may lead; else one in sync, else an eligible one
  kPreferred,  // the same, but the first replica comes before the present leader
  kUnclean,    // kOnline; where nobody may lead, any live replica
};

inline constexpr std::int8_t kRecovered = 0;
inline constexpr std::int8_t kRecovering = 1;  // elected uncleanly, and not yet through with it

// One change of one partition on its way to a record. Whoever changes a partition says what shall
// be different; `build` works out what follows from it, the same for everybody:
//
//   - a reassignment whose adding replicas are all in sync is completed;
//   - who leaves the in-sync set while it is smaller than min.insync.replicas stays eligible to
//     lead (KIP-966), because it has everything that was committed since;
//   - a leader that may not lead any more is replaced, or there is none;
//   - the leader's epoch grows when the leader changes or a replica goes, the partition's with
//   every
//     record.
//
// A replica may lead when its broker is registered, neither fenced nor shutting down, and has the
// directory in which it lies. The image, topic and rules are held by reference until `build`.
class PartitionChange {
 public:
  // REQUIRES: the topic has the partition.
  PartitionChange(const ClusterImage& image, const TopicImage& topic, std::int32_t index,
                  const TopicRules& rules);

  void set_in_sync(ReplicaList replicas) { next_.in_sync_replicas = std::move(replicas); }
  // New replicas get their broker's default directory.
  void set_replicas(ReplicaList replicas);
  void set_reassignment(ReplicaList removing, ReplicaList adding);
  void set_directory(base::BrokerId replica, const base::Uuid& directory);
  void set_recovery_state(std::int8_t state) { next_.leader_recovery_state = state; }
  void set_policy(ElectionPolicy policy) { policy_ = policy; }

  // The image does not say yet that this broker serves, or serves no longer.
  void broker_returns(base::BrokerId broker) { returning_ = broker; }
  void broker_goes(base::BrokerId broker) { going_ = broker; }
  // It may have lost what it acknowledged: neither in sync nor eligible. It may be the last known
  // leader.
  void broker_crashed(base::BrokerId broker);
  // Its log is gone: it is none of all that, even where nobody else is.
  void broker_lost_log(base::BrokerId broker);

  struct Built {
    wire::PartitionChangeRecord record;
    PartitionEvent event;
  };
  // Nothing where nothing changes. Once.
  std::optional<Built> build(const Cause& cause);

 private:
  struct Elected {
    base::BrokerId leader = base::kNoBroker;
    Election election = Election::kLost;
  };

  void complete_reassignment();
  void update_eligible_replicas();
  void elect();
  Elected choose_leader() const;
  Election take_over(base::BrokerId replica) const;
  bool may_elect_last_known() const;
  bool may_lead(base::BrokerId replica) const;
  bool is_in_place(base::BrokerId replica) const;
  void keep_last_in_sync();
  void update_last_known();
  wire::PartitionChangeRecord to_record() const;
  PartitionEvent to_event(const Cause& cause) const;
  ReassignmentStep reassignment_step() const;

  const ClusterImage& image_;
  const TopicImage& topic_;
  const std::int32_t index_;
  const TopicRules& rules_;
  const PartitionImage& before_;
  PartitionImage next_;
  ElectionPolicy policy_ = ElectionPolicy::kOnline;
  base::BrokerId returning_ = base::kNoBroker;
  base::BrokerId going_ = base::kNoBroker;
  base::BrokerId crashed_ = base::kNoBroker;
  base::BrokerId lost_ = base::kNoBroker;
  bool is_completed_ = false;
  bool starts_epoch_ = false;
  Election election_ = Election::kNone;
};

// Adds what was built, if anything was.
void add(std::optional<PartitionChange::Built> built, Changes& changes);
// The partition after the record, which its image does not show yet.
PartitionImage after(const PartitionImage& partition, const wire::PartitionChangeRecord& record);

bool is_reassigning(const PartitionImage& partition);

}  // namespace odradek::metadata
