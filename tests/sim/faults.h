// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/cluster.h"

namespace odradek::sim_test {

enum class Fault : std::uint8_t {
  kKill,         // a process, its page cache stays
  kPowerCut,     // of one machine: what was not flushed is gone
  kKillAll,      // every process at once
  kPowerCutAll,  // every machine at once
  kKillLeaders,  // the leader of a partition, and the next one as soon as it leads
  kPause,        // a process does nothing for a while
  kIsolate,      // a machine and everybody else, clients and ZooKeeper too, hear no more of another
  kCutPair,      // two brokers hear no more of each other
  kCutOneWay,    // a broker hears no more of another, which still hears it
  kNoZookeeper,  // a broker and ZooKeeper
  kNoController,   // a broker and the one that is the controller
  kSlow,           // what a broker sends takes long
  kReset,          // every connection of a broker breaks
  kZookeeperAway,  // for all
  kExpire,         // a broker's session ends
  kClockJump,      // a machine's wall clock
  kLostDisk,       // a machine comes back with an empty disk
};
const char* name_of(Fault fault);

// Faults of a cluster, drawn from the simulation's seed: each begins, lasts for a while beside
// others, and is healed. Processes that are gone are started again.
class Faults {
 public:
  // `kinds`: those that are drawn from.
  Faults(Cluster& cluster, std::vector<Fault> kinds);

  // What comes next. Whoever begins a kLostDisk sees first that others have everything.
  Fault draw();
  void begin(Fault fault);
  // Heals some of what lasts, as the seed has it.
  void heal_some();
  // All of it.
  void heal_all();

  // How often each was begun.
  const std::map<Fault, int>& begun() const { return begun_; }

 private:
  struct Lasting {
    Fault fault;
    std::function<void()> heal;
  };

  int any_broker();
  int another_than(int number);
  // The broker that ZooKeeper names the controller, or any.
  int controller();
  void last(Fault fault, std::function<void()> heal) {
    lasting_.push_back({fault, std::move(heal)});
  }
  void end_processes(Fault fault);
  void kill_leaders();
  void cut(const std::string& from, const std::string& to);
  void cut_pair(Fault fault, int one, int other);
  void isolate(int number);
  void slow_down(int number);
  void reset(int number);
  void expire(int number);
  void jump_clock(int number);

  Cluster& cluster_;
  env::sim::SeededRandom& random_;
  const std::vector<Fault> kinds_;
  std::vector<Lasting> lasting_;
  std::map<Fault, int> begun_;
  std::map<int, env::Duration> clock_offsets_;
};

}  // namespace odradek::sim_test
