// SPDX-License-Identifier: Apache-2.0
#include "log/housekeeping/housekeeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "env/linux/linux_world.h"
#include "env/sim/sim_world.h"

namespace odradek::log::housekeeping {
namespace {

using namespace std::chrono_literals;

class HousekeeperTest : public testing::Test {
 protected:
  // Waits while held, in the middle of a round, so that others can be looked at meanwhile.
  Housekeeper::Work counting() {
    return [this](const Round&) {
      ++rounds_;
      if (++running_ > 1) overlapped_ = true;
      std::mutex mutex;
      std::unique_lock lock(mutex);
      condition_->wait(lock, [this] { return !is_held_; });
      --running_;
    };
  }
  // By an event: after each, the simulation looks at who waits.
  void let_go() {
    simulation_.after(1ms, [this] { is_held_ = false; });
    simulation_.run_for(2ms);
  }
  bool reaches(int rounds, env::Duration at_most) {
    return simulation_.run_until([&] { return rounds_ == rounds; }, at_most);
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  std::unique_ptr<env::Condition> condition_ = host_.world().workers().make_condition();
  int rounds_ = 0;
  int running_ = 0;
  bool overlapped_ = false;
  bool is_held_ = false;
  Housekeeper housekeeper_{host_.world()};
};

TEST_F(HousekeeperTest, RoundsComeAfterTheFirstDelayAndThenEachInterval) {
  housekeeper_.add({.name = "check", .interval = 10s, .first_delay = 30s}, counting());
  simulation_.run_for(29s);
  EXPECT_EQ(rounds_, 0);
  simulation_.run_for(2s);
  EXPECT_EQ(rounds_, 1);
  simulation_.run_for(100s);
  EXPECT_EQ(rounds_, 11);
}

TEST_F(HousekeeperTest, ARoundThatTakesLongIsFollowedAtOnceAndNeverOverlapsItself) {
  housekeeper_.add({.name = "check", .interval = 10s, .first_delay = 10s}, counting());
  is_held_ = true;
  simulation_.run_for(65s);
  EXPECT_EQ(rounds_, 1);
  let_go();
  EXPECT_TRUE(reaches(2, 1s));
  simulation_.run_for(9s);
  EXPECT_EQ(rounds_, 2) << "the rounds that were missed are not made up for";
  EXPECT_FALSE(overlapped_);
}

TEST_F(HousekeeperTest, ALongRoundDelaysNoOtherTask) {
  housekeeper_.add({.name = "long", .interval = 10s, .first_delay = 0s}, counting());
  int others = 0;
  housekeeper_.add({.name = "other", .interval = 10s, .first_delay = 0s},
                   [&](const Round&) { ++others; });
  is_held_ = true;
  simulation_.run_for(35s);
  EXPECT_EQ(rounds_, 1);
  EXPECT_EQ(others, 4);
  let_go();
}

TEST_F(HousekeeperTest, AnotherIntervalCountsFromTheLastBeginning) {
  housekeeper_.add({.name = "check", .interval = 300s, .first_delay = 0s}, counting());
  ASSERT_TRUE(reaches(1, 1s));
  simulation_.run_for(20s);
  housekeeper_.set_interval("check", 30s);
  simulation_.run_for(8s);
  EXPECT_EQ(rounds_, 1);
  simulation_.run_for(4s);
  EXPECT_EQ(rounds_, 2);
  housekeeper_.set_interval("check", 0s);
  simulation_.run_for(1h);
  EXPECT_EQ(rounds_, 2) << "off";
  housekeeper_.set_interval("check", 5s);
  simulation_.run_for(6s);
  EXPECT_EQ(rounds_, 3);
  housekeeper_.set_interval("check", env::Duration::max());
  simulation_.run_for(1h);
  EXPECT_EQ(rounds_, 3);
}

TEST_F(HousekeeperTest, ARoundComesSoonWhereItIsAskedFor) {
  housekeeper_.add({.name = "check", .interval = 300s, .first_delay = 300s}, counting());
  housekeeper_.run_soon("check");
  housekeeper_.run_soon("check");
  EXPECT_TRUE(reaches(1, 1s));
  simulation_.run_for(1s);
  EXPECT_EQ(rounds_, 1);
  is_held_ = true;
  housekeeper_.run_soon("check");
  ASSERT_TRUE(reaches(2, 1s));
  housekeeper_.run_soon("check");
  housekeeper_.run_soon("check");
  simulation_.run_for(1s);
  let_go();
  EXPECT_TRUE(reaches(3, 1s)) << "once more after the one that ran";
  simulation_.run_for(100s);
  EXPECT_EQ(rounds_, 3);
  EXPECT_FALSE(overlapped_);
}

TEST_F(HousekeeperTest, RunsAllOfANameOnTheCallersThread) {
  housekeeper_.add({.name = "check", .interval = 300s, .first_delay = 300s}, counting());
  housekeeper_.add({.name = "check", .interval = 300s, .first_delay = 300s}, counting());
  housekeeper_.add({.name = "other", .interval = 300s, .first_delay = 300s}, counting());
  housekeeper_.run_now("check");
  EXPECT_EQ(rounds_, 2);
}

TEST_F(HousekeeperTest, RunNowWaitsForTheRoundThatRuns) {
  housekeeper_.add({.name = "check", .interval = 300s, .first_delay = 0s}, counting());
  is_held_ = true;
  ASSERT_TRUE(reaches(1, 1s));
  simulation_.after(10s, [this] { is_held_ = false; });
  housekeeper_.run_now("check");
  EXPECT_EQ(rounds_, 2);
  EXPECT_GE(simulation_.elapsed(), 10s);
  EXPECT_FALSE(overlapped_);
}

TEST_F(HousekeeperTest, StopWaitsForWhatRunsAndNothingBeginsAfterIt) {
  bool was_told = false;
  housekeeper_.add({.name = "long", .interval = 1s, .first_delay = 0s}, [&](const Round& round) {
    ++rounds_;
    std::mutex mutex;
    std::unique_lock lock(mutex);
    condition_->wait(lock, [&] { return round.should_stop(); });
    was_told = true;
  });
  ASSERT_TRUE(reaches(1, 1s));
  housekeeper_.run_soon("long");
  simulation_.after(1ms, [] {});  // an event, after which the round looks at the token
  housekeeper_.stop();
  EXPECT_TRUE(was_told);
  housekeeper_.run_soon("long");
  housekeeper_.run_now("long");
  housekeeper_.set_interval("long", 2s);
  simulation_.run_for(10s);
  EXPECT_EQ(rounds_, 1);
}

TEST_F(HousekeeperTest, ATimerThatOutlivesItDoesNothing) {
  auto short_lived = std::make_unique<Housekeeper>(host_.world());
  short_lived->add({.name = "check", .interval = 1s, .first_delay = 1s}, counting());
  short_lived.reset();
  simulation_.run_for(5s);
  EXPECT_EQ(rounds_, 0);
}

TEST(HousekeeperThreadsTest, EveryCallAtOnce) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 4});
  std::thread loop([&] { world.run(); });
  std::atomic<int> rounds = 0;
  std::atomic<int> running = 0;
  std::atomic<bool> overlapped = false;
  {
    Housekeeper housekeeper(world);
    housekeeper.add({.name = "check", .interval = 1ms, .first_delay = 0ms}, [&](const Round&) {
      if (++running > 1) overlapped = true;
      ++rounds;
      --running;
    });
    std::thread asker([&] {
      while (rounds < 200) housekeeper.run_soon("check");
    });
    std::thread changer([&] {
      for (int i = 0; rounds < 200; ++i) housekeeper.set_interval("check", i % 2 == 0 ? 1ms : 2ms);
    });
    while (rounds < 200) housekeeper.run_now("check");
    asker.join();
    changer.join();
  }
  const int at_end = rounds;
  EXPECT_GE(at_end, 200);
  EXPECT_FALSE(overlapped);
  world.stop();
  loop.join();
  EXPECT_EQ(rounds, at_end);
}

}  // namespace
}  // namespace odradek::log::housekeeping
