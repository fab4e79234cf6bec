// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "sim/history.h"
#include "sim/router.h"
#include "sim/workload.h"

namespace odradek::sim_test {

// Deletes the beginnings of partitions (DeleteRecords), now and then all that is committed.
class Deleter {
 public:
  Deleter(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
          std::vector<TopicView> topics);
  void start() { run(); }
  void stop() { is_stopping_ = true; }
  void give_up() {
    stop();
    router_.give_up();
  }
  bool is_done() const { return is_done_; }
  // That every replica on a live broker has followed.
  int deletions() const { return deletions_; }

 private:
  Detached run();
  // Where to cut; nothing where that can't be asked now.
  Task<base::Result<base::Offset>> draw_place(base::TopicPartition partition);
  Task<base::Result<base::Offset>> ask_to_delete(base::TopicPartition partition, base::Offset to);

  Router router_;
  History& history_;
  std::vector<TopicView> topics_;
  bool is_stopping_ = false;
  bool is_done_ = false;
  int deletions_ = 0;
};

}  // namespace odradek::sim_test
