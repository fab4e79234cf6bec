// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "env/sim/seeds.h"
#include "sim/cluster_scenario.h"
#include "sim/decided.h"
#include "sim/quiet_test.h"

namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

class ClusterCutTest : public QuietTest {};

std::vector<base::TopicPartition> led_by(Cluster& cluster, int broker) {
  std::vector<base::TopicPartition> led;
  for (const char* topic : {"one", "two"}) {
    for (const int number : {0, 1}) {
      const base::TopicPartition partition{topic, number};
      if (find_leader(cluster.zookeeper(), partition) == broker) led.push_back(partition);
    }
  }
  return led;
}

// The controller, which leads, loses ZooKeeper alone: after its session it is replaced, and can't
// hear of it. Its clients reach it all the time, and would wait for their requests' time-out.
void cut_controller_from_zookeeper(ClusterScript& script) {
  constexpr auto kLook = milliseconds(100);
  constexpr auto kLongest = seconds(4);
  Cluster& cluster = script.cluster();
  script.run_for(seconds(10));
  const int controller = find_controller(cluster.zookeeper()).value_or(1);
  const auto led = led_by(cluster, controller);
  script.expect(!led.empty(), "the controller leads nothing");
  cluster.zookeeper().cut(cluster.name_of(controller));
  env::Duration longest{};
  std::vector<std::size_t> acknowledged(led.size());
  std::vector<env::Duration> silent(led.size());
  for (env::Duration passed{}; passed < seconds(20); passed += kLook) {
    script.run_for(kLook);
    for (std::size_t i = 0; i < led.size(); ++i) {
      const std::size_t now = script.history().acknowledged_count(led[i]);
      silent[i] = now == acknowledged[i] ? silent[i] + kLook : env::Duration{};
      acknowledged[i] = now;
      longest = std::max(longest, silent[i]);
    }
  }
  script.expect(find_controller(cluster.zookeeper()) != controller, "nobody took its place");
  script.expect(longest < kLongest, fmt::format("nothing acknowledged for {:.1f} s",
                                                std::chrono::duration<double>(longest).count()));
  cluster.zookeeper().heal(cluster.name_of(controller));
  script.wait_until_in_sync("with ZooKeeper back");
}

TEST_F(ClusterCutTest, ClientsOfALeaderThatWasReplacedUnheardGoOnAtOnce) {
  for (const std::uint64_t seed : env::sim::seeds(4)) {
    const auto outcome = run_cluster_scenario(seed * 4, {.script = cut_controller_from_zookeeper});
    EXPECT_THAT(outcome.violations, IsEmpty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace odradek::sim_test
