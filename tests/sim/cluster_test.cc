// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <map>
#include <string>

#include "env/sim/seeds.h"
#include "sim/cluster_scenario.h"
#include "sim/quiet_test.h"

// Several brokers (servers, logs, replicas, the order in ZooKeeper, the controller, groups) in one
// simulated world.
namespace odradek::sim_test {
namespace {

using testing::IsEmpty;

// With the sanitizers a run takes ten times as long.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSeeds = 5;
#else
constexpr std::uint64_t kSeeds = 20;
#endif

class ClusterTest : public QuietTest {};

TEST_F(ClusterTest, ServesProducersAndAGroup) {
  const ClusterOutcome outcome = run_cluster_scenario(1, {.faults = 0});
  EXPECT_THAT(outcome.violations, IsEmpty());
  EXPECT_GT(outcome.acknowledged, 50U);
  EXPECT_GT(outcome.shown, 0U);
  EXPECT_GT(outcome.commits, 0U);
  EXPECT_EQ(outcome.starts, 6U);
}

TEST_F(ClusterTest, OneSeedTwiceIsEqualInEveryEvent) {
  const ClusterScenarioOptions options{.faults = 4};
  const ClusterOutcome first = run_cluster_scenario(42, options);
  const ClusterOutcome second = run_cluster_scenario(42, options);
  EXPECT_THAT(first.violations, IsEmpty());
  EXPECT_EQ(first.events, second.events);
  EXPECT_EQ(first.digest, second.digest);
  EXPECT_NE(run_cluster_scenario(43, options).digest, first.digest);
}

// What the runs of a test came to.
struct Sum {
  void add(const ClusterOutcome& outcome) {
    simulated += outcome.simulated;
    acknowledged += outcome.acknowledged;
    commits += outcome.commits;
    controllers += outcome.controllers;
    moves += outcome.moves;
    deletions += outcome.deletions;
    for (const auto& [fault, count] : outcome.faults) faults[fault] += count;
  }
  void print() const {
    const double real = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
    const double seconds = std::chrono::duration<double>(simulated).count();
    fmt::print("{:.2f} hours simulated, {:.0f} times as fast as the processor's time\n",
               seconds / 3600, seconds / real);
    fmt::print("{} acknowledged, {} commits, {} controllers, {} moves, {} deletions", acknowledged,
               commits, controllers, moves, deletions);
    for (const auto& [fault, count] : faults) fmt::print(", {} {}", count, name_of(fault));
    fmt::print("\n");
  }

  const std::clock_t began = std::clock();
  env::Duration simulated{};
  std::size_t acknowledged = 0;
  std::size_t commits = 0;
  int controllers = 0;
  int moves = 0;
  int deletions = 0;
  std::map<Fault, int> faults;
};

TEST_F(ClusterTest, KeepsItsPromisesThroughFaults) {
  Sum sum;
  for (const std::uint64_t seed : env::sim::seeds(kSeeds)) {
    ClusterScenarioOptions options;
    options.disk.names_survive_in_order = seed % 3 != 0;
    options.brokers = seed % 2 == 0 ? 4 : 3;
    // Slow enough for something to happen in between.
    if (seed % 5 < 2) options.network.longest_delay = std::chrono::milliseconds(60);
    if (seed % 5 == 1) options.disk.longest_wait = std::chrono::milliseconds(60);
    const ClusterOutcome outcome = run_cluster_scenario(seed, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
    sum.add(outcome);
  }
  sum.print();
  EXPECT_GT(sum.acknowledged, 0U);
  EXPECT_GT(sum.deletions, 0);
}

}  // namespace
}  // namespace odradek::sim_test
