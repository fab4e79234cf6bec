// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/leadership_check.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "broker/cluster/fake_controller.h"
#include "env/sim/sim_world.h"
#include "wire/messages/metadata.h"

namespace odradek::broker {
namespace {

using base::LeaderEpoch;
using std::chrono::seconds;
using wire::MetadataRequest;
using wire::MetadataResponse;

// This broker is 2; 1 and 3 are asked.
class LeadershipCheckTest : public testing::Test {
 protected:
  LeadershipCheckTest() {
    metadata::ClusterImage image;
    for (const int id : {1, 2, 3}) {
      metadata::BrokerImage broker;
      broker.id = base::BrokerId(id);
      broker.fenced = false;
      broker.endpoints = {{"INTERNAL", id == 1 ? "one" : "three", FakeController::kPort, 0}};
      image.brokers[broker.id] = std::make_shared<const metadata::BrokerImage>(broker);
    }
    image_.publish(std::make_shared<const metadata::ClusterImage>(std::move(image)));
    teach(one_, asked_one_, epoch_one_);
    teach(three_, asked_three_, epoch_three_);
  }
  ~LeadershipCheckTest() override {
    for (auto* host : {&self_host_, &one_host_, &three_host_}) {
      if (host->is_running()) host->kill();
    }
  }

  void teach(FakeController& broker, int& asked, std::optional<int>& epoch) {
    broker.answer<MetadataRequest, MetadataResponse>(
        [this, &asked, &epoch](const MetadataRequest& request) -> std::optional<MetadataResponse> {
          ++asked;
          EXPECT_FALSE(request.allow_auto_topic_creation);
          EXPECT_EQ(request.topics->size(), 1U);
          if (!epoch) return {};
          MetadataResponse response;
          auto& topic = response.topics.emplace_back();
          topic.topic_id = topic_;
          for (const int index : {0, 1}) {
            auto& partition = topic.partitions.emplace_back();
            partition.partition_index = index;
            partition.leader_epoch = LeaderEpoch(index == 0 ? *epoch : 5);
            partition.leader_id = leader_;
          }
          return response;
        });
  }
  LeadershipCheck& check() {
    check_ = std::make_unique<LeadershipCheck>(
        self_host_.world(), image_, base::BrokerId(2), "INTERNAL", [this] { return led_; },
        [this](const LeadershipCheck::Led& gone) { gone_.push_back(gone); });
    return *check_;
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& self_host_ = simulation_.add_host("two");
  env::sim::SimHost& one_host_ = simulation_.add_host("one");
  env::sim::SimHost& three_host_ = simulation_.add_host("three");
  FakeController one_{one_host_};
  FakeController three_{three_host_};
  const base::TopicId topic_{base::Uuid::from_random(1, 2)};
  ImageHolder image_;
  LeadershipCheck::Led led_{{{topic_, 0}, LeaderEpoch(5)}, {{topic_, 1}, LeaderEpoch(5)}};
  std::vector<LeadershipCheck::Led> gone_;
  int asked_one_ = 0;
  int asked_three_ = 0;
  base::BrokerId leader_{2};
  std::optional<int> epoch_one_ = 5;
  std::optional<int> epoch_three_ = 5;
  std::unique_ptr<LeadershipCheck> check_;
};

TEST_F(LeadershipCheckTest, ALaterEpochElsewhereIsProofAndNothingElseIs) {
  check().set_reachable(false);
  ASSERT_TRUE(
      simulation_.run_until([&] { return asked_one_ > 1 && asked_three_ > 1; }, seconds(9)));
  epoch_one_ = 4;
  epoch_three_ = std::nullopt;  // no answer
  simulation_.run_for(seconds(6));
  epoch_three_ = 6;
  simulation_.run_for(seconds(6));
  EXPECT_TRUE(gone_.empty());
  leader_ = base::BrokerId(3);
  ASSERT_TRUE(simulation_.run_until([&] { return !gone_.empty(); }, seconds(9)));
  EXPECT_EQ(gone_.front(), (LeadershipCheck::Led{{{topic_, 0}, LeaderEpoch(5)}}));
}

TEST_F(LeadershipCheckTest, NobodyIsAskedWhileZooKeeperAnswersOrNothingIsLed) {
  check();
  simulation_.run_for(seconds(5));
  EXPECT_EQ(asked_one_ + asked_three_, 0);
  check_->set_reachable(false);
  ASSERT_TRUE(simulation_.run_until([&] { return asked_one_ > 0; }, seconds(9)));
  check_->set_reachable(true);
  simulation_.run_for(seconds(2));
  const int before = asked_one_ + asked_three_;
  simulation_.run_for(seconds(5));
  EXPECT_EQ(asked_one_ + asked_three_, before);
  led_.clear();
  check_->set_reachable(false);
  simulation_.run_for(seconds(5));
  EXPECT_EQ(asked_one_ + asked_three_, before);
}

}  // namespace
}  // namespace odradek::broker
