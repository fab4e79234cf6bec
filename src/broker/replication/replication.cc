// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/replication.h"

#include <algorithm>
#include <utility>

#include "broker/listeners.h"
#include "replica/partition_set.h"

namespace odradek::broker {
namespace {

replica::ReplicationQuota::Window quota_window(const config::Settings& settings) {
  return {.samples = static_cast<std::size_t>(settings.number("replication.quota.window.num")),
          .length = std::chrono::seconds(settings.number("replication.quota.window.size.seconds"))};
}

// The key has no place in a file, and so no default among the settings.
std::int64_t rate_of(const config::Settings& settings, std::string_view key) {
  return settings.value(key) ? settings.number(key) : replica::ReplicationQuota::kUnlimited;
}

}  // namespace

Replication::Replication(const Surroundings& surroundings)
    : surroundings_(surroundings),
      listener_(inter_broker_listener(*surroundings.settings.current())),
      leader_quota_(quota_window(*surroundings.settings.current())),
      follower_quota_(quota_window(*surroundings.settings.current())),
      fetchers_(surroundings.world, fetcher_options(),
                static_cast<int>(surroundings.settings.number("num.replica.fetchers")),
                follower_quota_),
      proposer_(std::make_shared<InSyncProposer>(surroundings.world, surroundings.self,
                                                 surroundings.partitions,
                                                 surroundings.controller)) {
  set_rates();
  if (surroundings_.controller == nullptr) return;
  doubts_ = std::make_unique<LeaderDoubts>(surroundings_.world, surroundings_.self, listener_);
}

Replication::~Replication() = default;

env::Duration Replication::max_lag() const {
  return std::chrono::milliseconds(surroundings_.settings.number("replica.lag.time.max.ms"));
}

FetcherOptions Replication::fetcher_options() const {
  const auto settings = surroundings_.settings.current();
  const auto whole = [&settings](std::string_view name) {
    return static_cast<std::int32_t>(settings->number(name));
  };
  FetcherOptions options;
  options.fetch = {.self = surroundings_.self,
                   .broker_epoch = broker_epoch_,
                   .max_wait_ms = whole("replica.fetch.wait.max.ms"),
                   .min_bytes = whole("replica.fetch.min.bytes"),
                   .max_bytes = whole("replica.fetch.response.max.bytes"),
                   .partition_max_bytes = whole("replica.fetch.max.bytes")};
  options.socket_timeout = std::chrono::milliseconds(whole("replica.socket.timeout.ms"));
  options.longest_backoff = std::chrono::milliseconds(whole("replica.fetch.backoff.ms"));
  options.receive_buffer_bytes = whole("replica.socket.receive.buffer.bytes");
  options.connect_timeout = std::min<env::Duration>(
      options.connect_timeout,
      std::chrono::milliseconds(settings->number("socket.connection.setup.timeout.ms")));
  options.longest_greeting =
      std::chrono::milliseconds(settings->number("socket.connection.setup.timeout.max.ms"));
  return options;
}

void Replication::start() { proposer_->start(max_lag()); }

void Replication::follow_brokers(const metadata::ClusterImage& image) {
  replica::leader::EligibleBrokers::Epochs eligible;
  ReplicaFetchers::Addresses addresses;
  for (const auto& [id, broker] : image.brokers) {
    if (!broker->fenced && !broker->in_controlled_shutdown) eligible.emplace(id, broker->epoch);
    if (id == surroundings_.self) continue;
    if (auto address = endpoint_on(*broker, listener_)) addresses.emplace(id, *std::move(address));
  }
  surroundings_.eligible.replace(std::move(eligible));
  if (const auto* self = image.find_broker(surroundings_.self)) {
    broker_epoch_ = self->epoch;
    fetchers_.set_options(fetcher_options());
    proposer_->set_broker_epoch(broker_epoch_);
  }
  fetchers_.set_sources(std::move(addresses));
  if (doubts_) doubts_->follow_brokers(image);
}

void Replication::assume_role(const std::shared_ptr<replica::Partition>& partition,
                              const metadata::PartitionImage& image) {
  const ReplicaFetchers::Key key{partition->topic_id(), partition->name().partition};
  if (image.leader == surroundings_.self) {
    fetchers_.forget(key);
    partition->become_leader(surroundings_.self,
                             {.epoch = image.leader_epoch,
                              .assignment = {.replicas = image.replicas,
                                             .in_sync = image.in_sync_replicas,
                                             .partition_epoch = image.partition_epoch}},
                             surroundings_.eligible);
    return proposer_->consider(partition);
  }
  partition->become_follower(image.leader_epoch, image.leader);
  if (image.leader == base::kNoBroker) return fetchers_.forget(key);
  fetchers_.follow(key, partition, image.leader, image.leader_epoch);
}

void Replication::give_up(const base::TopicId& topic, std::int32_t partition) {
  fetchers_.forget({topic, partition});
}

void Replication::set_rates() {
  const auto settings = surroundings_.settings.current();
  leader_quota_.set_rate(rate_of(*settings, "leader.replication.throttled.rate"));
  follower_quota_.set_rate(rate_of(*settings, "follower.replication.throttled.rate"));
}

Replication::Rates Replication::throttled_rates() {
  const env::MonotonicTime now = surroundings_.world.clock().monotonic();
  return {.leader = leader_quota_.bytes_per_second(now),
          .follower = follower_quota_.bytes_per_second(now)};
}

void Replication::configure() {
  set_rates();
  fetchers_.set_fetchers_per_broker(
      static_cast<int>(surroundings_.settings.number("num.replica.fetchers")));
  proposer_->set_max_lag(max_lag());
}

void Replication::stop() {
  if (doubts_) doubts_->end();
  proposer_->stop();
  fetchers_.stop();
}

}  // namespace odradek::broker
