// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/replica_fetchers.h"

#include <algorithm>

namespace odradek::broker {

ReplicaFetchers::ReplicaFetchers(env::World& world, const FetcherOptions& options,
                                 int fetchers_per_broker, replica::ReplicationQuota& quota)
    : world_(world),
      quota_(quota),
      options_(options),
      fetchers_per_broker_(std::max(fetchers_per_broker, 1)) {}

ReplicaFetchers::~ReplicaFetchers() = default;

std::optional<env::Address> ReplicaFetchers::address_locked(base::BrokerId broker) const {
  const auto found = addresses_.find(broker);
  if (found == addresses_.end()) return std::nullopt;
  return found->second;
}

void ReplicaFetchers::set_sources(Addresses addresses) {
  const std::lock_guard lock(mutex_);
  if (addresses_ == addresses) return;
  addresses_ = std::move(addresses);
  for (const auto& [place, fetcher] : fetchers_) fetcher->set_source(address_locked(place.leader));
}

void ReplicaFetchers::set_options(const FetcherOptions& options) {
  const std::lock_guard lock(mutex_);
  if (options_ == options) return;
  options_ = options;
  for (const auto& [place, fetcher] : fetchers_) fetcher->set_options(options_);
}

void ReplicaFetchers::set_fetchers_per_broker(int count) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || count == fetchers_per_broker_ || count < 1) return;
  fetchers_per_broker_ = count;
  for (auto& [key, followed] : followed_) {
    const Place place{followed.place.leader, number_of(key)};
    if (place == followed.place) continue;
    leave_locked(key, followed.place);
    followed.place = place;
    fetcher_locked(place).follow(key, followed.partition, followed.epoch);
  }
}

int ReplicaFetchers::number_of(const Key& key) const {
  const std::size_t hash =
      std::hash<base::Uuid>{}(key.first) * 31 + static_cast<std::size_t>(key.second);
  return static_cast<int>(hash % static_cast<std::size_t>(fetchers_per_broker_));
}

ReplicaFetcher& ReplicaFetchers::fetcher_locked(const Place& place) {
  auto& fetcher = fetchers_[place];
  if (!fetcher) {
    const auto spread = static_cast<std::size_t>(place.leader.value() + place.number);
    fetcher = std::make_shared<ReplicaFetcher>(world_, world_.loop(spread % world_.loop_count()),
                                               place.leader, options_, quota_);
    fetcher->set_source(address_locked(place.leader));
  }
  return *fetcher;
}

void ReplicaFetchers::follow(const Key& key, std::shared_ptr<replica::Partition> partition,
                             base::BrokerId leader, base::LeaderEpoch epoch) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  const Place place{leader, number_of(key)};
  const auto [known, is_new] = followed_.try_emplace(key);
  if (!is_new) {
    if (known->second.place == place && known->second.epoch == epoch &&
        known->second.partition == partition) {
      return;
    }
    if (known->second.place != place) leave_locked(key, known->second.place);
  }
  known->second = {partition, epoch, place};
  fetcher_locked(place).follow(key, std::move(partition), epoch);
}

void ReplicaFetchers::leave_locked(const Key& key, const Place& place) {
  fetcher_locked(place).forget(key);
}

void ReplicaFetchers::forget(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = followed_.find(key);
  if (found == followed_.end()) return;
  leave_locked(key, found->second.place);
  followed_.erase(found);
}

bool ReplicaFetchers::follows_anything() const {
  const std::lock_guard lock(mutex_);
  return !followed_.empty();
}

void ReplicaFetchers::stop() {
  std::map<Place, std::shared_ptr<ReplicaFetcher>> fetchers;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    followed_.clear();
    fetchers.swap(fetchers_);
  }
  const auto all_stopped = world_.workers().make_condition();
  std::mutex mutex;
  std::size_t open = fetchers.size();
  for (const auto& [place, fetcher] : fetchers) {
    fetcher->stop([&] {
      const std::lock_guard lock(mutex);
      --open;
      all_stopped->notify_all();
    });
  }
  std::unique_lock lock(mutex);
  all_stopped->wait(lock, [&open] { return open == 0; });
}

}  // namespace odradek::broker
