// SPDX-License-Identifier: Apache-2.0
#include "sim/faults.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "sim/decided.h"

namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr const char* kClients = "clients";

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::kKill:
      return "kill";
    case Fault::kPowerCut:
      return "power cut";
    case Fault::kKillAll:
      return "kill of all";
    case Fault::kPowerCutAll:
      return "power cut of all";
    case Fault::kKillLeaders:
      return "kill of leaders in turn";
    case Fault::kPause:
      return "pause";
    case Fault::kIsolate:
      return "isolation";
    case Fault::kCutPair:
      return "cut";
    case Fault::kCutOneWay:
      return "one-way cut";
    case Fault::kNoZookeeper:
      return "cut from ZooKeeper";
    case Fault::kNoController:
      return "cut from the controller";
    case Fault::kSlow:
      return "slow links";
    case Fault::kReset:
      return "reset connections";
    case Fault::kZookeeperAway:
      return "ZooKeeper away";
    case Fault::kExpire:
      return "session expiry";
    case Fault::kClockJump:
      return "clock jump";
    case Fault::kLostDisk:
      return "lost disk";
  }
  std::abort();
}

Faults::Faults(Cluster& cluster, std::vector<Fault> kinds)
    : cluster_(cluster), random_(cluster.simulation().random()), kinds_(std::move(kinds)) {}

Fault Faults::draw() { return kinds_[random_.below(kinds_.size())]; }

int Faults::any_broker() {
  return 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(cluster_.size())));
}

int Faults::another_than(int number) {
  const auto step = 1 + random_.below(static_cast<std::uint64_t>(cluster_.size() - 1));
  return 1 + (number - 1 + static_cast<int>(step)) % cluster_.size();
}

int Faults::controller() {
  const auto id = find_controller(cluster_.zookeeper());
  return id && *id >= 1 && *id <= cluster_.size() ? *id : any_broker();
}

void Faults::begin(Fault fault) {
  ++begun_[fault];
  const int number = any_broker();
  const std::string name = cluster_.name_of(number);
  switch (fault) {
    case Fault::kKill:
    case Fault::kPowerCut:
    case Fault::kKillAll:
    case Fault::kPowerCutAll:
    case Fault::kLostDisk:
      return end_processes(fault);
    case Fault::kKillLeaders:
      return kill_leaders();
    case Fault::kPause:
      cluster_.pause(number);
      return last(fault, [this, number] { cluster_.resume(number); });
    case Fault::kIsolate:
      return isolate(number);
    case Fault::kCutPair:
      return cut_pair(fault, number, another_than(number));
    case Fault::kCutOneWay: {
      const std::string other = cluster_.name_of(another_than(number));
      cut(name, other);
      return last(fault,
                  [this, name, other] { cluster_.simulation().network().heal(name, other); });
    }
    case Fault::kNoZookeeper:
      cluster_.zookeeper().cut(name);
      return last(fault, [this, name] { cluster_.zookeeper().heal(name); });
    case Fault::kNoController: {
      const int active = controller();
      return cut_pair(fault, active, another_than(active));
    }
    case Fault::kSlow:
      return slow_down(number);
    case Fault::kReset:
      return reset(number);
    case Fault::kZookeeperAway:
      if (cluster_.zookeeper().is_away()) return;
      cluster_.zookeeper().go_away();
      return last(fault, [this] { cluster_.zookeeper().come_back(); });
    case Fault::kExpire:
      return expire(number);
    case Fault::kClockJump:
      return jump_clock(number);
  }
}

void Faults::end_processes(Fault fault) {
  const bool is_for_all = fault == Fault::kKillAll || fault == Fault::kPowerCutAll;
  const int first = is_for_all ? 1 : any_broker();
  const int last_one = is_for_all ? cluster_.size() : first;
  const bool is_power = fault == Fault::kPowerCut || fault == Fault::kPowerCutAll;
  // All at the same moment.
  for (int number = first; is_power && number <= last_one; ++number) {
    cluster_.host(number).cut_power();
  }
  for (int number = first; number <= last_one; ++number) {
    if (fault == Fault::kLostDisk) {
      cluster_.lose_disk(number);
    } else {
      cluster_.kill(number);
    }
    last(fault, [this, number] { cluster_.start(number); });
  }
}

// What the second one was told of is what the first one had acknowledged, and perhaps no more.
void Faults::kill_leaders() {
  const base::TopicPartition partition{random_.chance(0.5) ? "one" : "two", 0};
  for (int i = 0; i < 2; ++i) {
    const auto leader = find_leader(cluster_.zookeeper(), partition);
    if (!leader) return;
    cluster_.kill(*leader);
    last(Fault::kKillLeaders, [this, number = *leader] { cluster_.start(number); });
    cluster_.simulation().run_until(
        [&] {
          const auto next = find_leader(cluster_.zookeeper(), partition);
          return next && *next != *leader;
        },
        std::chrono::seconds(12));
    cluster_.simulation().run_for(random_.between(env::Duration{}, milliseconds(100)));
  }
}

void Faults::cut(const std::string& from, const std::string& to) {
  cluster_.simulation().network().block(from, to);
}

void Faults::cut_pair(Fault fault, int one, int other) {
  const std::string first = cluster_.name_of(one);
  const std::string second = cluster_.name_of(other);
  cut(first, second);
  cut(second, first);
  last(fault, [this, first, second] {
    cluster_.simulation().network().heal(first, second);
    cluster_.simulation().network().heal(second, first);
  });
}

void Faults::isolate(int number) {
  const std::string name = cluster_.name_of(number);
  std::vector<std::string> others = {kClients};
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != number) others.push_back(cluster_.name_of(other));
  }
  // As often only from the brokers and ZooKeeper, so that clients still write to it.
  if (random_.chance(0.5)) others.erase(others.begin());
  for (const std::string& other : others) {
    cut(name, other);
    cut(other, name);
  }
  cluster_.zookeeper().cut(name);
  last(Fault::kIsolate, [this, name, others] {
    for (const std::string& other : others) {
      cluster_.simulation().network().heal(name, other);
      cluster_.simulation().network().heal(other, name);
    }
    cluster_.zookeeper().heal(name);
  });
}

void Faults::slow_down(int number) {
  const auto& usual = cluster_.simulation().network().options();
  const auto longest = milliseconds(random_.between(5, 400));
  const auto set = [this, number](env::Duration shortest, env::Duration longest_now) {
    for (int other = 1; other <= cluster_.size(); ++other) {
      if (other == number) continue;
      cluster_.simulation().network().set_delay(cluster_.name_of(number), cluster_.name_of(other),
                                                shortest, longest_now);
    }
  };
  set(milliseconds(1), longest);
  last(Fault::kSlow, [set, usual] { set(usual.shortest_delay, usual.longest_delay); });
}

void Faults::reset(int number) {
  auto& network = cluster_.simulation().network();
  network.reset_connections(cluster_.name_of(number), kClients);
  for (int other = 1; other <= cluster_.size(); ++other) {
    if (other != number) {
      network.reset_connections(cluster_.name_of(number), cluster_.name_of(other));
    }
  }
  cluster_.zookeeper().drop_connections(cluster_.name_of(number));
}

void Faults::expire(int number) {
  const auto node = cluster_.zookeeper().node("/brokers/ids/" + std::to_string(number));
  if (node && node->stat.ephemeral_owner != 0) {
    cluster_.zookeeper().expire(node->stat.ephemeral_owner);
  }
}

// What clients stamp is taken up to an hour ahead (message.timestamp.after.max.ms): of several
// jumps each is one to another time, less than that away.
void Faults::jump_clock(int number) {
  const env::Duration offset = minutes(random_.below(110)) - minutes(55);
  cluster_.host(number).jump_wall_clock(offset - std::exchange(clock_offsets_[number], offset));
}

void Faults::heal_some() {
  for (auto& lasting : std::exchange(lasting_, {})) {
    if (random_.chance(0.6)) {
      lasting.heal();
    } else {
      lasting_.push_back(std::move(lasting));
    }
  }
}

void Faults::heal_all() {
  for (auto& lasting : std::exchange(lasting_, {})) lasting.heal();
  cluster_.heal();
  for (int number = 1; number <= cluster_.size(); ++number) cluster_.start(number);
}

}  // namespace odradek::sim_test
