// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/broker.h"
#include "env/sim/sim_world.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"
#include "sim/router.h"

namespace odradek::sim_test {

struct ClusterOptions {
  int brokers = 3;
  // Lines of server.properties, for all.
  std::string properties = {};
  env::sim::DiskOptions disk = {};
  env::sim::NetworkOptions network = {};
  // Each event of the simulation as a line.
  env::sim::Trace::Sink trace_sink = {};
};

// Whole brokers on hosts of their own, broker-1 and so on, a simulated ZooKeeper ensemble and a
// host for clients. A broker's process is started beside the others and may take its time; what
// becomes of it is told by `problems`.
class Cluster {
 public:
  Cluster(std::uint64_t seed, const ClusterOptions& options);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  env::sim::SimWorld& simulation() { return simulation_; }
  quorum::zookeeper::sim::SimZookeeper& zookeeper() { return zookeeper_; }
  env::sim::SimHost& clients() { return *clients_; }
  env::sim::SimHost& host(int number) { return *members_.at(number).host; }
  std::string name_of(int number) const { return "broker-" + std::to_string(number); }
  int size() const { return static_cast<int>(members_.size()); }
  Router::Brokers addresses() const;

  // A new process. Nothing where one runs. What it needs of others it waits for.
  void start(int number);
  // Its start came to an end, and it serves.
  bool is_serving(int number) const { return members_.at(number).broker != nullptr; }
  bool is_running(int number) { return host(number).is_running(); }
  // Cleanly. Runs the simulation until it is done; whether it was.
  bool stop(int number, env::Duration longest);
  // Where its power was cut (SimHost::cut_power) it takes note of that.
  void kill(int number);
  // Power is cut, and an empty disk takes the old one's place.
  void lose_disk(int number);
  // Whose disk was lost, until it is said that they were filled again.
  const std::set<int>& lost_disks() const { return lost_disks_; }
  void disks_are_filled() { lost_disks_.clear(); }
  void pause(int number);
  void resume(int number);
  // Everything between hosts and with ZooKeeper passes again, nobody is paused.
  void heal();

  // From now on a start may fail, for whatever reason, and is begun again; and who has started may
  // not be able to go on.
  void let_starts_fail() { may_starts_fail_ = true; }
  // Starts that failed, stops that were not clean.
  const std::vector<std::string>& problems() const { return problems_; }
  std::uint64_t starts() const { return starts_; }
  // Of these, those that came to nothing for a reason that passes.
  std::uint64_t refused_starts() const { return refused_starts_; }

 private:
  // What a process leaves behind when it is killed in the middle of its start.
  struct Start {
    bool is_abandoned = false;
  };
  struct Member {
    env::sim::SimHost* host = nullptr;
    // A process was started, and its end not yet seen to.
    bool is_up = false;
    std::unique_ptr<broker::Broker> broker;
    std::shared_ptr<Start> start;
    std::unique_ptr<env::WorkQueue> starter;
  };

  void run_start(int number, const std::shared_ptr<Start>& start);
  void start_failed(int number, const base::Error& error);
  void ended(int number);
  broker::Broker::MakeSession make_session(int number);

  const ClusterOptions options_;
  env::sim::SimWorld simulation_;
  quorum::zookeeper::sim::SimZookeeper zookeeper_;
  env::sim::SimHost* clients_ = nullptr;
  std::map<int, Member> members_;
  std::set<int> lost_disks_;
  std::vector<std::string> problems_;
  std::uint64_t starts_ = 0;
  std::uint64_t refused_starts_ = 0;
  bool may_starts_fail_ = false;
  // Of processes that were killed while they started: they go with the simulation.
  std::vector<std::unique_ptr<env::WorkQueue>> left_behind_;
};

}  // namespace odradek::sim_test
