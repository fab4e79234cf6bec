// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "quorum/zookeeper/engine_test_cluster.h"

namespace odradek::quorum::zookeeper::engine_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const std::optional<Node>& node) {
  return node ? std::string(base::as_text(node->bytes.view())) : "nothing";
}

TEST(ZookeeperEngineTest, BrokersThatStartTogetherAgree) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Cluster cluster(seed);
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); })) << seed;
    std::set<std::string> ids;
    for (auto& broker : cluster.brokers) {
      ids.insert((*broker->started)->cluster_id);
      EXPECT_EQ(broker->controller->broker.value(), cluster.lead()->id());
      ASSERT_TRUE(cluster.run_until([&] { return broker->alive == std::set({1, 2, 3}); }));
    }
    EXPECT_EQ(ids.size(), 1U);
    EXPECT_EQ(cluster.lead()->elections, std::vector<int>{1});
    EXPECT_EQ(text_of(cluster.ensemble.node("/kafka/controller_epoch")), "1");
  }
}

TEST(ZookeeperEngineTest, ACommitIsToldEverywhereAndSeenInTheView) {
  Cluster cluster(1);
  cluster.start_all();
  const auto first = cluster.commit({{"a", "1"}, {"b", "1"}});
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->end_offset, base::Offset(2));
  EXPECT_EQ(first->epoch, base::LeaderEpoch(1));
  ASSERT_TRUE(cluster.commit({{"a", "2"}}));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  for (auto& broker : cluster.brokers) EXPECT_EQ(broker->state.values["a"], "2");
  EXPECT_EQ(text_of(cluster.ensemble.node("/kafka/config/topics/a")), "2");
  EXPECT_EQ(text_of(cluster.ensemble.node("/kafka/config/topics/b")), "1");
  EXPECT_THAT(cluster.ensemble.children("/kafka/odradek/changes"),
              ElementsAre("00000000000000000000", "00000000000000000002"));
}

TEST(ZookeeperEngineTest, WhatDoesNotFitIntoOneMultiIsATransaction) {
  Cluster cluster(2);
  cluster.start_all();
  std::vector<std::pair<std::string, std::string>> values;
  for (int i = 0; i < 30; ++i) values.emplace_back(std::to_string(i), std::string(60'000, 'x'));
  ASSERT_TRUE(cluster.commit(values));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_GT(cluster.ensemble.children("/kafka/odradek/changes").size(), 6U);
  for (auto& broker : cluster.brokers) {
    EXPECT_EQ(broker->state.values.size(), 30U);
    EXPECT_EQ(broker->seen.size(), 1U);  // told as one
  }
  EXPECT_EQ(cluster.ensemble.children("/kafka/config/topics").size(), 30U);
  const auto refused = cluster.commit({{"a", std::string(600'000, 'x')}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kRecordListTooLarge);
  ASSERT_TRUE(cluster.commit({{"a", "small"}}));
}

TEST(ZookeeperEngineTest, ABrokenOffTransactionIsAbortedByTheNextController) {
  int aborts = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Cluster cluster(seed);
    cluster.start_all();
    ASSERT_TRUE(cluster.commit({{"before", "1"}}));
    Broker* first = cluster.lead();
    const int id = first->id();
    std::vector<std::pair<std::string, std::string>> values;
    for (int i = 0; i < 60; ++i) values.emplace_back(std::to_string(i), std::string(60'000, 'x'));
    first->commit(values, [](base::Result<Position>) {});
    ASSERT_TRUE(cluster.run_until([&] { return cluster.transaction.has_value(); }));
    cluster.restart(id);
    cluster.broker(id).start("again");
    ASSERT_TRUE(cluster.commit({{"after", "1"}}));
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    aborts += cluster.aborts;
    for (auto& broker : cluster.brokers) {
      EXPECT_EQ(broker->state.values.size(), cluster.aborts > 0 ? 2U : 62U);
      EXPECT_EQ(broker->damage, "");
    }
    const auto shown = cluster.ensemble.children("/kafka/config/topics");
    EXPECT_EQ(shown.size(), cluster.truth.values.size());
  }
  EXPECT_GT(aborts, 0);
}

TEST(ZookeeperEngineTest, ABrokerBehindTheTrimmedLogLoadsTheSnapshot) {
  Cluster cluster(
      3, 3, {.broker = base::BrokerId(0), .connect = {}, .max_changes_between_snapshots = 10});
  cluster.broker(1).start("one");
  cluster.broker(2).start("two");
  for (int i = 0; i < 57; ++i) {
    ASSERT_TRUE(cluster.commit({{"key" + std::to_string(i % 5), std::to_string(i)}}));
  }
  ASSERT_TRUE(cluster.run_until([&] { return cluster.lead()->snapshots_written == 5; }));
  // Each of the five covers ten changes or, where some came while it was begun, more.
  EXPECT_LE(cluster.ensemble.children("/kafka/odradek/changes").size(), 7U);
  EXPECT_EQ(cluster.ensemble.children("/kafka/odradek/snapshots").size(), 1U);
  cluster.broker(3).start("three");
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_EQ(cluster.broker(3).snapshots_read, 1);
  EXPECT_EQ(cluster.broker(3).state, cluster.truth);
  // One that was cut off meanwhile.
  const int away = cluster.lead()->id() == 1 ? 2 : 1;
  cluster.ensemble.cut("broker" + std::to_string(away));
  for (int i = 0; i < 25; ++i) ASSERT_TRUE(cluster.commit({{"key", std::to_string(i)}}));
  cluster.ensemble.heal("broker" + std::to_string(away));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_EQ(cluster.broker(away).damage, "");
}

TEST(ZookeeperEngineTest, AControllerThatLostItsPlaceWritesNothing) {
  Cluster cluster(4);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  Broker& old = *cluster.lead();
  cluster.ensemble.cut("broker" + std::to_string(old.id()));
  std::optional<base::Result<Position>> late;
  old.commit({{"a", "late"}}, [&](base::Result<Position> result) { late = std::move(result); });
  ASSERT_TRUE(cluster.run_until([&] {
    for (auto& broker : cluster.brokers) {
      if (broker.get() != &old && broker->is_lead()) return true;
    }
    return false;
  }));
  EXPECT_FALSE(late);
  cluster.ensemble.heal("broker" + std::to_string(old.id()));
  ASSERT_TRUE(cluster.run_until([&] { return late.has_value(); }));
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, base::ErrorCode::kNotController);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  EXPECT_EQ(cluster.truth.values["a"], "1");
  EXPECT_EQ(old.registrations.size(), 2U);
  EXPECT_EQ(old.losses.size(), 1U);
}

TEST(ZookeeperEngineTest, WhileZookeeperIsAwayNothingIsDecidedAndItResumesByItself) {
  Cluster cluster(5);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  Broker& controller = *cluster.lead();
  cluster.ensemble.go_away();
  std::optional<base::Result<Position>> outcome;
  controller.commit({{"a", "2"}}, [&](base::Result<Position> result) { outcome = result; });
  cluster.world.run_for(seconds(60));
  EXPECT_FALSE(outcome);
  EXPECT_FALSE(controller.is_reachable);
  EXPECT_TRUE(controller.is_registered);
  cluster.ensemble.come_back();
  ASSERT_TRUE(cluster.run_until([&] { return outcome.has_value(); }));
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(cluster.truth_epoch, 1);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
}

TEST(ZookeeperEngineTest, AnUnknownOutcomeIsReadBeforeAnythingElse) {
  int were_done = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Cluster cluster(seed, 1);
    cluster.start_all();
    ASSERT_TRUE(cluster.commit({{"a", "0"}}));
    const base::Offset before = cluster.truth_end;
    std::optional<base::Result<Position>> outcome;
    cluster.broker(1).commit({{"a", "1"}},
                             [&](base::Result<Position> result) { outcome = std::move(result); });
    cluster.world.run_for(std::chrono::microseconds(2000 + seed * 100));
    cluster.ensemble.drop_connections("broker1");
    cluster.world.run_for(milliseconds(1));
    if (cluster.truth_end > before && !outcome) ++were_done;
    ASSERT_TRUE(cluster.run_until([&] { return outcome.has_value(); }));
    ASSERT_TRUE(*outcome) << (*outcome).error().message;
    // Once, not twice.
    EXPECT_EQ(cluster.truth_end.value(), before.value() + 1);
    ASSERT_TRUE(cluster.commit({{"a", "2"}}));
    EXPECT_EQ(text_of(cluster.ensemble.node("/kafka/config/topics/a")), "2");
  }
  EXPECT_GT(were_done, 0);
}

TEST(ZookeeperEngineTest, ForeignWritesToTheViewDoNotHoldUpTheTruth) {
  Cluster cluster(6);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}, {"b", "1"}, {"c", "1"}}));
  const auto prefix = std::string("/kafka/config/topics/");
  ASSERT_TRUE(cluster.ensemble.write(
      {Operation::set(prefix + "a", to_bytes("foreign")), Operation::remove(prefix + "b"),
       Operation::create(prefix + "c/child", {}), Operation::create(prefix + "d", {})}));
  ASSERT_TRUE(cluster.commit({{"a", "2"}, {"b", "2"}, {"c", "2"}, {"d", "2"}, {"e", "2"}}));
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(text_of(cluster.ensemble.node(prefix + key)), "2") << key;
  }
  // A removal that somebody's child prevents is left out.
  Broker& controller = *cluster.lead();
  std::optional<base::Result<Position>> outcome;
  controller.run([&] {
    controller.engine().commit(
        {to_bytes("c=gone")},
        {{prefix.substr(6) + "c", {}, true}, {prefix.substr(6) + "e", {}, true}},
        base::Timestamp(1), [&](base::Result<Position> result) { outcome = result; });
  });
  ASSERT_TRUE(cluster.run_until([&] { return outcome.has_value(); }));
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(text_of(cluster.ensemble.node(prefix + "c")), "2");
  EXPECT_EQ(text_of(cluster.ensemble.node(prefix + "e")), "nothing");
}

TEST(ZookeeperEngineTest, ADeadControllerIsReplacedOnRequest) {
  Cluster cluster(7);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  const int dead = cluster.lead()->id();
  Broker& other = cluster.broker(dead == 1 ? 2 : 1);
  const ControllerInfo seen = *other.controller;
  cluster.restart(dead);  // and not started
  const auto killed = cluster.world.elapsed();
  std::optional<bool> removed;
  other.run([&] {
    other.engine().remove_controller(seen, [&](bool is_removed) { removed = is_removed; });
  });
  ASSERT_TRUE(cluster.run_until([&] { return cluster.lead() != nullptr; }));
  EXPECT_TRUE(*removed);
  EXPECT_LT(cluster.world.elapsed() - killed, milliseconds(200));
  EXPECT_EQ(cluster.truth_epoch, 1);
  ASSERT_TRUE(cluster.commit({{"a", "2"}}));
  EXPECT_EQ(cluster.truth_epoch, 2);
  // What was seen is another election's by now: nothing is removed.
  removed.reset();
  other.run([&] {
    other.engine().remove_controller(seen, [&](bool is_removed) { removed = is_removed; });
  });
  ASSERT_TRUE(cluster.run_until([&] { return removed.has_value(); }));
  EXPECT_FALSE(*removed);
}

TEST(ZookeeperEngineTest, AControllerThatWasTakenForDeadWritesNothing) {
  Cluster cluster(13);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  Broker& old = *cluster.lead();
  Broker& other = cluster.broker(old.id() == 1 ? 2 : 1);
  const std::string host = "broker" + std::to_string(old.id());
  // Sent, and held back on the way until another one leads.
  cluster.ensemble.cut(host);
  std::optional<base::Result<Position>> late;
  old.commit({{"a", "late"}}, [&](base::Result<Position> result) { late = std::move(result); });
  other.run([&] { other.engine().remove_controller(*other.controller, [](bool) {}); });
  ASSERT_TRUE(cluster.run_until([&] {
    return std::ranges::any_of(cluster.brokers, [&](const auto& broker) {
      return broker.get() != &old && broker->is_lead();
    });
  }));
  const base::Offset before = cluster.truth_end;
  EXPECT_FALSE(late);
  cluster.ensemble.heal(host);
  ASSERT_TRUE(cluster.run_until([&] { return late.has_value(); }));
  ASSERT_FALSE(*late);
  EXPECT_EQ(late->error().code, base::ErrorCode::kNotController);
  EXPECT_EQ(cluster.truth_end, before);
  // Its session never ended.
  EXPECT_EQ(old.registrations.size(), 1U);
  ASSERT_TRUE(cluster.commit({{"a", "2"}}));
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
}

TEST(ZookeeperEngineTest, ARestartedBrokerTakesItsRegistrationOver) {
  Cluster cluster(8);
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  const auto killed = cluster.world.elapsed();
  cluster.restart(2);
  cluster.broker(2).start("again");
  ASSERT_TRUE(cluster.run_until([&] { return cluster.broker(2).is_registered; }));
  EXPECT_LT(cluster.world.elapsed() - killed, seconds(1));
  EXPECT_EQ(cluster.broker(2).probes, 1);
  // The old session's end takes nothing away.
  cluster.world.run_for(seconds(20));
  EXPECT_TRUE(cluster.ensemble.node("/kafka/brokers/ids/2"));
}

TEST(ZookeeperEngineTest, ARemovedRegistrationIsMadeAnew) {
  Cluster cluster(10);
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  const std::string path = "/kafka/brokers/ids/2";
  for (std::size_t times = 1; times <= 3; ++times) {
    // Heard of at once, or once there is a connection again.
    if (times == 2) cluster.ensemble.cut("broker2");
    ASSERT_TRUE(cluster.ensemble.write({Operation::remove(path)}));
    cluster.ensemble.heal("broker2");
    ASSERT_TRUE(
        cluster.run_until([&] { return cluster.broker(2).registrations.size() == times + 1; }));
    EXPECT_TRUE(cluster.ensemble.node(path));
  }
  EXPECT_EQ(cluster.broker(2).probes, 0);
  cluster.world.run_for(seconds(20));
  EXPECT_EQ(cluster.broker(2).registrations.size(), 4U);
}

TEST(ZookeeperEngineTest, TheNodeOfAllRegistrationsIsMadeAnewWithThem) {
  Cluster cluster(5);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  const std::set<int> all = {1, 2, 3};
  ASSERT_TRUE(cluster.run_until([&] { return cluster.broker(1).alive == all; }));
  std::vector<Operation> removals;
  for (int id : all) {
    removals.push_back(Operation::remove("/kafka/brokers/ids/" + std::to_string(id)));
  }
  removals.push_back(Operation::remove("/kafka/brokers/ids"));
  ASSERT_TRUE(cluster.ensemble.write(removals));
  int requests = 0;
  cluster.ensemble.set_observer([&](std::int64_t, SessionId, const auto&) { ++requests; });
  for (auto& broker : cluster.brokers) {
    ASSERT_TRUE(cluster.run_until([&] { return broker->registrations.size() == 2; }));
    ASSERT_TRUE(cluster.run_until([&] { return broker->alive == all; }));
  }
  EXPECT_EQ(cluster.ensemble.children("/kafka/brokers/ids").size(), 3U);
  EXPECT_LT(requests, 20);
}

TEST(ZookeeperEngineTest, WhatSomebodyWritesIntoTheEpochDoesNotGoBack) {
  for (const char* text : {"0", "1", "abc", "", "-7", "2147483647", "99999999999"}) {
    Cluster cluster(6);
    cluster.start_all();
    ASSERT_TRUE(cluster.commit({{"a", "1"}}));
    const auto id = cluster.lead()->id();
    cluster.restart(id);  // another epoch than the first
    cluster.broker(id).start("again");
    const auto before = cluster.commit({{"a", "2"}});
    ASSERT_TRUE(before);
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    ASSERT_TRUE(
        cluster.ensemble.write({Operation::set("/kafka/controller_epoch", to_bytes(text))}));
    // Who was the controller finds out, and takes the place again.
    (void)cluster.commit({{"a", "lost or not"}});
    const auto after = cluster.commit({{"a", "3"}});
    ASSERT_TRUE(after) << text << ": " << after.error().message;
    EXPECT_GT(after->epoch, before->epoch) << text;
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); })) << text;
    for (auto& broker : cluster.brokers) EXPECT_EQ(broker->damage, "") << text;
    EXPECT_EQ(text_of(cluster.ensemble.node("/kafka/controller_epoch")),
              std::to_string(after->epoch.value()));
  }
}

// Whoever stands has not read the whole log yet when it is elected.
TEST(ZookeeperEngineTest, AnEpochThatWasPutBackWhileNobodyWasThere) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Cluster cluster(seed);
    cluster.start_all();
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(cluster.commit({{"a", std::to_string(i)}}));
      const auto id = cluster.lead()->id();
      cluster.restart(id);
      cluster.broker(id).start("again");
    }
    ASSERT_TRUE(cluster.commit({{"a", "last"}}));
    const auto last = cluster.truth_epoch;
    for (int id = 1; id <= 3; ++id) cluster.restart(id);
    ASSERT_TRUE(cluster.ensemble.write({Operation::set("/kafka/controller_epoch", to_bytes("0"))}));
    for (int id = 1; id <= 3; ++id) cluster.broker(id).start("again");
    const auto after = cluster.commit({{"a", "after"}});
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_GT(after->epoch.value(), last);
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    for (auto& broker : cluster.brokers) EXPECT_EQ(broker->damage, "");
  }
}

TEST(ZookeeperEngineTest, AnEpochThatSomebodyRemovedIsMadeAnew) {
  Cluster cluster(7);
  cluster.start_all();
  const auto before = cluster.commit({{"a", "1"}});
  ASSERT_TRUE(before);
  ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
  ASSERT_TRUE(cluster.ensemble.write({Operation::remove("/kafka/controller_epoch")}));
  (void)cluster.commit({{"a", "lost or not"}});
  const auto after = cluster.commit({{"a", "2"}});
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_GT(after->epoch, before->epoch);
}

TEST(ZookeeperEngineTest, AnotherBrokerWithTheSameIdIsRefusedAndTheFirstIsNamed) {
  for (const bool has_other_directories : {true, false}) {
    Cluster cluster(9);
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    env::sim::SimHost& host = cluster.world.add_host("intruder");
    const auto made = cluster.make_broker(2, host);
    Broker& intruder = *made;
    intruder.other_answers = true;
    if (has_other_directories) intruder.directories = {"another"};
    intruder.start("other", false);
    ASSERT_TRUE(cluster.run_until([&] { return !intruder.refusal.empty(); }));
    EXPECT_THAT(intruder.refusal, HasSubstr("another broker has the id 2: broker 2; it is "));
    EXPECT_EQ(intruder.probes, has_other_directories ? 0 : 1);
    cluster.world.run_for(seconds(20));
    EXPECT_FALSE(intruder.is_registered);
    EXPECT_EQ(cluster.broker(2).registrations.size(), 1U);
    host.kill();
  }
}

TEST(ZookeeperEngineTest, BrokersAgreeWithWhoseMetadataTheyBegin) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Cluster cluster(seed);
    for (auto& broker : cluster.brokers) {
      broker->origin =
          broker->id() == 3 ? origin_text(base::BrokerId(3), "directory") : new_origin_text();
    }
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.is_settled(); }));
    const auto node = cluster.ensemble.node("/kafka/odradek/origin");
    ASSERT_TRUE(node);
    for (auto& broker : cluster.brokers) EXPECT_EQ((*broker->started)->origin, node->bytes);
  }
}

TEST(ZookeeperEngineTest, AChrootOfApacheKafkaIsRefused) {
  Cluster cluster(10, 1);
  ASSERT_TRUE(cluster.ensemble.write({Operation::create("/kafka", {}),
                                      Operation::create("/kafka/brokers", {}),
                                      Operation::create("/kafka/brokers/topics", {}),
                                      Operation::create("/kafka/brokers/topics/orders", {})}));
  cluster.start_all();
  ASSERT_TRUE(cluster.run_until([&] { return cluster.broker(1).started.has_value(); }));
  ASSERT_FALSE(*cluster.broker(1).started);
  EXPECT_EQ(cluster.broker(1).started->error().code, base::ErrorCode::kInvalidConfig);
  EXPECT_THAT(cluster.broker(1).started->error().message,
              HasSubstr("this chroot holds a cluster of Apache Kafka (/brokers/topics/orders"));
  EXPECT_FALSE(cluster.ensemble.node("/kafka/odradek"));
}

TEST(ZookeeperEngineTest, NobodyThereIsAClearError) {
  for (const bool is_read_only : {false, true}) {
    Cluster cluster(11, 1);
    if (is_read_only) {
      cluster.ensemble.lose_quorum();
    } else {
      cluster.ensemble.go_away();
    }
    cluster.start_all();
    ASSERT_TRUE(cluster.run_until([&] { return cluster.broker(1).started.has_value(); }));
    const auto& error = cluster.broker(1).started->error();
    EXPECT_EQ(error.code, base::ErrorCode::kBrokerNotAvailable);
    EXPECT_THAT(error.message, HasSubstr("zookeeper.connection.timeout.ms"));
    EXPECT_EQ(error.message.contains("read-only"), is_read_only);
  }
}

TEST(ZookeeperEngineTest, DamageInTheLogIsSaidAndNothingIsMadeOfIt) {
  Cluster cluster(12, 2);
  cluster.start_all();
  ASSERT_TRUE(cluster.commit({{"a", "1"}}));
  ASSERT_TRUE(cluster.commit({{"a", "2"}}));
  cluster.restart(2);
  const auto whole = *cluster.ensemble.node("/kafka/odradek/changes/00000000000000000001");
  auto broken = base::SharedBytes::copy(whole.bytes.view());
  broken.mutable_view()[broken.size() - 1] ^= 1;
  ASSERT_TRUE(cluster.ensemble.write(
      {Operation::set("/kafka/odradek/changes/00000000000000000001", broken)}));
  cluster.broker(2).start("again");
  ASSERT_TRUE(cluster.run_until([&] { return !cluster.broker(2).damage.empty(); }));
  EXPECT_THAT(cluster.broker(2).damage, HasSubstr("/odradek/changes/00000000000000000001"));
  EXPECT_EQ(cluster.broker(2).state.values["a"], "1");
  ASSERT_TRUE(cluster.broker(2).started);
  EXPECT_FALSE(*cluster.broker(2).started);
}

}  // namespace
}  // namespace odradek::quorum::zookeeper::engine_test
