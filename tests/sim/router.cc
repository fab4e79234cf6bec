// SPDX-License-Identifier: Apache-2.0
#include "sim/router.h"

#include <algorithm>

#include "wire/messages/metadata.h"

namespace odradek::sim_test {

Router::Router(env::sim::SimHost& host, const Brokers& brokers, std::string client_id) {
  for (const auto& [broker, address] : brokers) {
    clients_.push_back({broker, std::make_unique<Client>(host, address, client_id)});
  }
  next_any_ = random().below(clients_.size());
}

Client* Router::find(base::BrokerId broker) {
  const auto found = std::ranges::find(clients_, broker, &Known::broker);
  return found == clients_.end() ? nullptr : found->client.get();
}

Task<Router::Leader> Router::leader_of(base::TopicPartition partition) {
  if (clients_.size() == 1) {
    co_return Leader{clients_.front().client.get(), clients_.front().broker, base::kNoLeaderEpoch};
  }
  if (const auto known = leaders_.find(partition); known != leaders_.end()) {
    co_return Leader{find(known->second), known->second, epochs_[partition]};
  }
  wire::MetadataRequest request;
  request.topics->emplace_back().name = partition.topic;
  request.allow_auto_topic_creation = false;
  const auto response = co_await any().call<wire::MetadataResponse>(request, 12);
  if (!response || response->topics.size() != 1) {
    any_failed();
    co_return Leader{};
  }
  for (const auto& found : response->topics.front().partitions) {
    if (found.partition_index != partition.partition) continue;
    auto& newest = epochs_.try_emplace(partition, base::kNoLeaderEpoch).first->second;
    if (found.leader_epoch < newest || find(found.leader_id) == nullptr) break;
    newest = found.leader_epoch;
    leaders_.insert_or_assign(partition, found.leader_id);
    co_return Leader{find(found.leader_id), found.leader_id, newest};
  }
  // This one knows no leader, or an older one than another has told of.
  any_failed();
  co_return Leader{};
}

env::Duration Router::oldest_request_age() const {
  env::Duration oldest{};
  for (const Known& known : clients_) {
    oldest = std::max(oldest, known.client->oldest_request_age());
  }
  return oldest;
}

void Router::close() {
  for (const Known& known : clients_) known.client->close();
}

void Router::give_up() {
  for (const Known& known : clients_) known.client->give_up();
}

}  // namespace odradek::sim_test
