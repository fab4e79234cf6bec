// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/cluster_member.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "broker/cluster/controller_channel.h"
#include "broker/cluster/fake_controller.h"
#include "broker/cluster/fake_controller_calls.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using wire::BrokerHeartbeatRequest;
using wire::BrokerHeartbeatResponse;
using wire::BrokerRegistrationRequest;
using wire::BrokerRegistrationResponse;

constexpr base::BrokerId kSelf(1);
constexpr base::Uuid kIncarnation{1, 2};

// A controller that accepts every broker in the next epoch and lets it serve when it asks to.
class Lenient {
 public:
  Lenient(env::sim::SimHost& host, std::int64_t& epoch) : server(host), epoch_(epoch) {
    server.answer<BrokerRegistrationRequest, BrokerRegistrationResponse>(
        [this](const BrokerRegistrationRequest& request) {
          registrations.push_back(request);
          std::optional<BrokerRegistrationResponse> response(std::in_place);
          response->broker_epoch = ++epoch_;
          return response;
        });
    server.answer<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(
        [this](const BrokerHeartbeatRequest& request) {
          heartbeats.push_back(request);
          std::optional<BrokerHeartbeatResponse> response;
          if (is_silent) return response;
          response.emplace();
          if (request.broker_epoch != epoch_) {
            response->error_code = ErrorCode::kStaleBrokerEpoch;
            return response;
          }
          response->is_fenced = request.want_fence;
          // Partitions are handed over in two steps.
          response->should_shut_down = request.want_shut_down && ++shutdown_requests == 3;
          return response;
        });
  }

  FakeController server;
  std::vector<BrokerRegistrationRequest> registrations;
  std::vector<BrokerHeartbeatRequest> heartbeats;
  bool is_silent = false;
  int shutdown_requests = 0;

 private:
  std::int64_t& epoch_;
};

BrokerRegistrationRequest registration() {
  BrokerRegistrationRequest request;
  request.broker_id = kSelf;
  request.cluster_id = "the-cluster";
  request.incarnation_id = kIncarnation;
  request.rack = "a";
  return request;
}

class ClusterMemberTest : public testing::Test {
 protected:
  ClusterMemberTest() {
    member_.emplace(
        self_host_.world(), self_host_.world().loop(1), channel_, active_, registration(),
        MembershipOptions{.max_shutdown_retries = 2, .shutdown_retry_backoff = seconds(1)});
  }
  ~ClusterMemberTest() override {
    for (auto* host : {&self_host_, &two_host_, &three_host_}) {
      if (host->is_running()) host->kill();
      host->discard_tasks();
    }
  }

  void publish(std::int32_t broker, std::int32_t epoch, const Lenient& at) {
    active_.publish(
        ControllerPlace{base::BrokerId(broker), base::LeaderEpoch(epoch), at.server.address()});
  }
  // An image in which this broker is registered in the epoch.
  void replay(std::int64_t broker_epoch) {
    auto image = std::make_shared<metadata::ClusterImage>();
    auto broker = std::make_shared<metadata::BrokerImage>();
    broker->id = kSelf;
    broker->epoch = broker_epoch;
    broker->incarnation_id = kIncarnation;
    image->brokers[kSelf] = std::move(broker);
    image->end_offset = base::Offset(broker_epoch + 1);
    member_->follow(image);
  }
  bool run_until(const std::function<bool()>& condition) {
    return simulation_.run_until(condition, seconds(30));
  }
  void serve() {
    member_->start([this](base::Result<> done) { accepted_ = std::move(done); });
    publish(2, 1, two_);
    ASSERT_TRUE(run_until([&] { return accepted_.has_value(); }));
    ASSERT_TRUE(*accepted_);
    member_->set_ready();
    replay(member_->broker_epoch());
    ASSERT_TRUE(run_until([&] { return !member_->is_fenced(); }));
  }

  env::sim::SimWorld simulation_{7};
  env::sim::SimHost& self_host_ = simulation_.add_host("self");
  env::sim::SimHost& two_host_ = simulation_.add_host("two");
  env::sim::SimHost& three_host_ = simulation_.add_host("three");
  std::int64_t epoch_ = 100;
  Lenient two_{two_host_, epoch_};
  Lenient three_{three_host_, epoch_};
  ActiveController active_;
  FakeControllerCalls local_;
  ControllerChannel channel_{self_host_.world(),
                             self_host_.world().loop(0),
                             kSelf,
                             active_,
                             local_,
                             {.heartbeat_timeout = seconds(9)}};
  std::optional<ClusterMember> member_;
  std::optional<base::Result<>> accepted_;
};

TEST_F(ClusterMemberTest, IsAcceptedOnceThereIsAController) {
  member_->start([this](base::Result<> done) { accepted_ = std::move(done); });
  simulation_.run_for(seconds(5));
  EXPECT_FALSE(accepted_);
  const auto before = simulation_.elapsed();
  publish(2, 1, two_);
  ASSERT_TRUE(run_until([&] { return accepted_.has_value(); }));
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(20)) << "no pause is waited for";
  EXPECT_TRUE(*accepted_);
  EXPECT_EQ(member_->broker_epoch(), 101);
  ASSERT_EQ(two_.registrations.size(), 1U);
  EXPECT_EQ(two_.registrations[0].rack, "a");
}

TEST_F(ClusterMemberTest, StaysFencedUntilItIsReadyAndHasReplayedItsRegistration) {
  member_->start([this](base::Result<> done) { accepted_ = std::move(done); });
  publish(2, 1, two_);
  ASSERT_TRUE(run_until([&] { return accepted_.has_value(); }));
  simulation_.run_for(seconds(5));
  member_->set_ready();
  simulation_.run_for(seconds(5));
  replay(50);  // of a registration before this one
  simulation_.run_for(seconds(5));
  EXPECT_TRUE(member_->is_fenced());
  for (const auto& beat : two_.heartbeats) EXPECT_TRUE(beat.want_fence);
  replay(101);
  ASSERT_TRUE(run_until([&] { return !member_->is_fenced(); }));
  EXPECT_FALSE(two_.heartbeats.back().want_fence);
  EXPECT_EQ(two_.heartbeats.back().current_metadata_offset, base::Offset(101));
}

TEST_F(ClusterMemberTest, ReportsToTheNextControllerAtOnceAndKeepsItsEpoch) {
  serve();
  two_host_.kill();
  simulation_.run_for(milliseconds(500));
  const auto before = simulation_.elapsed();
  publish(3, 2, three_);
  ASSERT_TRUE(run_until([&] { return !three_.heartbeats.empty(); }));
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(20));
  EXPECT_EQ(three_.heartbeats[0].broker_epoch, 101);
  EXPECT_TRUE(three_.registrations.empty());
}

TEST_F(ClusterMemberTest, RegistersAnewWhereItsEpochIsOver) {
  serve();
  epoch_ = 200;
  ASSERT_TRUE(run_until([&] { return two_.registrations.size() == 2; }));
  ASSERT_TRUE(run_until([&] { return member_->broker_epoch() == 201; }));
  replay(201);
  ASSERT_TRUE(run_until([&] { return !member_->is_fenced(); }));
}

TEST_F(ClusterMemberTest, TellsOfDirectoriesWithEachHeartbeatFromTheNextOn) {
  serve();
  const auto before = two_.heartbeats.size();
  EXPECT_EQ(two_.heartbeats.back().cordoned_log_dirs, std::nullopt);
  member_->set_offline_directories({base::Uuid{3, 3}});
  member_->set_cordoned_directories({base::Uuid{4, 4}});
  simulation_.run_for(milliseconds(100));
  ASSERT_GT(two_.heartbeats.size(), before) << "at once";
  simulation_.run_for(seconds(10));
  ASSERT_GT(two_.heartbeats.size(), before + 3);
  EXPECT_THAT(two_.heartbeats.back().offline_log_dirs, ElementsAre(base::Uuid{3, 3}));
  EXPECT_THAT(*two_.heartbeats.back().cordoned_log_dirs, ElementsAre(base::Uuid{4, 4}));
}

TEST_F(ClusterMemberTest, TellsAtOnceThatItKnowsWhoLeadsInThePlaceOfOneThatStops) {
  serve();
  const auto stopping = [](bool is_fenced) {
    auto broker = std::make_shared<metadata::BrokerImage>();
    broker->in_controlled_shutdown = true;
    broker->fenced = is_fenced;
    return broker;
  };
  const auto heartbeats_after = [&](std::int64_t end, bool is_fenced) {
    const auto before = two_.heartbeats.size();
    auto image = std::make_shared<metadata::ClusterImage>();
    image->brokers[base::BrokerId(4)] = stopping(is_fenced);
    image->end_offset = base::Offset(end);
    member_->follow(image);
    simulation_.run_for(milliseconds(100));
    return two_.heartbeats.size() - before;
  };
  EXPECT_EQ(heartbeats_after(300, false), 1U);
  EXPECT_EQ(two_.heartbeats.back().current_metadata_offset, base::Offset(299));
  EXPECT_EQ(heartbeats_after(301, true), 0U) << "it has stopped";
}

TEST_F(ClusterMemberTest, HandsOverThenStopsAndSaysNoMore) {
  serve();
  const auto before = simulation_.elapsed();
  bool is_stopped = false;
  member_->stop([&] { is_stopped = true; });
  ASSERT_TRUE(run_until([&] { return is_stopped; }));
  EXPECT_EQ(two_.shutdown_requests, 3);
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(50));
  const auto said = two_.heartbeats.size();
  simulation_.run_for(seconds(30));
  EXPECT_EQ(two_.heartbeats.size(), said);
}

TEST_F(ClusterMemberTest, StopsThoughNobodyAnswers) {
  serve();
  two_host_.kill();
  const auto before = simulation_.elapsed();
  bool is_stopped = false;
  member_->stop([&] { is_stopped = true; });
  ASSERT_TRUE(run_until([&] { return is_stopped; }));
  EXPECT_LT(simulation_.elapsed() - before, seconds(3));
}

TEST_F(ClusterMemberTest, AStopThatItsControllerDoesNotSurviveGoesOnWithTheNext) {
  serve();
  two_.is_silent = true;
  bool is_stopped = false;
  member_->stop([&] { is_stopped = true; });
  simulation_.run_for(seconds(1));
  two_host_.kill();
  publish(3, 2, three_);
  ASSERT_TRUE(run_until([&] { return is_stopped; }));
  EXPECT_EQ(three_.shutdown_requests, 3);
}

TEST_F(ClusterMemberTest, NothingIsSaidOnceItIsGone) {
  serve();
  member_.reset();
  simulation_.run_for(milliseconds(10));
  const auto said = two_.heartbeats.size();
  simulation_.run_for(seconds(30));
  EXPECT_EQ(two_.heartbeats.size(), said);
}

}  // namespace
}  // namespace odradek::broker
