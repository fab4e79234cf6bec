// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/router.h"
#include "sim/workload.h"

namespace odradek::sim_test {

// Gives partitions other replicas, drawn from the brokers, and now and then takes that back before
// it is done (AlterPartitionReassignments).
class Mover {
 public:
  Mover(env::sim::SimHost& host, const Router::Brokers& brokers, std::vector<TopicView> topics);
  void start() { run(); }
  // Nothing new is begun meanwhile.
  void rest(bool is_resting) { is_resting_ = is_resting; }
  void stop() { is_stopping_ = true; }
  void give_up() {
    stop();
    router_.give_up();
  }
  bool is_done() const { return is_done_; }
  int moves() const { return moves_; }

 private:
  Detached run();
  // An empty `replicas` cancels.
  Task<bool> ask(base::TopicPartition partition, std::vector<base::BrokerId> replicas);
  std::vector<base::BrokerId> draw_replicas(std::int16_t count);

  Router router_;
  std::vector<base::BrokerId> brokers_;
  std::vector<TopicView> topics_;
  bool is_resting_ = false;
  bool is_stopping_ = false;
  bool is_done_ = false;
  int moves_ = 0;
};

}  // namespace odradek::sim_test
