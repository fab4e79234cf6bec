// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sim/router.h"
#include "sim/workload.h"

namespace odradek::sim_test {

// Asks once for these replicas (AlterPartitionReassignments); none of them: for what is under way
// to be cancelled. Comes back with the answer's code for the partition.
Task<base::ErrorCode> ask_to_move(Router& router, base::TopicPartition partition,
                                  std::vector<base::BrokerId> replicas);
// Asks until that was taken, or there is nothing to cancel, or `is_over`; sets `is_done`.
Detached move(Router& router, base::TopicPartition partition, std::vector<base::BrokerId> replicas,
              const bool& is_over, bool& is_done);

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
