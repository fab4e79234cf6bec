// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/history.h"
#include "sim/router.h"
#include "sim/workload.h"

namespace odradek::sim_test {

// A member of a classic consumer group: joins, has partitions assigned, fetches and commits until
// it is told to stop, then leaves.
class Consumer {
 public:
  Consumer(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
           TopicView topic, std::string group);
  void start() { run(); }
  void stop() { is_stopping_ = true; }
  void give_up() {
    stop();
    router_.give_up();
  }
  const Router& router() const { return router_; }
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
  // Sends it to the coordinator.
  template <typename Response, typename Request>
  Task<base::Result<Response>> ask(Request request, wire::Version version);

  Router router_;
  History& history_;
  TopicView topic_;
  std::string group_;
  std::string member_id_;
  std::int32_t generation_ = -1;
  Client* coordinator_ = nullptr;
  bool has_joined_ = false;
  std::map<std::int32_t, base::Offset> positions_;  // of the partitions assigned
  bool is_stopping_ = false;
  bool is_done_ = false;
};

}  // namespace odradek::sim_test
