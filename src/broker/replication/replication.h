// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/ids.h"
#include "broker/cluster/controller_calls.h"
#include "broker/cluster/leader_doubts.h"
#include "broker/replication/in_sync_proposer.h"
#include "broker/replication/replica_fetchers.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/cluster_image.h"
#include "replica/leader/eligible_brokers.h"
#include "replica/partition.h"
#include "replica/replication_quota.h"

namespace odradek::replica {
class PartitionSet;
}

namespace odradek::broker {

// What this broker does for partitions with several replicas: leads, and asks the controller for
// in-sync sets, or follows, and copies. Told of the metadata in the order of its records; threads:
// one at a time, but for note_fetch, which any may call.
class Replication {
 public:
  // All of these outlive it; `eligible` outlives the partitions, too.
  struct Surroundings {
    env::World& world;
    const config::LiveSettings& settings;
    base::BrokerId self;
    replica::PartitionSet& partitions;
    replica::leader::EligibleBrokers& eligible;
    // Null on a node of its own, where nothing has several replicas.
    ControllerCalls* controller = nullptr;
  };

  explicit Replication(const Surroundings& surroundings);
  ~Replication();

  // Begins to look for followers that fall behind.
  void start();
  // The brokers of the image are those that there are: who may join in-sync sets, and where leaders
  // are. Before the partitions of the same change.
  void follow_brokers(const metadata::ClusterImage& image);
  // The partition, which is here, is as the image says: takes the role.
  void assume_role(const std::shared_ptr<replica::Partition>& partition,
                   const metadata::PartitionImage& image);
  // The partition is none of this broker's any more, or its log is gone.
  void give_up(const base::TopicId& topic, std::int32_t partition);
  // Settings of the cluster changed: num.replica.fetchers, the rates of throttled replication.
  void configure();
  // A follower of the partition has asked for something new. Threads: any.
  void note_fetch(const std::shared_ptr<replica::Partition>& partition) {
    proposer_->consider(partition);
  }
  struct Rates {
    double leader = 0;
    double follower = 0;
  };
  // Of throttled replication, in bytes a second. Threads: any.
  Rates throttled_rates();
  InSyncProposer::Counters in_sync_changes() const { return proposer_->counters(); }
  // What holds the rates of throttled replication, of this broker as a leader and as a follower.
  // Threads: any.
  replica::ReplicationQuota& leader_quota() { return leader_quota_; }
  replica::ReplicationQuota& follower_quota() { return follower_quota_; }
  // Whether it follows anybody anywhere.
  bool copies_anything() const { return fetchers_.follows_anything(); }
  // Null on a node of its own.
  LeaderDoubts* leader_doubts() const { return doubts_.get(); }
  // Nothing is copied or asked for any more when it returns. Blocks; never on a loop.
  void stop();

 private:
  FetcherOptions fetcher_options() const;
  void set_rates();
  env::Duration max_lag() const;

  const Surroundings surroundings_;
  const std::string listener_;  // over which brokers talk to each other
  std::int64_t broker_epoch_ = -1;
  replica::ReplicationQuota leader_quota_;
  replica::ReplicationQuota follower_quota_;
  ReplicaFetchers fetchers_;
  const std::shared_ptr<InSyncProposer> proposer_;
  std::unique_ptr<LeaderDoubts> doubts_;  // in a cluster
};

}  // namespace odradek::broker
