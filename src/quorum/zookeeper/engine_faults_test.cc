// SPDX-License-Identifier: Apache-2.0
// Brokers on a simulated ensemble under random faults, everything from a seed. Held all the time:
// one writer an epoch, a log without gaps (Cluster::observe); what was acknowledged is in the
// order, once; every broker tells the same order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "quorum/zookeeper/engine_test_cluster.h"

namespace odradek::quorum::zookeeper::engine_test {
namespace {

class Campaign {
 public:
  explicit Campaign(std::uint64_t seed)
      : cluster_(seed, 3,
                 {.broker = base::BrokerId(0), .connect = {}, .max_changes_between_snapshots = 15}),
        random_(seed ^ 0x9e3779b97f4a7c15ULL) {}

  void run(int steps) {
    cluster_.start_all();
    for (int step = 0; step < steps && !testing::Test::HasFatalFailure(); ++step) {
      cluster_.world.run_for(random_.between(env::Duration(0), milliseconds(300)));
      const bool is_large = commit_somewhere();
      // In the middle of what takes several multis, most of the time.
      if (is_large) cluster_.world.run_for(random_.between(env::Duration(0), milliseconds(20)));
      if (random_.chance(is_large ? 0.8 : 0.15)) make_fault();
      check_order();
    }
    settle();
  }
  std::uint64_t digest() const { return cluster_.world.trace_digest(); }
  std::size_t acknowledged() const { return acknowledged_.size(); }
  int elections() const { return cluster_.truth_epoch; }
  int aborts() const { return cluster_.aborts; }
  int snapshots_read() const { return snapshots_read_; }

 private:
  std::string draw_key() { return "key" + std::to_string(random_.below(8)); }

  // To one that leads, or believes so. True: more than fits into one multi.
  bool commit_somewhere() {
    Broker& broker = cluster_.broker(static_cast<int>(random_.between(1, 3)));
    std::vector<std::pair<std::string, std::string>> values;
    const bool is_large = random_.chance(0.08);
    for (std::uint64_t i = 0; i < (is_large ? 25 : random_.between(1, 3)); ++i) {
      std::string value = std::to_string(++next_value_);
      if (is_large) value += std::string(50'000, 'x');
      values.emplace_back(is_large ? "large" + std::to_string(i) : draw_key(), value);
    }
    std::vector<std::string> names;
    for (const auto& [key, value] : values) names.push_back(key + '=' + value.substr(0, 20));
    broker.commit(std::move(values), [this, names](const base::Result<Position>& result) {
      if (!result) return;
      for (const std::string& name : names) {
        EXPECT_TRUE(cluster_.decided.contains(name)) << name;
        acknowledged_.insert(name);
      }
    });
    return is_large;
  }

  void make_fault() {
    const int id = static_cast<int>(random_.between(1, 3));
    const std::string host = "broker" + std::to_string(id);
    switch (random_.below(9)) {
      case 0:
      case 1:
        return cluster_.ensemble.drop_connections(host);
      case 2:
        cluster_.ensemble.cut(host);
        return after(random_.between(milliseconds(100), seconds(10)),
                     [this, host] { cluster_.ensemble.heal(host); });
      case 3:
        if (cluster_.ensemble.is_away()) return;
        cluster_.ensemble.go_away();
        return after(random_.between(milliseconds(100), seconds(20)),
                     [this] { cluster_.ensemble.come_back(); });
      case 4:
        return expire_one();
      case 5:
        return restart(id);
      case 6:
        return write_foreign();
      case 7:
        return remove_controller(id);
      default:
        cluster_.ensemble.drop_connections("broker1");
        cluster_.ensemble.drop_connections("broker2");
        return cluster_.ensemble.drop_connections("broker3");
    }
  }
  void after(env::Duration delay, env::Task task) { cluster_.world.after(delay, std::move(task)); }
  void expire_one() {
    const auto sessions = cluster_.ensemble.sessions();
    if (!sessions.empty()) cluster_.ensemble.expire(sessions[random_.below(sessions.size())]);
  }
  void restart(int id) {
    snapshots_read_ += cluster_.broker(id).snapshots_read;
    cluster_.restart(id);
    cluster_.broker(id).start("restarted");
  }
  void write_foreign() {
    const std::string path = "/kafka" + view_path(draw_key());
    if (!cluster_.ensemble.node(path)) return;
    if (random_.chance(0.5)) {
      (void)cluster_.ensemble.write({Operation::set(path, to_bytes("foreign"))});
    } else {
      (void)cluster_.ensemble.write({Operation::remove(path)});
    }
  }
  // Somebody takes a living controller for dead.
  void remove_controller(int id) {
    Broker& broker = cluster_.broker(id);
    broker.run([&broker] {
      if (broker.controller) broker.engine().remove_controller(*broker.controller, [](bool) {});
    });
  }

  // Whoever has told the order up to some place has told the same.
  void check_order() {
    for (auto& broker : cluster_.brokers) {
      EXPECT_EQ(broker->damage, "");
      EXPECT_EQ(broker->refusal, "");
      for (const auto& [end, hash] : broker->seen) {
        EXPECT_EQ(order_.emplace(end, hash).first->second, hash);
      }
      broker->seen.clear();
    }
  }

  void settle() {
    for (int id = 1; id <= 3; ++id) cluster_.ensemble.heal("broker" + std::to_string(id));
    cluster_.ensemble.come_back();
    cluster_.world.run_for(seconds(30));  // the faults that are still to end
    for (auto& broker : cluster_.brokers) {
      // One that found nobody in time has stopped, as a server would.
      if (broker->started && !*broker->started) restart(broker->id());
    }
    ASSERT_TRUE(cluster_.run_until([&] { return cluster_.is_settled(); }));
    int leads = 0;
    for (auto& broker : cluster_.brokers) {
      leads += broker->is_lead() ? 1 : 0;
      snapshots_read_ += broker->snapshots_read;
    }
    EXPECT_EQ(leads, 1);
    check_order();
    check_view();
  }
  // It shows nothing of what was taken back; written anew, it says what the order says, whoever
  // wrote there before.
  void check_view() {
    for (const std::string& key : cluster_.ensemble.children("/kafka/config/topics")) {
      EXPECT_TRUE(cluster_.truth.values.contains(key)) << key;
    }
    std::vector<std::pair<std::string, std::string>> all(cluster_.truth.values.begin(),
                                                         cluster_.truth.values.end());
    if (all.empty()) return;
    for (int attempt = 0; attempt < 2; ++attempt) ASSERT_TRUE(cluster_.commit(all));
    for (const auto& [key, value] : all) {
      const auto node = cluster_.ensemble.node("/kafka" + view_path(key));
      ASSERT_TRUE(node) << key;
      EXPECT_EQ(base::as_text(node->bytes.view()), value) << key;
    }
  }

  Cluster cluster_;
  env::sim::SeededRandom random_;
  std::uint64_t next_value_ = 0;
  std::set<std::string> acknowledged_;
  std::map<std::int64_t, std::uint64_t> order_;
  int snapshots_read_ = 0;
};

// ODRADEK_ENGINE_SEEDS=FIRST:COUNT runs others.
std::pair<std::uint64_t, std::uint64_t> seeds() {
  const char* given = std::getenv("ODRADEK_ENGINE_SEEDS");
  if (given == nullptr) return {1, 60};
  const std::string text = given;
  return {std::stoull(text), std::stoull(text.substr(text.find(':') + 1))};
}

TEST(ZookeeperEngineFaultsTest, OneOrderWhateverHappens) {
  std::size_t acknowledged = 0;
  int elections = 0;
  int aborts = 0;
  int snapshots_read = 0;
  const auto [first, count] = seeds();
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Campaign campaign(seed);
    campaign.run(250);
    if (testing::Test::HasFailure()) return;
    acknowledged += campaign.acknowledged();
    elections += campaign.elections();
    aborts += campaign.aborts();
    snapshots_read += campaign.snapshots_read();
  }
  // The faults do what they are for.
  EXPECT_GT(acknowledged, 30 * count);
  EXPECT_GT(static_cast<std::uint64_t>(elections), 3 * count);
  EXPECT_GT(aborts, 0);
  EXPECT_GT(snapshots_read, 0);
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
  RecordProperty("elections", elections);
}

TEST(ZookeeperEngineFaultsTest, ASeedReplaysBitEqual) {
  std::set<std::uint64_t> digests;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Campaign first(seed);
    first.run(100);
    Campaign second(seed);
    second.run(100);
    EXPECT_EQ(first.digest(), second.digest());
    digests.insert(first.digest());
  }
  EXPECT_EQ(digests.size(), 5U);
}

}  // namespace
}  // namespace odradek::quorum::zookeeper::engine_test
