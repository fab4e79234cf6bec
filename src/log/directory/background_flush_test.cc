// SPDX-License-Identifier: Apache-2.0
#include "log/directory/background_flush.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "env/sim/sim_world.h"
#include "log/directory/fake_log.h"
#include "log/directory/log_directory.h"

namespace odradek::log::directory {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class BackgroundFlushTest : public testing::Test {
 protected:
  BackgroundFlushTest()
      : directory_(LogDirectory::open(host_.world(), "/data").value()),
        first_(*directory_, nullptr, "first"),
        second_(*directory_, nullptr, "second"),
        third_(*directory_, nullptr, "third") {}

  void arm(env::Duration delay) {
    ++timers_;
    host_.world().loop(0).run_after(delay, [this] {
      --timers_;
      background_.on_timer();
    });
  }

  env::sim::SimWorld simulation_{1};
  env::sim::SimHost& host_ = simulation_.add_host("one");
  std::unique_ptr<LogDirectory> directory_;
  FakeLog first_;
  FakeLog second_;
  FakeLog third_;
  std::vector<std::string> requested_;
  int timers_ = 0;
  BackgroundFlush background_{host_.world().clock(),
                              [this](Log& log) { requested_.push_back(log.name().topic); },
                              [this](env::Duration delay) { arm(delay); }};
};

TEST_F(BackgroundFlushTest, ALogIsFlushedWhenItsTimeIsOver) {
  background_.flush_within(first_, seconds(2));
  background_.flush_within(first_, seconds(5));
  EXPECT_EQ(timers_, 1) << "the earlier time counts";
  simulation_.run_for(milliseconds(1990));
  EXPECT_THAT(requested_, IsEmpty());
  simulation_.run_for(milliseconds(20));
  EXPECT_THAT(requested_, ElementsAre("first"));
  EXPECT_EQ(timers_, 0) << "nothing is dirty, nothing wakes";
}

TEST_F(BackgroundFlushTest, AnEarlierTimeTakesThePlaceOfALaterOne) {
  background_.flush_within(first_, seconds(2));
  background_.flush_within(first_, milliseconds(100));
  simulation_.run_for(milliseconds(110));
  EXPECT_THAT(requested_, ElementsAre("first"));
  simulation_.run_for(seconds(3));
  EXPECT_THAT(requested_, ElementsAre("first")) << "once";
}

TEST_F(BackgroundFlushTest, WhoseTimeIsHalfOverGoesAlong) {
  background_.flush_within(first_, seconds(2));
  simulation_.run_for(milliseconds(500));
  background_.flush_within(second_, seconds(2));
  simulation_.run_for(milliseconds(1000));
  background_.flush_within(third_, seconds(2));
  simulation_.run_for(milliseconds(510));
  EXPECT_THAT(requested_, ElementsAre("first", "second"));
  simulation_.run_for(milliseconds(1500));
  EXPECT_THAT(requested_, ElementsAre("first", "second", "third"));
}

TEST_F(BackgroundFlushTest, TimersDoNotPileUp) {
  background_.flush_within(first_, seconds(2));
  for (int i = 0; i < 100; ++i) {
    background_.flush_within(second_, milliseconds(10));
    simulation_.run_for(milliseconds(11));
    EXPECT_LE(timers_, 2);
  }
  EXPECT_EQ(std::ranges::count(requested_, "second"), 100);
}

TEST_F(BackgroundFlushTest, AllAtOnceInTheOrderOfTheirTimes) {
  background_.flush_within(first_, seconds(3));
  background_.flush_within(second_, seconds(2));
  background_.flush_within(third_, std::chrono::hours(24) * 365 * 290);
  background_.flush_all();
  EXPECT_THAT(requested_, ElementsAre("second", "first", "third"));
}

TEST_F(BackgroundFlushTest, AForgottenLogIsNotAskedFor) {
  background_.flush_within(first_, seconds(1));
  background_.flush_within(second_, seconds(2));
  background_.forget(first_);
  background_.forget(third_);
  simulation_.run_for(seconds(3));
  EXPECT_THAT(requested_, ElementsAre("second"));
}

}  // namespace
}  // namespace odradek::log::directory
