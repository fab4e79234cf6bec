// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/ids.h"
#include "broker/replication/replica_fetcher.h"
#include "env/world.h"
#include "replica/partition.h"

namespace odradek::broker {

// The connections over which this broker copies from others: `num.replica.fetchers` for each broker
// that leads something that is followed here, the partitions spread over them. Threads: any.
class ReplicaFetchers {
 public:
  using Key = ReplicaFetcher::Key;
  using Addresses = std::map<base::BrokerId, env::Address>;

  // `quota` outlives stop().
  ReplicaFetchers(env::World& world, const FetcherOptions& options, int fetchers_per_broker,
                  replica::ReplicationQuota& quota);
  ~ReplicaFetchers();

  // Where brokers listen to each other now, and what this one fetches with.
  void set_sources(Addresses addresses);
  void set_options(const FetcherOptions& options);
  // num.replica.fetchers; partitions move where it changes.
  void set_fetchers_per_broker(int count);

  // The partition follows `leader` since `epoch`, and nobody else any more.
  void follow(const Key& key, std::shared_ptr<replica::Partition> partition, base::BrokerId leader,
              base::LeaderEpoch epoch);
  void forget(const Key& key);
  bool follows_anything() const;
  // Nothing is fetched or appended any more when it returns. Blocks; never on a loop.
  void stop();

 private:
  struct Place {
    base::BrokerId leader;
    int number;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  struct Followed {
    std::shared_ptr<replica::Partition> partition;
    base::LeaderEpoch epoch;
    Place place;
  };

  int number_of(const Key& key) const;
  ReplicaFetcher& fetcher_locked(const Place& place);
  void leave_locked(const Key& key, const Place& place);
  std::optional<env::Address> address_locked(base::BrokerId broker) const;

  env::World& world_;
  replica::ReplicationQuota& quota_;
  mutable std::mutex mutex_;
  FetcherOptions options_;
  int fetchers_per_broker_;
  Addresses addresses_;
  std::map<Key, Followed> followed_;
  std::map<Place, std::shared_ptr<ReplicaFetcher>> fetchers_;
  bool stopped_ = false;
};

}  // namespace odradek::broker
