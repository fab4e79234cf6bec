// SPDX-License-Identifier: Apache-2.0
#include "broker/request_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "env/sim/sim_world.h"

namespace odradek::broker {
namespace {

using testing::ElementsAre;

class RequestLineTest : public testing::Test {
 protected:
  // Work that ends when `number` is at or below `free_up_to_`.
  env::Task work(int number) {
    return [this, number] {
      begun_.push_back(number);
      std::mutex mutex;
      std::unique_lock lock(mutex);
      condition_->wait(lock, [&] { return number <= free_up_to_; });
    };
  }
  void run() { simulation_.run_for(std::chrono::seconds(1)); }
  void free_up_to(int number) {
    simulation_.after(std::chrono::milliseconds(1), [this, number] { free_up_to_ = number; });
    run();
  }

  env::sim::SimWorld simulation_{1};
  env::World& world_ = simulation_.add_host("one").world();
  std::unique_ptr<env::Condition> condition_ = world_.workers().make_condition();
  std::vector<int> begun_;
  int free_up_to_ = 0;
  std::shared_ptr<RequestLine> line_ = std::make_shared<RequestLine>(world_.loop(1));
  std::unique_ptr<env::WorkQueue> queue_ = world_.workers().make_queue("encode", 4);
};

TEST_F(RequestLineTest, OneAfterTheOtherInTheOrderOfAdding) {
  EXPECT_TRUE(line_->is_empty());
  for (int number : {1, 2, 3}) line_->add(*queue_, work(number));
  EXPECT_FALSE(line_->is_empty());
  run();
  EXPECT_THAT(begun_, ElementsAre(1)) << "there is room for four in the queue";
  free_up_to(1);
  EXPECT_THAT(begun_, ElementsAre(1, 2));
  free_up_to(3);
  EXPECT_THAT(begun_, ElementsAre(1, 2, 3));
  EXPECT_TRUE(line_->is_empty());
}

TEST_F(RequestLineTest, AnotherConnectionsLineGoesOnMeanwhile) {
  const auto other = std::make_shared<RequestLine>(world_.loop(0));
  line_->add(*queue_, work(9));
  other->add(*queue_, work(0));
  run();
  EXPECT_THAT(begun_, testing::UnorderedElementsAre(9, 0));
  EXPECT_TRUE(other->is_empty());
  free_up_to(9);
}

TEST_F(RequestLineTest, WhatHasNotBegunIsDropped) {
  for (int number : {1, 2}) line_->add(*queue_, work(number));
  run();
  line_->drop();
  free_up_to(2);
  EXPECT_THAT(begun_, ElementsAre(1));
  EXPECT_TRUE(line_->is_empty());
}

}  // namespace
}  // namespace odradek::broker
