// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/controller_service.h"

#include <gtest/gtest.h>

#include "env/sim/sim_world.h"
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
class AwaitReplayTest : public testing::Test {
 protected:
  AwaitReplayTest() {
    for (const int id : {1, 2, 3}) cluster_.add_broker(id);
    service_.on_elected(cluster_.image());
  }
  ~AwaitReplayTest() override {
    service_.stop();
    simulation_.run_for(seconds(1));
  }

  void submit(MetadataRuntime::Decide decide, MetadataRuntime::Done done) {
    if (!is_controller_) return done(base::fail(ErrorCode::kNotController));
    cluster_.apply(decide(cluster_.image()));
    done({});
  }
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

  env::sim::SimWorld simulation_{1};
  env::World& world_ = simulation_.add_host("controller").world();
  metadata::testing::TestCluster cluster_;
  config::LiveSettings settings_{config::Settings()};
  bool is_controller_ = true;
  int told_ = 0;
  bool is_in_time_ = false;
  Offset last_{0};
  // None of the brokers has a listener of that name: nobody is watched.
  ControllerService service_{
      world_,
      settings_,
      [this](auto decide, auto done) { submit(std::move(decide), std::move(done)); },
      {.cluster_id = "cluster", .self = BrokerId(1), .listener = "INTERNAL"},
      [](const auto&) {}};
};

TEST_F(AwaitReplayTest, IsOverWhenEverybodyHasReplayedIt) {
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

TEST_F(AwaitReplayTest, IsOverAtOnceWhereItIsKnown) {
  last_ = cluster_.image().end_offset - 1;
  report_all({1, 2, 3});
  begin_to_wait();
  EXPECT_EQ(told_, 1);
}

TEST_F(AwaitReplayTest, LastsNoLongerThanItsLimit) {
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

TEST_F(AwaitReplayTest, DoesNotWaitForABrokerThatIsFenced) {
  begin_to_wait();
  report_all({1, 2});
  ASSERT_EQ(told_, 0);
  const auto changes = metadata::fence_broker(cluster_.view(), BrokerId(3),
                                              {metadata::Reason::kSessionExpired, BrokerId(3), 1});
  cluster_.apply(changes.records);
  service_.follow_brokers(cluster_.image());
  EXPECT_EQ(told_, 1);
}

TEST_F(AwaitReplayTest, EndsWithTheOffice) {
  begin_to_wait();
  service_.on_lost();
  EXPECT_EQ(told_, 1);
  EXPECT_TRUE(is_in_time_) << "it is done, and nobody can say more";
  is_controller_ = false;
  begin_to_wait();
  EXPECT_EQ(told_, 2);
}

}  // namespace
}  // namespace odradek::broker
