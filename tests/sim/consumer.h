// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/client.h"
#include "sim/history.h"
#include "sim/workload.h"

namespace odradek::sim_test {

// A member of a classic consumer group: joins, has partitions assigned, fetches and commits until
// it is told to stop, then leaves.
class Consumer {
 public:
  Consumer(env::sim::SimHost& host, env::Address broker, History& history, TopicView topic,
           std::string group);
  void start() { run(); }
  void stop() { is_stopping_ = true; }
  void give_up() {
    stop();
    client_.give_up();
  }
  const Client& client() const { return client_; }
  bool is_done() const { return is_done_; }

 private:
  Detached run();
  // False: something went wrong that passes; try again after a pause.
  Task<bool> find_coordinator();
  Task<bool> join();
  Task<bool> sync(std::vector<std::string> members, bool is_leader);
  Task<bool> find_positions();
  Task<bool> poll();
  Task<bool> heartbeat();
  Task<bool> commit();
  Task<bool> leave();
  // Takes an answer of the coordinator in; false where it is an error.
  bool accept(base::ErrorCode code, const char* what);

  Client client_;
  History& history_;
  TopicView topic_;
  std::string group_;
  std::string member_id_;
  std::int32_t generation_ = -1;
  bool has_coordinator_ = false;
  bool has_joined_ = false;
  std::map<std::int32_t, base::Offset> positions_;  // of the partitions assigned
  bool is_stopping_ = false;
  bool is_done_ = false;
};

}  // namespace odradek::sim_test
