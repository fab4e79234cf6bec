// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Act = Membership::Act;
using State = Membership::State;

constexpr auto kInterval = milliseconds(2000);

class MembershipTest : public testing::Test {
 protected:
  MembershipTest() { member_.begin(now_); }

  Membership::Step next() { return member_.next(now_); }
  // What is done now, or when the time for it has come.
  Membership::Step next_due() {
    auto step = next();
    for (int i = 0; i < 3 && step.act == Act::kWait && step.until; ++i) {
      now_ = *step.until;
      step = next();
    }
    return step;
  }
  void accept(std::int64_t epoch) {
    ASSERT_EQ(next_due().act, Act::kRegister);
    wire::BrokerRegistrationResponse response;
    response.broker_epoch = epoch;
    member_.on_registration(response, now_);
  }
  void answer(bool is_fenced, bool should_shut_down = false) {
    wire::BrokerHeartbeatResponse response;
    response.is_fenced = is_fenced;
    response.should_shut_down = should_shut_down;
    member_.on_heartbeat(response, now_);
  }
  void fail_heartbeat(ErrorCode code) {
    member_.on_heartbeat(base::fail(code, "as the test has it"), now_);
  }
  void serve() {
    accept(10);
    member_.on_caught_up(10, now_);
    ASSERT_EQ(next().act, Act::kHeartbeat);
    answer(false);
    ASSERT_EQ(member_.state(), State::kReady);
  }

  env::MonotonicTime now_{std::chrono::hours(1)};
  Membership member_{MembershipOptions{.heartbeat_interval = kInterval}};
};

TEST_F(MembershipTest, RegistersThenReportsFencedUntilItHasCaughtUp) {
  accept(10);
  EXPECT_EQ(member_.broker_epoch(), 10);
  auto beat = next();
  EXPECT_EQ(beat.act, Act::kHeartbeat) << "at once";
  EXPECT_TRUE(beat.wants_fence);
  EXPECT_EQ(next().act, Act::kWait) << "one at a time";
  answer(true);
  EXPECT_EQ(*next().until, now_ + kInterval);
  member_.on_caught_up(10, now_);
  beat = next();
  EXPECT_EQ(beat.act, Act::kHeartbeat) << "without waiting for the interval";
  EXPECT_FALSE(beat.wants_fence);
  EXPECT_TRUE(member_.is_fenced());
  answer(false);
  EXPECT_FALSE(member_.is_fenced());
  EXPECT_EQ(*next().until, now_ + kInterval);
}

TEST_F(MembershipTest, CatchingUpBeforeTheAnswerCountsToo) {
  ASSERT_EQ(next().act, Act::kRegister);
  member_.on_caught_up(10, now_);
  wire::BrokerRegistrationResponse response;
  response.broker_epoch = 10;
  member_.on_registration(response, now_);
  EXPECT_FALSE(next().wants_fence);
}

TEST_F(MembershipTest, CatchingUpDuringAHeartbeatIsReportedRightAfterIt) {
  accept(10);
  ASSERT_TRUE(next().wants_fence);
  member_.on_caught_up(10, now_);
  answer(true);
  const auto beat = next();
  EXPECT_EQ(beat.act, Act::kHeartbeat);
  EXPECT_FALSE(beat.wants_fence);
}

TEST_F(MembershipTest, AnEpochOfAnEarlierRegistrationIsNotCaughtUp) {
  accept(10);
  member_.on_caught_up(4, now_);
  EXPECT_TRUE(next().wants_fence);
}

TEST_F(MembershipTest, RegistersUntilTheTimeIsOverThenSaysWhichKeyBoundsIt) {
  const auto begin = now_;
  int attempts = 0;
  for (auto step = next_due(); step.act == Act::kRegister; step = next_due()) {
    ++attempts;
    member_.on_registration(base::fail(ErrorCode::kNotController, "nobody is"), now_);
  }
  EXPECT_EQ(member_.state(), State::kRefused);
  EXPECT_EQ(now_ - begin, seconds(60));
  EXPECT_GT(attempts, 30);
  EXPECT_LT(attempts, 45);
  EXPECT_EQ(member_.error().code, ErrorCode::kNotController);
  EXPECT_THAT(member_.error().message, HasSubstr("initial.broker.registration.timeout.ms"));
  EXPECT_THAT(member_.error().message, HasSubstr("nobody is"));
}

TEST_F(MembershipTest, ABrokerOfAnotherClusterIsRefusedAtOnce) {
  ASSERT_EQ(next().act, Act::kRegister);
  wire::BrokerRegistrationResponse response;
  response.error_code = ErrorCode::kInconsistentClusterId;
  member_.on_registration(response, now_);
  EXPECT_EQ(member_.state(), State::kRefused);
  EXPECT_EQ(next().until, std::nullopt);
}

// An answer to a registration has no room for a sentence.
TEST_F(MembershipTest, ARefusalIsNamedAndACopiedDirectoryHintedAt) {
  ASSERT_EQ(next().act, Act::kRegister);
  wire::BrokerRegistrationResponse response;
  response.error_code = ErrorCode::kInvalidRegistration;
  member_.on_registration(response, now_);
  EXPECT_EQ(member_.state(), State::kRefused);
  EXPECT_THAT(member_.error().message, HasSubstr("INVALID_REGISTRATION"));
  EXPECT_THAT(member_.error().message, HasSubstr("a copy of another broker's"));
}

TEST_F(MembershipTest, AnotherProcessWithItsIdMayEndInTime) {
  ASSERT_EQ(next().act, Act::kRegister);
  wire::BrokerRegistrationResponse response;
  response.error_code = ErrorCode::kDuplicateBrokerRegistration;
  member_.on_registration(response, now_);
  accept(11);
  EXPECT_EQ(member_.state(), State::kRegistered);
}

TEST_F(MembershipTest, OnceAcceptedItWaitsForAControllerForEver) {
  serve();
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(next_due().act, Act::kHeartbeat);
    fail_heartbeat(ErrorCode::kNetworkException);
  }
  EXPECT_EQ(member_.state(), State::kReady);
  EXPECT_EQ(*next().until, now_ + kInterval) << "the pause grows to the interval, not beyond";
}

TEST_F(MembershipTest, AnotherControllerIsAskedAtOnce) {
  serve();
  ASSERT_EQ(next_due().act, Act::kHeartbeat);
  member_.hurry(now_);
  fail_heartbeat(ErrorCode::kNetworkException);
  EXPECT_EQ(next().act, Act::kHeartbeat);
  answer(false);
  member_.hurry(now_);
  EXPECT_EQ(next().act, Act::kHeartbeat);
}

TEST_F(MembershipTest, RegistersAnewWhenItsEpochIsOver) {
  serve();
  ASSERT_EQ(next_due().act, Act::kHeartbeat);
  fail_heartbeat(ErrorCode::kStaleBrokerEpoch);
  EXPECT_TRUE(member_.is_fenced());
  accept(20);
  EXPECT_TRUE(next().wants_fence) << "the new epoch is not caught up with";
}

TEST_F(MembershipTest, RegistersAnewWhenItsSessionIsOver) {
  serve();
  ASSERT_EQ(next_due().act, Act::kHeartbeat);
  member_.register_anew(now_);
  EXPECT_EQ(next().act, Act::kWait) << "the answer is out";
  answer(false);
  EXPECT_TRUE(member_.is_fenced()) << "what was said in the old session counts no more";
  accept(10);
  EXPECT_EQ(member_.state(), State::kReady) << "the same epoch, as the controller has kept it";
  EXPECT_FALSE(next().wants_fence);
}

TEST_F(MembershipTest, ARegistrationOfAnEndedSessionIsMadeOnceMore) {
  ASSERT_EQ(next().act, Act::kRegister);
  member_.register_anew(now_);
  wire::BrokerRegistrationResponse response;
  response.broker_epoch = 10;
  member_.on_registration(response, now_);
  accept(12);
  EXPECT_EQ(member_.broker_epoch(), 12);
}

TEST_F(MembershipTest, HandsOverBeforeItStops) {
  serve();
  member_.stop(now_);
  auto beat = next();
  EXPECT_EQ(beat.act, Act::kHeartbeat);
  EXPECT_TRUE(beat.wants_shut_down);
  EXPECT_FALSE(beat.wants_fence);
  answer(false, false);
  EXPECT_EQ(*next().until, now_ + milliseconds(10)) << "clients wait for it";
  ASSERT_TRUE(next_due().wants_shut_down);
  answer(true, true);
  EXPECT_EQ(member_.state(), State::kStopped);
  EXPECT_EQ(member_.left_because(), "");
}

TEST_F(MembershipTest, AHeartbeatUnderWayDoesNotHoldUpTheEnd) {
  serve();
  ASSERT_FALSE(next_due().wants_shut_down);
  member_.stop(now_);
  answer(false);
  EXPECT_TRUE(next().wants_shut_down);
}

TEST_F(MembershipTest, StopsWithoutAControllerAfterSoManyAttempts) {
  serve();
  member_.stop(now_);
  const auto begin = now_;
  int attempts = 0;
  for (auto step = next_due(); step.act == Act::kHeartbeat; step = next_due()) {
    ++attempts;
    fail_heartbeat(ErrorCode::kNetworkException);
  }
  EXPECT_EQ(member_.state(), State::kStopped);
  EXPECT_EQ(attempts, 4) << "controlled.shutdown.max.retries=3";
  EXPECT_EQ(now_ - begin, seconds(15)) << "controlled.shutdown.retry.backoff.ms=5000";
}

TEST_F(MembershipTest, WhoIsJustElectedIsAskedAgainSoonWhileItStops) {
  serve();
  member_.stop(now_);
  const auto begin = now_;
  ASSERT_TRUE(next().wants_shut_down);
  fail_heartbeat(ErrorCode::kNotController);
  ASSERT_TRUE(next_due().wants_shut_down);
  EXPECT_EQ(now_ - begin, milliseconds(50));
  // Nobody is, after all.
  for (; member_.state() != Membership::State::kStopped; next_due()) {
    fail_heartbeat(ErrorCode::kNotController);
  }
  EXPECT_EQ(now_ - begin, seconds(15)) << "as long as without an answer";
}

TEST_F(MembershipTest, StopsAtOnceWhereItHasNothingToHandOver) {
  member_.stop(now_);
  EXPECT_EQ(member_.state(), State::kStopped);
  Membership keeps(MembershipOptions{.hands_over = false});
  keeps.begin(now_);
  keeps.stop(now_);
  EXPECT_EQ(keeps.state(), State::kStopped);
}

TEST_F(MembershipTest, StopsWhereTheControllerIsSilent) {
  serve();
  member_.stop(now_);
  ASSERT_TRUE(next().wants_shut_down);
  answer(false);
  const auto begin = now_;
  ASSERT_TRUE(next_due().wants_shut_down);
  EXPECT_EQ(next_due().act, Act::kWait);
  EXPECT_EQ(member_.state(), State::kStopped);
  EXPECT_EQ(now_ - begin, seconds(10)) << "after the last answer";
  EXPECT_THAT(member_.left_because(), HasSubstr("has not answered within 10 s"));
}

TEST_F(MembershipTest, GivesUpHandingOverWhereThatCannotSucceed) {
  serve();
  member_.give_up("as the test has it");
  EXPECT_EQ(member_.state(), State::kReady) << "it hands nothing over";
  member_.stop(now_);
  ASSERT_TRUE(next().wants_shut_down);
  member_.give_up("as the test has it");
  EXPECT_EQ(member_.state(), State::kStopped);
  EXPECT_EQ(member_.left_because(), "as the test has it");
}

TEST_F(MembershipTest, StopsWhenItsEpochEndsMeanwhile) {
  serve();
  member_.stop(now_);
  ASSERT_TRUE(next().wants_shut_down);
  fail_heartbeat(ErrorCode::kStaleBrokerEpoch);
  EXPECT_EQ(member_.state(), State::kStopped);
}

}  // namespace
}  // namespace odradek::broker
