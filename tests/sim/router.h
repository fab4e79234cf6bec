// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/topic_partition.h"
#include "sim/client.h"

namespace odradek::sim_test {

// A simulated client of several brokers: a connection to each, and who leads what, as the cluster
// said last. Of a single broker it asks nobody. It outlives its calls.
class Router {
 public:
  using Brokers = std::map<base::BrokerId, env::Address>;
  struct Leader {
    Client* client = nullptr;  // nobody known
    base::BrokerId broker = base::kNoBroker;
    // The newest that this client has heard of.
    base::LeaderEpoch epoch = base::kNoLeaderEpoch;
  };

  Router(env::sim::SimHost& host, const Brokers& brokers, std::string client_id);

  // Some broker; the same one until it failed.
  Client& any() { return *clients_[next_any_].client; }
  void any_failed() { next_any_ = (next_any_ + 1) % clients_.size(); }
  // The broker with that id; nullptr where there is none.
  Client* find(base::BrokerId broker);
  // Asks the cluster where it is not known.
  Task<Leader> leader_of(base::TopicPartition partition);
  // Whoever was taken for the leader did not do what a leader does.
  void leader_failed(const base::TopicPartition& partition) { leaders_.erase(partition); }

  Pause pause(env::Duration duration = std::chrono::milliseconds(50)) {
    return clients_.front().client->pause(duration);
  }
  base::Timestamp now() { return clients_.front().client->now(); }
  const std::string& client_id() const { return clients_.front().client->client_id(); }
  env::sim::SeededRandom& random() { return clients_.front().client->random(); }
  template <typename Request>
  wire::Version any_version(wire::Version limit = wire::kNoVersion) {
    return clients_.front().client->any_version<Request>(limit);
  }
  env::Duration oldest_request_age() const;
  void close();
  void give_up();

 private:
  struct Known {
    base::BrokerId broker;
    std::unique_ptr<Client> client;
  };

  std::vector<Known> clients_;
  std::size_t next_any_ = 0;
  std::map<base::TopicPartition, base::BrokerId> leaders_;
  std::map<base::TopicPartition, base::LeaderEpoch> epochs_;
};

}  // namespace odradek::sim_test
