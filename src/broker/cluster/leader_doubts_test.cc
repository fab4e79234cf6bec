// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/leader_doubts.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>

#include "broker/cluster/fake_controller.h"

namespace odradek::broker {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::BrokerId kSelf(1);
constexpr base::BrokerId kLeader(2);
constexpr std::int64_t kEpoch = 7;

// A broker that clients ask, and a leader on another host; whether the metadata names it.
class LeaderDoubtsTest : public testing::Test {
 protected:
  LeaderDoubtsTest() {
    follow(false);
    simulation_.run_for(seconds(1));
  }
  ~LeaderDoubtsTest() override {
    for (auto* host : {&self_host_, &leader_host_}) {
      if (host->is_running()) host->kill();
    }
  }

  void follow(bool is_fenced) {
    metadata::ClusterImage image;
    metadata::BrokerImage broker;
    broker.id = kLeader;
    broker.epoch = kEpoch;
    broker.fenced = is_fenced;
    broker.endpoints = {{"INTERNAL", server_.address().host, server_.address().port, 0}};
    image.brokers[broker.id] = std::make_shared<const metadata::BrokerImage>(broker);
    doubts_.follow_brokers(image);
  }
  void settle() {
    is_settled_ = false;
    doubts_.settle(
        [this] {
          return is_leader_ ? LeaderDoubts::Leaders{{kLeader, kEpoch}} : LeaderDoubts::Leaders{};
        },
        [this] { is_settled_ = true; });
  }
  // How long it took.
  env::Duration wait() {
    const auto before = simulation_.elapsed();
    EXPECT_TRUE(simulation_.run_until([this] { return is_settled_; }, seconds(60)));
    return simulation_.elapsed() - before;
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& self_host_ = simulation_.add_host("self");
  env::sim::SimHost& leader_host_ = simulation_.add_host("leader");
  FakeController server_{leader_host_};
  LeaderDoubts doubts_{self_host_.world(), kSelf, "INTERNAL"};
  bool is_leader_ = true;
  bool is_settled_ = false;
};

TEST_F(LeaderDoubtsTest, ALeaderThatAnswersIsNamedAtOnce) {
  settle();
  EXPECT_LT(wait(), milliseconds(10));
  EXPECT_FALSE(doubts_.is_lost(kLeader, kEpoch));
}

TEST_F(LeaderDoubtsTest, AKilledOneIsWaitedForUntilAnotherIsDecided) {
  settle();
  wait();
  leader_host_.kill();
  settle();
  simulation_.run_for(milliseconds(200));
  EXPECT_FALSE(is_settled_);
  EXPECT_TRUE(doubts_.is_lost(kLeader, kEpoch));
  is_leader_ = false;
  doubts_.note_image();
  EXPECT_LT(wait(), milliseconds(10));
}

TEST_F(LeaderDoubtsTest, WhereNobodyDecidesTheWaitAndTheDoubtEnd) {
  leader_host_.kill();
  settle();
  const auto took = wait();
  EXPECT_GE(took, LeaderDoubts::kLongestWait);
  EXPECT_LT(took, LeaderDoubts::kLongestWait + milliseconds(10));
  EXPECT_TRUE(doubts_.is_lost(kLeader, kEpoch));
  EXPECT_FALSE(doubts_.is_lost(kLeader, kEpoch + 1)) << "it has registered anew";
  simulation_.run_for(LeaderDoubts::kLongestDoubt);
  EXPECT_FALSE(doubts_.is_lost(kLeader, kEpoch));
}

TEST_F(LeaderDoubtsTest, OneThatStandsStillIsWaitedForOnce) {
  settle();
  wait();
  leader_host_.pause();
  settle();
  EXPECT_GE(wait(), LeaderDoubts::kPatience);
  settle();
  EXPECT_LT(wait(), milliseconds(10));
  EXPECT_FALSE(doubts_.is_lost(kLeader, kEpoch));
}

TEST_F(LeaderDoubtsTest, ManyWhoAskShareTheQuestion) {
  settle();
  wait();
  const int before = server_.version_questions();
  constexpr int kClients = 500;
  constexpr int kRounds = 20;
  int answered = 0;
  std::function<void(int)> ask = [&](int left) {
    doubts_.settle([] { return LeaderDoubts::Leaders{{kLeader, kEpoch}}; },
                   [&, left] {
                     ++answered;
                     if (left > 1) ask(left - 1);
                   });
  };
  const auto begun = simulation_.elapsed();
  for (int i = 0; i < kClients; ++i) ask(kRounds);
  ASSERT_TRUE(simulation_.run_until([&] { return answered == kClients * kRounds; }, seconds(60)));
  const auto took_ms = (simulation_.elapsed() - begun) / milliseconds(1);
  EXPECT_LE(server_.version_questions() - before, took_ms + 2) << "one in a millisecond";
  EXPECT_LE(server_.version_questions() - before, kRounds + 1);
  EXPECT_LT(took_ms, kRounds * 10);
}

// A question is older than what happened after it was sent.
TEST_F(LeaderDoubtsTest, AnAnswerToAnEarlierQuestionIsNotEnough) {
  settle();
  wait();
  settle();
  simulation_.run_until([&] { return server_.version_questions() == 3; }, seconds(1));
  leader_host_.kill();
  bool is_told = false;
  doubts_.settle(
      [this] {
        return is_leader_ ? LeaderDoubts::Leaders{{kLeader, kEpoch}} : LeaderDoubts::Leaders{};
      },
      [&] { is_told = true; });
  simulation_.run_for(milliseconds(100));
  EXPECT_FALSE(is_told);
  EXPECT_TRUE(doubts_.is_lost(kLeader, kEpoch));
}

TEST_F(LeaderDoubtsTest, OneThatWasFencedIsRememberedForAMoment) {
  EXPECT_FALSE(doubts_.was_here_lately(kLeader));
  follow(true);
  EXPECT_TRUE(doubts_.was_here_lately(kLeader));
  simulation_.run_for(LeaderDoubts::kFarewell);
  EXPECT_FALSE(doubts_.was_here_lately(kLeader));
}

TEST_F(LeaderDoubtsTest, WhoWaitsAtTheEndIsCalled) {
  leader_host_.kill();
  settle();
  simulation_.run_for(milliseconds(10));
  ASSERT_FALSE(is_settled_);
  doubts_.end();
  EXPECT_LT(wait(), milliseconds(10));
  settle();
  EXPECT_LT(wait(), milliseconds(10));
}

}  // namespace
}  // namespace odradek::broker
