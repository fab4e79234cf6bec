// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/controller_service.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "env/sim/sim_world.h"
#include "metadata/controller/broker_change.h"
#include "metadata/controller/eligible_replicas.h"
#include "metadata/controller/registration.h"
#include "metadata/test_cluster.h"
#include "wire/messages/broker_heartbeat.h"

namespace odradek::broker {
namespace {

using base::BrokerId;
using base::ErrorCode;
using base::Offset;
using std::chrono::seconds;

// The controller is broker 1 of three; what it decides is committed at once.
class ControllerServiceTest : public testing::Test {
 protected:
  // By default one that none of the brokers has: nobody is watched.
  explicit ControllerServiceTest(std::string listener = "INTERNAL")
      : listener_(std::move(listener)) {
    for (const int id : {1, 2, 3}) cluster_.add_broker(id);
    service_.on_elected(cluster_.image());
  }
  ~ControllerServiceTest() override {
    service_.stop();
    simulation_.run_for(seconds(1));
  }

  void submit(MetadataRuntime::Decide decide, MetadataRuntime::Done done) {
    if (!is_controller_) return done(base::fail(ErrorCode::kNotController));
    if (is_busy_) return waiting_.push_back({std::move(decide), std::move(done)});
    const auto records = decide(cluster_.image());
    if (!records.empty() && is_failing_) return done(base::fail(ErrorCode::kUnknownServerError));
    cluster_.apply(records);
    done({});
  }
  void go_on() {
    is_busy_ = false;
    for (auto& [decide, done] : std::exchange(waiting_, {})) {
      submit(std::move(decide), std::move(done));
    }
  }
  void live_without(int silent, int for_s) {
    last_ = cluster_.image().end_offset - 1;
    for (int second = 0; second < for_s; ++second) {
      for (const int id : {1, 2, 3}) {
        if (id != silent) report(id, last_);
      }
      simulation_.run_for(seconds(1));
    }
  }
  bool is_fenced(int id) { return cluster_.image().find_broker(BrokerId(id))->fenced; }
  void report(int id, Offset offset) {
    wire::BrokerHeartbeatRequest request;
    request.broker_id = BrokerId(id);
    request.broker_epoch = cluster_.image().find_broker(BrokerId(id))->epoch;
    request.current_metadata_offset = offset;
    service_.heartbeat(request, [](const auto& answer) {
      EXPECT_TRUE(answer && answer->error_code == ErrorCode::kNone);
    });
  }
  void report_all(std::initializer_list<int> ids) {
    for (const int id : ids) report(id, last_);
  }
  // Waits for the last record of the metadata.
  void begin_to_wait(env::Duration limit = seconds(5)) {
    last_ = cluster_.image().end_offset - 1;
    service_.await_replay(last_, limit, [this](bool is_in_time) {
      ++told_;
      is_in_time_ = is_in_time;
    });
  }

  const std::string listener_;
  env::sim::SimWorld simulation_{1};
  env::World& world_ = simulation_.add_host("controller").world();
  metadata::testing::TestCluster cluster_;
  config::LiveSettings settings_{config::Settings()};
  bool is_controller_ = true;
  bool is_busy_ = false;
  bool is_failing_ = false;
  std::vector<std::pair<MetadataRuntime::Decide, MetadataRuntime::Done>> waiting_;
  int told_ = 0;
  bool is_in_time_ = false;
  Offset last_{0};
  ControllerService service_{
      world_,
      settings_,
      [this](auto decide, auto done) { submit(std::move(decide), std::move(done)); },
      {.cluster_id = "cluster", .self = BrokerId(1), .listener = listener_},
      [](const auto&) {}};
};

TEST_F(ControllerServiceTest, IsOverWhenEverybodyHasReplayedIt) {
  begin_to_wait();
  report_all({1, 2});
  EXPECT_EQ(told_, 0);
  report(3, last_ - 1);
  EXPECT_EQ(told_, 0);
  report(3, last_);
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(is_in_time_);
  simulation_.run_for(seconds(10));
  EXPECT_EQ(told_, 1) << "told again when the time was over";
}

TEST_F(ControllerServiceTest, IsOverAtOnceWhereItIsKnown) {
  last_ = cluster_.image().end_offset - 1;
  report_all({1, 2, 3});
  begin_to_wait();
  EXPECT_EQ(told_, 1);
}

TEST_F(ControllerServiceTest, LastsNoLongerThanItsLimit) {
  begin_to_wait(seconds(5));
  report_all({1, 2});
  simulation_.run_for(seconds(4));
  EXPECT_EQ(told_, 0);
  simulation_.run_for(seconds(2));
  EXPECT_EQ(told_, 1);
  EXPECT_FALSE(is_in_time_);
  report(3, last_);
  EXPECT_EQ(told_, 1);
}

TEST_F(ControllerServiceTest, DoesNotWaitForABrokerThatIsFenced) {
  begin_to_wait();
  report_all({1, 2});
  ASSERT_EQ(told_, 0);
  const auto changes = metadata::fence_broker(cluster_.view(), BrokerId(3),
                                              {metadata::Reason::kSessionExpired, BrokerId(3), 1});
  cluster_.apply(changes.records);
  service_.follow_brokers(cluster_.image());
  EXPECT_EQ(told_, 1);
}

// A topic of two replicas, on brokers 2 and 3.
class UncleanElectionTest : public ControllerServiceTest {
 protected:
  UncleanElectionTest() {
    auto topic = metadata::testing::new_topic("t", -1, -1);
    topic.assignments = {{0, {BrokerId(2), BrokerId(3)}}};
    EXPECT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
  }
  // Broker 2 is the only one in sync, and goes.
  void lose_the_leader() {
    wire::PartitionChangeRecord alone;
    alone.topic_id = cluster_.topic("t").id;
    alone.partition_id = 0;
    alone.isr = {BrokerId(2)};
    alone.eligible_leader_replicas.emplace();
    cluster_.apply({alone});
    cluster_.apply(metadata::fence_broker(cluster_.view(), BrokerId(2),
                                          {metadata::Reason::kSessionExpired, BrokerId(2), 1})
                       .records);
    ASSERT_EQ(leader(), base::kNoBroker);
  }
  void allow(std::int8_t type, const std::string& name) {
    wire::ConfigRecord record;
    record.resource_type = type;
    record.resource_name = name;
    record.name = "unclean.leader.election.enable";
    record.value = "true";
    cluster_.apply({record});
    service_.follow_configs(cluster_.delta, cluster_.image());
  }
  BrokerId leader() { return cluster_.topic("t").partitions.at(0).leader; }
};

TEST_F(UncleanElectionTest, ElectsAtOnceWhereATopicMayHaveAnUncleanLeader) {
  lose_the_leader();
  allow(2, "t");
  simulation_.run_for(seconds(1));
  EXPECT_EQ(leader(), BrokerId(3));
}

TEST_F(UncleanElectionTest, ElectsAtOnceWhereAllMayHaveOne) {
  lose_the_leader();
  settings_.set_dynamic({{"unclean.leader.election.enable", "true"}}, {});
  service_.elect_unclean_soon();
  simulation_.run_for(seconds(1));
  EXPECT_EQ(leader(), BrokerId(3));
}

TEST_F(ControllerServiceTest, TheFirstControllersMinimumHoldsForTheCluster) {
  const std::string* in_force = metadata::cluster_min_in_sync(cluster_.image());
  ASSERT_NE(in_force, nullptr);
  EXPECT_EQ(*in_force, "1");
  const Offset end = cluster_.image().end_offset;
  service_.on_elected(cluster_.image());
  EXPECT_EQ(cluster_.image().end_offset, end) << "decided again";
}

TEST_F(ControllerServiceTest, EndsWithTheOffice) {
  begin_to_wait();
  service_.on_lost();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(is_in_time_) << "it is done, and nobody can say more";
  is_controller_ = false;
  begin_to_wait();
  EXPECT_EQ(told_, 2);
}

TEST_F(ControllerServiceTest, ASilentBrokerIsFencedAfterItsSession) {
  live_without(2, 8);
  EXPECT_FALSE(is_fenced(2));
  live_without(2, 3);
  EXPECT_TRUE(is_fenced(2));
  EXPECT_FALSE(is_fenced(1));
  EXPECT_FALSE(is_fenced(3));
}

TEST_F(ControllerServiceTest, NobodyIsFencedForWhatWasNotHeardWhileNothingWasDecided) {
  live_without(0, 5);
  is_busy_ = true;
  simulation_.run_for(seconds(14));
  go_on();
  for (const int id : {1, 2, 3}) EXPECT_FALSE(is_fenced(id)) << id;
  live_without(2, 8);
  EXPECT_FALSE(is_fenced(2)) << "it has a whole session to report";
  live_without(2, 3);
  EXPECT_TRUE(is_fenced(2));
}

TEST_F(ControllerServiceTest, AFenceThatCouldNotBeCommittedIsMadeAgain) {
  is_failing_ = true;
  live_without(2, 12);
  EXPECT_FALSE(is_fenced(2));
  is_failing_ = false;
  live_without(2, 2);
  EXPECT_TRUE(is_fenced(2));
  live_without(3, 11);
  EXPECT_TRUE(is_fenced(3)) << "silence is looked for no longer";
}

// The brokers say that they listen on localhost:9092.
class ControllerOfWatchedBrokersTest : public ControllerServiceTest {
 protected:
  ControllerOfWatchedBrokersTest() : ControllerServiceTest("PLAINTEXT") {}

  void listen() {
    auto listener = world_.network().listen(
        {"localhost", 9092}, {}, world_.loop(0),
        [this]() -> env::Executor& { return world_.loop(0); },
        [this](std::unique_ptr<env::Stream> stream) { accepted_.push_back(std::move(stream)); });
    ASSERT_TRUE(listener.has_value());
    accepting_ = std::move(*listener);
  }

  std::unique_ptr<env::Listener> accepting_;
  std::vector<std::unique_ptr<env::Stream>> accepted_;
};

TEST_F(ControllerOfWatchedBrokersTest, WhoReportsStaysFencedWhereNobodyListens) {
  last_ = cluster_.image().end_offset - 1;
  ASSERT_TRUE(simulation_.run_until([&] { return is_fenced(2) && is_fenced(3); }, seconds(5)));
  live_without(3, 6);
  EXPECT_TRUE(is_fenced(2)) << "it would be fenced again at once";
  listen();
  live_without(3, 6);
  EXPECT_FALSE(is_fenced(2));
  EXPECT_TRUE(is_fenced(3)) << "it does not report";
}

}  // namespace
}  // namespace odradek::broker
