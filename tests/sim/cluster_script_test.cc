// SPDX-License-Identifier: Apache-2.0
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "env/sim/seeds.h"
#include "sim/cluster_scenario.h"
#include "sim/decided.h"
#include "sim/quiet_test.h"

// What must be seen to happen and is not left to chance: whole brokers, each story step by step.
namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

// With the sanitizers a run takes ten times as long: a sample.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t kMovesStep = 11;
#else
constexpr std::size_t kMovesStep = 1;
#endif

class ClusterScriptTest : public QuietTest {};

bool contains(const std::vector<int>& brokers, int broker) {
  return std::ranges::find(brokers, broker) != brokers.end();
}

void start_all(Cluster& cluster) {
  for (int number = 1; number <= cluster.size(); ++number) cluster.start(number);
}

// Kills who leads and waits until another one does. Who that was.
int kill_leader(ClusterScript& script, const base::TopicPartition& partition) {
  Cluster& cluster = script.cluster();
  const int leader = find_leader(cluster.zookeeper(), partition).value_or(1);
  cluster.kill(leader);
  script.wait_for(
      [&] {
        const auto next = find_leader(cluster.zookeeper(), partition);
        return next && *next != leader;
      },
      "another leader of " + partition.to_string());
  return leader;
}

// Two of three are killed one after the other, then the last one, and the others come back first.
void leave_one(ClusterScript& script) {
  Cluster& cluster = script.cluster();
  const base::TopicPartition one{"one", 0};
  const base::TopicPartition two{"two", 0};
  const base::TopicPartition any{"any", 0};
  const auto leader_of = [&](const base::TopicPartition& partition) {
    return find_leader(cluster.zookeeper(), partition);
  };
  script.run_for(seconds(3));
  const int first = kill_leader(script, one);
  script.run_for(seconds(8));
  const int second = kill_leader(script, one);
  script.run_for(seconds(8));
  const int third = 6 - first - second;
  script.expect(leader_of(one) == third, "the third does not lead");
  const auto of_one = script.history().acknowledged_count(one);
  const auto of_two = script.history().acknowledged_count(two);
  script.run_for(seconds(5));
  script.expect(script.history().acknowledged_count(one) > of_one, "the third takes nothing");
  script.expect(script.history().acknowledged_count(two) == of_two,
                "one of three replicas is enough for min.insync.replicas=2");

  cluster.kill(third);
  script.run_for(seconds(1));
  cluster.start(first);
  cluster.start(second);
  script.wait_for([&] { return leader_of(any).has_value() && leader_of(any) != third; },
                  "an unclean election");
  for (int i = 0; i < 30; ++i) {
    script.run_for(seconds(1));
    script.expect(!leader_of(one), "somebody leads who was not in sync");
  }
  cluster.start(third);
  script.wait_for([&] { return leader_of(one) == third; }, "the return of the last one in sync");
  script.wait_until_in_sync("with the last one back");
}

TEST_F(ClusterScriptTest, TheLastOneServesAllAndIsWaitedFor) {
  for (const std::uint64_t seed : env::sim::seeds(2)) {
    const auto outcome = run_cluster_scenario(seed, {.script = leave_one});
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
  }
}

// Of three the last one that is in sync loses its power whenever it has acknowledged something,
// which nobody else has.
void cut_power_of_the_last(ClusterScript& script) {
  Cluster& cluster = script.cluster();
  const base::TopicPartition one{"one", 0};
  script.run_for(seconds(3));
  const int first = kill_leader(script, one);
  script.run_for(seconds(8));
  const int second = kill_leader(script, one);
  script.run_for(seconds(8));
  const int third = 6 - first - second;
  for (int i = 0; i < 10; ++i) {
    const auto before = script.history().acknowledged_count(one);
    script.wait_for([&] { return script.history().acknowledged_count(one) > before; },
                    "an acknowledgement by the last one");
    cluster.host(third).cut_power();
    cluster.kill(third);
    cluster.start(third);
  }
  start_all(cluster);
  script.wait_until_in_sync("with all of them back");
}

TEST_F(ClusterScriptTest, TheLastOneKeepsWhatItAcknowledgedThroughPowerCuts) {
  for (const std::uint64_t seed : env::sim::seeds(2)) {
    ClusterScenarioOptions options{.script = cut_power_of_the_last};
    options.disk.longest_wait = milliseconds(30);
    options.disk.power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    // Not those that cache writes only.
    const auto outcome = run_cluster_scenario(seed * 4, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
  }
}

enum class Step : std::uint8_t { kAsked, kBegun, kFilling, kJoined, kCompleted };
constexpr const char* kSteps[] = {"asked for", "begun", "filling", "joined", "completed"};
enum class Victim : std::uint8_t { kController, kLeader, kAdded, kRemoved, kEverybody };
constexpr const char* kVictims[] = {"the controller", "the leader", "who is added",
                                    "who is removed", "everybody"};

struct Move {
  Step step = Step::kAsked;
  Victim victim = Victim::kController;
  bool is_cancelled = false;

  std::string to_string() const {
    return fmt::format("{}{}, {} killed", kSteps[static_cast<int>(step)],
                       is_cancelled ? " and cancelled" : "", kVictims[static_cast<int>(victim)]);
  }
};

// One partition goes from three brokers to two others and one that stays.
class MoveThroughKills {
 public:
  MoveThroughKills(ClusterScript& script, const Move& move)
      : script_(script), cluster_(script.cluster()), move_(move) {
    before_ = find_replicas(cluster_.zookeeper(), kPartition);
    for (int broker = 1; broker <= cluster_.size(); ++broker) {
      if (!contains(before_, broker)) added_.push_back(broker);
    }
    target_ = {added_.at(0), added_.at(1), before_.at(1)};
  }

  void run() {
    script_.run_for(seconds(2));
    script_.move(kPartition, target_);
    if (move_.step == Step::kAsked) {
      // On its way, or being answered.
      cluster_.simulation().run_for(random().between(env::Duration{}, milliseconds(3)));
    } else {
      script_.wait_for([this] { return is_reached(); }, kSteps[static_cast<int>(move_.step)]);
    }
    if (move_.is_cancelled) script_.move(kPartition, {});
    for (const int victim : victims()) cluster_.kill(victim);
    script_.run_for(random().between(env::Duration{}, seconds(8)));
    start_all(cluster_);
    script_.wait_for_moves();
    script_.wait_until_in_sync("after the move");
    check_end();
  }

 private:
  env::sim::SeededRandom& random() { return cluster_.simulation().random(); }

  bool is_reached() {
    const bool moves = is_moving(cluster_.zookeeper(), kPartition.topic);
    if (!moves && replicas_are(target_)) return true;
    switch (move_.step) {
      case Step::kAsked:
        return true;
      case Step::kBegun:
        return moves;
      case Step::kFilling:
        return moves && has_bytes(added_[0]);
      case Step::kJoined: {
        const auto in_sync = find_in_sync(cluster_.zookeeper(), kPartition);
        return moves && (contains(in_sync, added_[0]) || contains(in_sync, added_[1]));
      }
      case Step::kCompleted:
        return false;
    }
    return false;
  }

  bool replicas_are(const std::vector<int>& wanted) {
    return find_replicas(cluster_.zookeeper(), kPartition) == wanted;
  }

  bool has_bytes(int broker) {
    const auto& disk = cluster_.host(broker).disk();
    const auto files = disk.look_into("/data/" + kPartition.to_string(), ".log");
    return std::ranges::any_of(files, [](const auto& file) { return !file.second.empty(); });
  }

  std::vector<int> victims() {
    switch (move_.victim) {
      case Victim::kController:
        return {find_controller(cluster_.zookeeper()).value_or(1)};
      case Victim::kLeader:
        return {find_leader(cluster_.zookeeper(), kPartition).value_or(1)};
      case Victim::kAdded:
        return {added_[0]};
      case Victim::kRemoved:
        return {before_[0]};
      case Victim::kEverybody:
        break;
    }
    return {1, 2, 3, 4, 5};
  }

  // What was cancelled ends with the replicas of before, in whatever order. What a broker has no
  // more replica of goes from its disk, too.
  void check_end() {
    const auto replicas = find_replicas(cluster_.zookeeper(), kPartition);
    const bool is_as_before = move_.is_cancelled && std::ranges::is_permutation(replicas, before_);
    script_.expect(
        is_as_before || replicas == target_,
        fmt::format("replicas {} where {} were asked for in place of {}", fmt::join(replicas, ","),
                    fmt::join(target_, ","), fmt::join(before_, ",")));
    for (int broker = 1; broker <= cluster_.size(); ++broker) {
      if (contains(replicas, broker)) continue;
      script_.wait_for([this, broker] { return !has_bytes(broker); },
                       fmt::format("the removal of {}'s log", cluster_.name_of(broker)));
    }
  }

  inline static const base::TopicPartition kPartition{"two", 0};
  ClusterScript& script_;
  Cluster& cluster_;
  const Move move_;
  std::vector<int> before_;
  std::vector<int> added_;
  std::vector<int> target_;
};

TEST_F(ClusterScriptTest, AReassignmentSurvivesKillsAtEachOfItsSteps) {
  std::vector<Move> moves;
  for (const auto step :
       {Step::kAsked, Step::kBegun, Step::kFilling, Step::kJoined, Step::kCompleted}) {
    for (const auto victim : {Victim::kController, Victim::kLeader, Victim::kAdded,
                              Victim::kRemoved, Victim::kEverybody}) {
      moves.push_back({step, victim, false});
      moves.push_back({step, victim, true});
    }
  }
  for (const std::uint64_t seed : env::sim::seeds(1)) {
    for (std::size_t i = 0; i < moves.size(); i += kMovesStep) {
      ClusterScenarioOptions options{.brokers = 5};
      options.script = [&](ClusterScript& script) { MoveThroughKills(script, moves[i]).run(); };
      // Not those that cache writes only.
      const std::uint64_t of_run = (seed * moves.size() + i) * 4;
      const auto outcome = run_cluster_scenario(of_run, options);
      ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed << ": " << moves[i].to_string();
    }
  }
}

}  // namespace
}  // namespace odradek::sim_test
