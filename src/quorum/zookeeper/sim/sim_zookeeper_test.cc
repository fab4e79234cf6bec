// SPDX-License-Identifier: Apache-2.0
// What the simulated ensemble does beyond the suite that it shares with a real one
// (tests/zookeeper).
#include "quorum/zookeeper/sim/sim_zookeeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace odradek::quorum::zookeeper::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

base::SharedBytes bytes(std::string_view text) {
  return base::SharedBytes::copy(base::as_bytes(text));
}

struct Simulation {
  explicit Simulation(std::uint64_t seed) : world(seed), ensemble(world) {}

  std::unique_ptr<Session> connect(const std::string& host, env::Duration timeout = seconds(6)) {
    env::sim::SimHost& machine = world.add_host(host);
    auto session = ensemble.make_session(
        host, machine.world().loop(0), {.chroot = {}, .session_timeout = timeout},
        [this, host](SessionEvent event) { told += host + ':' + name_of(event) + ' '; });
    session->open();
    EXPECT_TRUE(world.run_until([&] { return session->is_connected(); }, seconds(10)));
    return session;
  }
  Outcome<> multi(Session& session, std::vector<Operation> operations) {
    std::optional<Outcome<>> answer;
    session.multi(std::move(operations), [&](Outcome<> outcome) { answer = std::move(outcome); });
    EXPECT_TRUE(world.run_until([&] { return answer.has_value(); }, seconds(10)));
    return *answer;
  }

  env::sim::SimWorld world;
  SimZookeeper ensemble;
  std::string told;
};

// What became of a multi whose connection broke under it, and the run's digest.
std::pair<bool, std::uint64_t> broken_multi(std::uint64_t seed) {
  Simulation simulation(seed);
  auto session = simulation.connect("a");
  session->multi({Operation::create("/n", {}), Operation::create("/m", {})}, [](Outcome<> outcome) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, Code::kConnectionLoss);
  });
  simulation.ensemble.drop_connections("a");
  simulation.world.run_for(seconds(1));
  EXPECT_EQ(simulation.ensemble.node("/n").has_value(), simulation.ensemble.node("/m").has_value());
  return {simulation.ensemble.node("/n").has_value(), simulation.world.trace_digest()};
}

TEST(SimZookeeperTest, TheOutcomeOfABrokenMultiIsTheSeeds) {
  int done = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto first = broken_multi(seed);
    EXPECT_EQ(broken_multi(seed), first);
    if (first.first) ++done;
  }
  EXPECT_GT(done, 5);
  EXPECT_LT(done, 45);
}

TEST(SimZookeeperTest, AReadMayBeOldWithoutASync) {
  int old = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Simulation simulation(seed);
    auto writer = simulation.connect("writer");
    auto reader = simulation.connect("reader");
    ASSERT_TRUE(simulation.multi(*writer, {Operation::create("/n", {})}));
    reader->exists("/n", [&](Outcome<std::optional<Stat>> found) { old += *found ? 0 : 1; });
    std::optional<bool> is_there;
    reader->sync([](Outcome<>) {});
    reader->exists("/n",
                   [&](Outcome<std::optional<Stat>> found) { is_there = found->has_value(); });
    ASSERT_TRUE(simulation.world.run_until([&] { return is_there.has_value(); }, seconds(1)));
    EXPECT_TRUE(*is_there);
  }
  EXPECT_GT(old, 0);
}

TEST(SimZookeeperTest, AnEndedProcessKeepsItsSessionUntilItsTime) {
  Simulation simulation(1);
  auto session = simulation.connect("a", seconds(6));
  ASSERT_TRUE(
      simulation.multi(*session, {Operation::create("/e", {}, Operation::Life::kEphemeral)}));
  simulation.told.clear();
  simulation.ensemble.process_ended("a");
  simulation.world.run_for(milliseconds(5900));
  EXPECT_TRUE(simulation.ensemble.node("/e"));
  simulation.world.run_for(milliseconds(700));
  EXPECT_FALSE(simulation.ensemble.node("/e"));
  EXPECT_EQ(simulation.told, "");
  EXPECT_THAT(simulation.ensemble.sessions(), testing::IsEmpty());
}

TEST(SimZookeeperTest, AShortCutIsSurvivedAndALongOneIsNot) {
  for (const int cut_ms : {3000, 7000}) {
    Simulation simulation(2);
    auto session = simulation.connect("a", seconds(6));
    const SessionId id = session->id();
    bool is_done = false;
    simulation.ensemble.cut("a");
    session->multi({Operation::create("/n", {})},
                   [&](Outcome<> outcome) { is_done = outcome.has_value(); });
    simulation.world.run_for(milliseconds(cut_ms));
    EXPECT_FALSE(simulation.ensemble.node("/n"));
    simulation.ensemble.heal("a");
    simulation.world.run_for(seconds(2));
    if (cut_ms == 3000) {
      EXPECT_TRUE(is_done);
      EXPECT_EQ(session->id(), id);
      EXPECT_EQ(simulation.told, "a:connected ");
    } else {
      EXPECT_FALSE(is_done);
      EXPECT_EQ(simulation.told, "a:connected a:disconnected a:expired ");
    }
  }
}

TEST(SimZookeeperTest, NoSessionEndsWhileTheEnsembleIsAway) {
  Simulation simulation(3);
  auto session = simulation.connect("a", seconds(6));
  const SessionId id = session->id();
  simulation.ensemble.go_away();
  simulation.world.run_for(seconds(60));
  simulation.ensemble.come_back();
  simulation.world.run_for(seconds(2));
  EXPECT_EQ(session->id(), id);
  EXPECT_TRUE(session->is_connected());
  // Who does not come back has its whole time again.
  simulation.ensemble.go_away();
  simulation.ensemble.process_ended("a");
  simulation.ensemble.come_back();
  simulation.world.run_for(milliseconds(5900));
  EXPECT_THAT(simulation.ensemble.sessions(), testing::ElementsAre(id));
  simulation.world.run_for(milliseconds(700));
  EXPECT_THAT(simulation.ensemble.sessions(), testing::IsEmpty());
}

TEST(SimZookeeperTest, WithoutAQuorumNothingIsDecidedAndItIsSaid) {
  Simulation simulation(4);
  auto session = simulation.connect("a");
  simulation.ensemble.lose_quorum();
  simulation.world.run_for(seconds(1));
  EXPECT_EQ(simulation.told, "a:connected a:disconnected a:read only ");
  const auto refused = simulation.multi(*session, {Operation::create("/n", {})});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kReadOnly);
  simulation.ensemble.come_back();
  simulation.world.run_for(seconds(1));
  EXPECT_TRUE(simulation.multi(*session, {Operation::create("/n", {})}));
}

TEST(TreeTest, AMultiThatFailsLeavesNothingBehind) {
  Tree tree;
  ASSERT_TRUE(
      tree.apply({Operation::create("/p", bytes("p")), Operation::create("/p/c", {})}, 7, 1));
  const Tree::Entry before = *tree.find("/p");
  const auto refused = tree.apply({Operation::set("/p", bytes("new")), Operation::remove("/p/c"),
                                   Operation::create("/p/c", {}), Operation::create("/p/d", {}),
                                   Operation::create("/p/d/e", {}), Operation::check("/missing")},
                                  7, 2);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().operation, 5U);
  const Tree::Entry& after = *tree.find("/p");
  EXPECT_EQ(after.bytes, before.bytes);
  EXPECT_EQ(after.stat, before.stat);
  EXPECT_EQ(after.children, before.children);
  EXPECT_EQ(after.children_zxid, before.children_zxid);
  EXPECT_EQ(tree.find("/p/c")->stat.created_zxid, 1);
  EXPECT_EQ(tree.size(), 3U);
}

}  // namespace
}  // namespace odradek::quorum::zookeeper::sim
