// SPDX-License-Identifier: Apache-2.0
// Followers that read the change log while the controller cuts off its beginning, everything from a
// seed: the controller writes a snapshot after every few changes, the others lose their connections
// all the time and catch up on servers that lag.
#include <gtest/gtest.h>

#include "quorum/zookeeper/engine_test_cluster.h"

namespace odradek::quorum::zookeeper::engine_test {
namespace {

constexpr std::uint64_t kChangesBetweenSnapshots = 3;

class Reading {
 public:
  explicit Reading(std::uint64_t seed)
      : cluster_(seed, 3,
                 {.broker = base::BrokerId(0),
                  .connect = {},
                  .max_changes_between_snapshots = kChangesBetweenSnapshots}),
        random_(seed) {}

  void run(int steps) {
    cluster_.start_all();
    ASSERT_TRUE(cluster_.commit({{"key", "first"}}));
    for (int step = 0; step < steps && is_whole(); ++step) {
      commit("value" + std::to_string(step));
      if (random_.chance(0.2)) drop_a_follower();
      cluster_.world.run_for(random_.between(env::Duration(0), milliseconds(5)));
    }
    ASSERT_TRUE(is_whole());
    ASSERT_TRUE(cluster_.run_until([&] { return cluster_.is_settled(); }));
  }
  int snapshots_read() {
    int read = 0;
    for (auto& broker : cluster_.brokers) read += broker->snapshots_read;
    return read;
  }

 private:
  // Nobody takes what was cut off for damage.
  bool is_whole() {
    for (auto& broker : cluster_.brokers) {
      EXPECT_EQ(broker->damage, "") << broker->id();
      if (!broker->damage.empty()) return false;
    }
    return true;
  }
  void commit(const std::string& value) {
    Broker* leading = cluster_.lead();
    if (leading != nullptr) leading->commit({{"key", value}}, [](const auto&) {});
  }
  void drop_a_follower() {
    const int id = static_cast<int>(random_.between(1, 3));
    if (cluster_.broker(id).is_lead()) return;
    cluster_.ensemble.drop_connections("broker" + std::to_string(id));
  }

  Cluster cluster_;
  env::sim::SeededRandom random_;
};

TEST(ZookeeperEngineTrimTest, AFollowerReadsOnAcrossWhatIsCutOffMeanwhile) {
  int snapshots_read = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Reading reading(seed);
    reading.run(300);
    if (testing::Test::HasFailure()) return;
    snapshots_read += reading.snapshots_read();
  }
  EXPECT_GT(snapshots_read, 30);
}

}  // namespace
}  // namespace odradek::quorum::zookeeper::engine_test
