// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/broker_watch.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "env/sim/sim_world.h"

namespace odradek::broker {
namespace {

using std::chrono::seconds;

// A controller on one host, a broker's listener on another, in a simulated world.
class BrokerWatchTest : public testing::Test {
 protected:
  BrokerWatchTest()
      : controller_(simulation_.add_host("controller")), broker_(simulation_.add_host("broker")) {
    watch_ = std::make_unique<BrokerWatch>(
        controller_.world(), base::BrokerId(1), "INTERNAL",
        [this](base::BrokerId id, std::int64_t epoch) { gone_.emplace_back(id.value(), epoch); },
        [this](base::BrokerId, std::int64_t, bool is_lost) { losses_.push_back(is_lost); });
  }
  ~BrokerWatchTest() override { watch_.reset(); }

  void listen() {
    auto listener = broker_.world().network().listen(
        {"broker", 9093}, {}, broker_.world().loop(0),
        [this]() -> env::Executor& { return broker_.world().loop(0); },
        [this](std::unique_ptr<env::Stream> stream) { accepted_.push_back(std::move(stream)); });
    ASSERT_TRUE(listener.has_value());
    listener_ = std::move(*listener);
  }
  void follow(std::int64_t epoch, bool is_fenced) {
    metadata::ClusterImage image;
    metadata::BrokerImage broker;
    broker.id = base::BrokerId(2);
    broker.epoch = epoch;
    broker.fenced = is_fenced;
    broker.endpoints = {{"INTERNAL", "broker", 9093, 0}};
    image.brokers[broker.id] = std::make_shared<const metadata::BrokerImage>(broker);
    watch_->follow(image);
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& controller_;
  env::sim::SimHost& broker_;
  std::unique_ptr<env::Listener> listener_;
  std::vector<std::unique_ptr<env::Stream>> accepted_;
  std::vector<std::pair<int, std::int64_t>> gone_;
  std::vector<bool> losses_;
  std::unique_ptr<BrokerWatch> watch_;
};

TEST_F(BrokerWatchTest, OnlyARefusedConnectionMeansThatItIsGone) {
  listen();
  follow(7, false);
  ASSERT_TRUE(simulation_.run_until([&] { return accepted_.size() == 1; }, seconds(5)));
  // The broker closes the connection, and takes the next one.
  accepted_[0]->close();
  ASSERT_TRUE(simulation_.run_until([&] { return accepted_.size() == 2; }, seconds(5)));
  EXPECT_TRUE(gone_.empty());
  ASSERT_TRUE(simulation_.run_until([&] { return losses_.size() == 3; }, seconds(5)));
  EXPECT_EQ(losses_, (std::vector<bool>{false, true, false}));
  // It ends: nobody listens any more.
  listener_.reset();
  accepted_[1]->close();
  ASSERT_TRUE(simulation_.run_until([&] { return !gone_.empty(); }, seconds(5)));
  EXPECT_EQ(gone_.front(), (std::pair<int, std::int64_t>{2, 7}));
  EXPECT_TRUE(losses_.back());
}

TEST_F(BrokerWatchTest, AListenerThatClosesWhatItTakesIsNotAskedWithoutAPause) {
  std::size_t taken = 0;
  auto listener = broker_.world().network().listen(
      {"broker", 9093}, {}, broker_.world().loop(0),
      [this]() -> env::Executor& { return broker_.world().loop(0); },
      [&taken](const std::unique_ptr<env::Stream>& stream) {
        ++taken;
        stream->close();
      });
  ASSERT_TRUE(listener.has_value());
  follow(7, false);
  simulation_.run_for(seconds(10));
  EXPECT_GE(taken, 10U);
  EXPECT_LE(taken, 30U);
  // It is watched all the same.
  (*listener).reset();
  ASSERT_TRUE(simulation_.run_until([&] { return !gone_.empty(); }, seconds(5)));
}

TEST_F(BrokerWatchTest, AFencedBrokerIsLeftAlone) {
  follow(7, true);
  simulation_.run_for(seconds(3));
  EXPECT_TRUE(gone_.empty());
  follow(8, false);
  ASSERT_TRUE(simulation_.run_until([&] { return !gone_.empty(); }, seconds(5)));
  EXPECT_EQ(gone_.front().second, 8);
  follow(8, true);
  simulation_.run_for(seconds(1));
  gone_.clear();
  simulation_.run_for(seconds(3));
  EXPECT_TRUE(gone_.empty());
}

}  // namespace
}  // namespace odradek::broker
