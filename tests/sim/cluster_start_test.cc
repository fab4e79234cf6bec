// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>

#include "env/sim/seeds.h"
#include "sim/cluster_scenario.h"
#include "sim/decided.h"
#include "sim/quiet_test.h"

// How a broker comes into its cluster, and how it does not.
namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

// With the sanitizers a run takes ten times as long: a sample.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kCallsStep = 23;
#else
constexpr std::uint64_t kCallsStep = 5;
#endif

class ClusterStartTest : public QuietTest {};

// All machines lose their power; the first one that is back is the controller, and its disk is so
// slow that opening its logs takes minutes.
void start_behind_a_slow_controller(ClusterScript& script) {
  Cluster& cluster = script.cluster();
  constexpr int kSlow = 1;
  script.run_for(seconds(3));
  for (int number = 1; number <= cluster.size(); ++number) {
    cluster.host(number).cut_power();
    cluster.kill(number);
  }
  // Until the session of whoever was the controller is over.
  script.wait_for([&] { return !find_controller(cluster.zookeeper()); }, "the end of all sessions");
  auto& disk = cluster.host(kSlow).disk().options();
  const auto usual = disk;
  cluster.start(kSlow);
  script.wait_for([&] { return find_controller(cluster.zookeeper()) == kSlow; }, "an election");
  disk.shortest_wait = seconds(200);
  disk.longest_wait = seconds(300);
  for (int number = 1; number <= cluster.size(); ++number) cluster.start(number);
  script.wait_for([&] { return cluster.is_serving(2) && cluster.is_serving(3); },
                  "the start of the others");
  script.expect(!cluster.is_serving(kSlow), "the controller's logs were not slow");
  script.expect(find_controller(cluster.zookeeper()) == kSlow, "another one is the controller");

  const base::TopicPartition two{"two", 0};
  script.wait_for(
      [&] {
        const auto leader = find_leader(cluster.zookeeper(), two);
        return leader && *leader != kSlow;
      },
      "another leader");
  const auto before = script.history().acknowledged_count(two);
  script.wait_for([&] { return script.history().acknowledged_count(two) > before + 5; },
                  "acknowledgements by the others");
  // Longer than any session: who could not report would be fenced.
  script.run_for(seconds(20));
  script.expect(!cluster.is_serving(kSlow), "the controller's logs were not slow enough");
  script.expect(find_in_sync(cluster.zookeeper(), two).size() == 2, "somebody else was fenced");
  disk.shortest_wait = usual.shortest_wait;
  disk.longest_wait = usual.longest_wait;
  script.wait_until_in_sync("with the slow one back");
}

TEST_F(ClusterStartTest, TheControllerServesOthersBeforeItsLogsAreOpen) {
  for (const std::uint64_t seed : env::sim::seeds(2)) {
    ClusterScenarioOptions options{.script = start_behind_a_slow_controller};
    options.disk.power_cut_style = env::sim::PowerCutStyle::kLoseAll;
    // Not those that cache writes only.
    const auto outcome = run_cluster_scenario(seed * 4, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
  }
}

// Calls that a start makes of its disk fail, in turn, while metadata changes for others.
class StartThroughFailures {
 public:
  explicit StartThroughFailures(ClusterScript& script)
      : script_(script), cluster_(script.cluster()) {}

  void run() {
    cluster_.let_starts_fail();
    script_.run_for(seconds(2));
    for (std::uint64_t number = 0; start_with_failing_call(number); number += kCallsStep) {
    }
    fmt::print("{} starts, {} of them failed\n", starts_, failed_);
    script_.expect(failed_ > 1, "too few starts failed");
    script_.expect(starts_ > failed_, "no start went well");
    script_.wait_until_in_sync("after all starts");
  }

 private:
  static constexpr int kBroker = 4;

  // Whether the call was made at all.
  bool start_with_failing_call(std::uint64_t number) {
    if (!script_.history().violations().empty()) return false;
    cluster_.kill(kBroker);
    auto& disk = cluster_.host(kBroker).disk();
    const std::uint64_t call = disk.operations() + number;
    disk.fail_operation(call, EIO);
    const auto refused = cluster_.refused_starts();
    cluster_.start(kBroker);
    ++starts_;
    // To and fro, for there to be changes on their way.
    const base::TopicPartition partition{"two", 0};
    const bool is_on_four = find_replicas(cluster_.zookeeper(), partition).back() == kBroker;
    script_.move(partition, is_on_four ? std::vector{1, 2, 3} : std::vector{1, 2, kBroker});
    script_.wait_for(
        [&] { return cluster_.is_serving(kBroker) || cluster_.refused_starts() > refused; },
        "the end of a start");
    const bool is_refused = cluster_.refused_starts() > refused;
    if (is_refused) ++failed_;
    const bool was_made = disk.operations() > call;
    disk.clear_faults();
    disk.fail_operation(0, 0);
    script_.wait_for_moves();
    // While the next changes come.
    script_.run_for(milliseconds(200));
    return was_made || is_refused;
  }

  ClusterScript& script_;
  Cluster& cluster_;
  std::uint64_t starts_ = 0;
  std::uint64_t failed_ = 0;
};

TEST_F(ClusterStartTest, AStartThatFailsLeavesNothingBehind) {
  for (const std::uint64_t seed : env::sim::seeds(1)) {
    ClusterScenarioOptions options{.brokers = 4};
    options.script = [](ClusterScript& script) { StartThroughFailures(script).run(); };
    const auto outcome = run_cluster_scenario(seed * 4, options);
    ASSERT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace odradek::sim_test
