// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/controller_channel.h"

#include <gtest/gtest.h>

#include <optional>

#include "broker/cluster/fake_controller.h"
#include "broker/cluster/fake_controller_calls.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using wire::BrokerHeartbeatRequest;
using wire::BrokerHeartbeatResponse;

constexpr base::BrokerId kSelf(1);

class ControllerChannelTest : public testing::Test {
 protected:
  ControllerChannelTest() {
    channel_.watch_over([this](const ControllerPlace& place) { refused_.push_back(place); });
    for (FakeController* controller : {&two_, &three_}) {
      controller->answer<BrokerHeartbeatRequest, BrokerHeartbeatResponse>(
          [this, controller](
              const BrokerHeartbeatRequest& request) -> std::optional<BrokerHeartbeatResponse> {
            if (is_silent_) return {};
            BrokerHeartbeatResponse response;
            response.throttle_time_ms =
                static_cast<std::int32_t>(request.current_metadata_offset.value()) +
                (controller == &two_ ? 200 : 300);
            return response;
          });
    }
  }
  ~ControllerChannelTest() override {
    for (auto* host : {&self_host_, &two_host_, &three_host_}) {
      if (host->is_running()) host->kill();
    }
  }

  void publish(std::int32_t broker, std::int32_t epoch, const FakeController& at) {
    active_.publish(
        ControllerPlace{base::BrokerId(broker), base::LeaderEpoch(epoch), at.address()});
  }
  void send(std::int64_t offset) {
    BrokerHeartbeatRequest request;
    request.current_metadata_offset = base::Offset(offset);
    channel_.heartbeat(request, [this](base::Result<BrokerHeartbeatResponse> response) {
      answer_ = std::move(response);
    });
  }
  // What is answered: the throttle time, or the error.
  base::Result<std::int32_t> wait() {
    EXPECT_TRUE(simulation_.run_until([this] { return answer_.has_value(); }, seconds(60)));
    auto answer = std::exchange(answer_, std::nullopt);
    if (!answer) return base::fail(ErrorCode::kUnknownServerError, "no answer");
    if (!*answer) return base::fail(std::move(*answer));
    return (*answer)->throttle_time_ms;
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& self_host_ = simulation_.add_host("self");
  env::sim::SimHost& two_host_ = simulation_.add_host("two");
  env::sim::SimHost& three_host_ = simulation_.add_host("three");
  FakeController two_{two_host_};
  FakeController three_{three_host_};
  bool is_silent_ = false;
  ActiveController active_;
  FakeControllerCalls local_;
  std::vector<ControllerPlace> refused_;
  std::optional<base::Result<BrokerHeartbeatResponse>> answer_;
  ControllerChannel channel_{self_host_.world(),
                             self_host_.world().loop(0),
                             kSelf,
                             active_,
                             local_,
                             {.heartbeat_timeout = seconds(9)}};
};

TEST_F(ControllerChannelTest, NobodyIsTheControllerBeforeAnElection) {
  send(1);
  EXPECT_EQ(wait().error().code, ErrorCode::kNotController);
  active_.publish(ControllerPlace{base::BrokerId(2), base::LeaderEpoch(1), std::nullopt});
  send(1);
  EXPECT_EQ(wait().error().code, ErrorCode::kNotController) << "elected, but nobody knows where";
}

TEST_F(ControllerChannelTest, AsksWhoeverIsTheControllerOverOneConnection) {
  publish(2, 1, two_);
  send(7);
  EXPECT_EQ(wait().value(), 207);
  send(8);
  EXPECT_EQ(wait().value(), 208);
  EXPECT_EQ(two_.connections(), 1);
  publish(3, 2, three_);
  send(9);
  EXPECT_EQ(wait().value(), 309);
}

TEST_F(ControllerChannelTest, IsAskedWithoutAConnectionWhereItIsThisBroker) {
  active_.publish(ControllerPlace{kSelf, base::LeaderEpoch(1), two_.address()});
  local_.heartbeat_answer = [](const BrokerHeartbeatRequest&) {
    BrokerHeartbeatResponse response;
    response.throttle_time_ms = 100;
    return response;
  };
  send(1);
  EXPECT_EQ(wait().value(), 100);
  simulation_.run_for(seconds(1));
  EXPECT_EQ(two_.connections(), 0);
}

TEST_F(ControllerChannelTest, AnElectionEndsTheWaitForAnOldController) {
  is_silent_ = true;
  publish(2, 1, two_);
  send(1);
  simulation_.run_for(seconds(1));
  ASSERT_FALSE(answer_);
  const auto before = simulation_.elapsed();
  publish(3, 2, three_);
  EXPECT_EQ(wait().error().code, ErrorCode::kNetworkException);
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(10));
}

TEST_F(ControllerChannelTest, ASilentControllerIsWaitedForNoLongerThanASession) {
  is_silent_ = true;
  publish(2, 1, two_);
  send(1);
  const auto before = simulation_.elapsed();
  EXPECT_EQ(wait().error().code, ErrorCode::kRequestTimedOut);
  EXPECT_LT(simulation_.elapsed() - before, seconds(9) + milliseconds(10));
}

TEST_F(ControllerChannelTest, AKilledControllerIsNoticedAtOnceWithoutARequest) {
  publish(2, 1, two_);
  simulation_.run_for(seconds(1));
  ASSERT_EQ(two_.connections(), 1) << "connected before anything is asked";
  two_host_.kill();
  const auto before = simulation_.elapsed();
  EXPECT_TRUE(simulation_.run_until([this] { return !refused_.empty(); }, seconds(5)));
  EXPECT_LT(simulation_.elapsed() - before, milliseconds(10));
  EXPECT_EQ(refused_.front(), *active_.load());
  simulation_.run_for(seconds(10));
  EXPECT_EQ(refused_.size(), 1U) << "said once; the next request tries again";
}

TEST_F(ControllerChannelTest, AClosedConnectionAloneIsMadeAnewAndAccusesNobody) {
  publish(2, 1, two_);
  simulation_.run_for(seconds(1));
  simulation_.network().reset_connections("self", "two");
  simulation_.run_for(seconds(1));
  EXPECT_EQ(two_.connections(), 2);
  EXPECT_TRUE(refused_.empty());
  send(1);
  EXPECT_EQ(wait().value(), 201);
}

}  // namespace
}  // namespace odradek::broker
