// SPDX-License-Identifier: Apache-2.0
#include "replica/follower/fetch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace odradek::replica::follower {
namespace {

using base::ErrorCode;
using base::Offset;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

using Key = FetchPlan::Key;

Key key(int topic, int partition) {
  return {base::Uuid{{static_cast<std::uint8_t>(topic)}}, partition};
}

FollowedPosition at(int end, int epoch = 3) {
  return {.leader_epoch = base::LeaderEpoch(epoch), .end = Offset(end)};
}

// "topic/partition@offset" of each that is asked for.
std::vector<std::string> asked(const wire::FetchRequest& request) {
  std::vector<std::string> texts;
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      texts.push_back(std::to_string(topic.topic_id.bytes[0]) + '/' +
                      std::to_string(partition.partition) + '@' +
                      std::to_string(partition.fetch_offset.value()));
    }
  }
  return texts;
}

std::vector<std::string> forgotten(const wire::FetchRequest& request) {
  std::vector<std::string> texts;
  for (const auto& topic : request.forgotten_topics_data) {
    for (const std::int32_t partition : topic.partitions) {
      texts.push_back(std::to_string(topic.topic_id.bytes[0]) + '/' + std::to_string(partition));
    }
  }
  return texts;
}

class FetchPlanTest : public ::testing::Test {
 protected:
  wire::FetchRequest next() { return plan_.next(now_); }
  bool answer(std::int32_t session, ErrorCode error = ErrorCode::kNone) {
    wire::FetchResponse response;
    response.session_id = session;
    response.error_code = error;
    return plan_.take(response);
  }
  void begin_session() {
    (void)next();
    EXPECT_TRUE(answer(77));
  }

  env::MonotonicTime now_{milliseconds(1000)};
  FetchPlan plan_{{.self = base::BrokerId(2), .broker_epoch = 9}};
};

TEST_F(FetchPlanTest, TheFirstRequestAsksForEverything) {
  plan_.follow(key(1, 0), at(10));
  plan_.follow(key(1, 1), at(20));
  plan_.follow(key(2, 0), at(30, 4));
  const auto request = next();
  EXPECT_THAT(asked(request), ElementsAre("1/0@10", "1/1@20", "2/0@30"));
  EXPECT_EQ(request.topics.size(), 2U);
  EXPECT_EQ(request.session_id, 0);
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_EQ(request.replica_state.replica_id, base::BrokerId(2));
  EXPECT_EQ(request.replica_state.replica_epoch, 9);
  EXPECT_EQ(request.topics[1].partitions[0].current_leader_epoch, base::LeaderEpoch(4));
}

TEST_F(FetchPlanTest, InASessionOnlyChangesAreSent) {
  plan_.follow(key(1, 0), at(10));
  plan_.follow(key(1, 1), at(20));
  begin_session();
  auto request = next();
  EXPECT_EQ(request.session_id, 77);
  EXPECT_EQ(request.session_epoch, 1);
  EXPECT_THAT(asked(request), IsEmpty());
  ASSERT_TRUE(answer(77));
  plan_.follow(key(1, 1), at(25));
  plan_.follow(key(1, 0), at(10));
  request = next();
  EXPECT_EQ(request.session_epoch, 2);
  EXPECT_THAT(asked(request), ElementsAre("1/1@25"));
}

TEST_F(FetchPlanTest, WhatIsNoLongerFollowedIsForgotten) {
  plan_.follow(key(1, 0), at(10));
  plan_.follow(key(1, 1), at(20));
  begin_session();
  plan_.forget(key(1, 0));
  plan_.forget(key(5, 5));
  auto request = next();
  EXPECT_THAT(asked(request), IsEmpty());
  EXPECT_THAT(forgotten(request), ElementsAre("1/0"));
  ASSERT_TRUE(answer(77));
  EXPECT_THAT(forgotten(next()), IsEmpty());
}

TEST_F(FetchPlanTest, ForgottenAndFollowedAgainIsAChange) {
  plan_.follow(key(1, 0), at(10));
  begin_session();
  plan_.forget(key(1, 0));
  plan_.follow(key(1, 0), at(10, 4));
  const auto request = next();
  EXPECT_THAT(asked(request), ElementsAre("1/0@10"));
  EXPECT_THAT(forgotten(request), IsEmpty());
}

TEST_F(FetchPlanTest, WhatBacksOffIsLeftOutUntilItsTime) {
  plan_.follow(key(1, 0), at(10));
  plan_.follow(key(1, 1), at(20));
  begin_session();
  plan_.back_off(key(1, 1), now_ + milliseconds(100));
  EXPECT_EQ(plan_.next_return(), now_ + milliseconds(100));
  EXPECT_THAT(forgotten(next()), ElementsAre("1/1"));
  ASSERT_TRUE(answer(77));
  now_ += milliseconds(99);
  EXPECT_THAT(asked(next()), IsEmpty());
  ASSERT_TRUE(answer(77));
  now_ += milliseconds(1);
  EXPECT_THAT(asked(next()), ElementsAre("1/1@20"));
  EXPECT_FALSE(plan_.next_return());
}

TEST_F(FetchPlanTest, TheLongerBackOffHolds) {
  plan_.follow(key(1, 0), at(10));
  plan_.back_off(key(1, 0), env::MonotonicTime::max());
  plan_.back_off(key(1, 0), now_ + milliseconds(1));
  EXPECT_EQ(plan_.next_return(), env::MonotonicTime::max());
  plan_.follow(key(1, 0), at(10));
  plan_.back_off(key(1, 0), now_ + milliseconds(1));
  EXPECT_EQ(plan_.next_return(), now_ + milliseconds(1)) << "another position ended the first one";
}

TEST_F(FetchPlanTest, WhereAllBackOffNobodyHasATurn) {
  EXPECT_FALSE(plan_.has_turn(now_));
  plan_.follow(key(1, 0), at(10));
  EXPECT_TRUE(plan_.has_turn(now_));
  plan_.back_off(key(1, 0), now_ + milliseconds(5));
  EXPECT_FALSE(plan_.has_turn(now_));
  EXPECT_TRUE(plan_.has_turn(now_ + milliseconds(5)));
  plan_.follow(key(1, 0), at(11));
  EXPECT_TRUE(plan_.has_turn(now_)) << "another position ends it";
}

TEST_F(FetchPlanTest, WithoutASessionEverythingIsAskedForEachTime) {
  plan_.follow(key(1, 0), at(10));
  (void)next();
  ASSERT_TRUE(answer(0));
  const auto request = next();
  EXPECT_THAT(asked(request), ElementsAre("1/0@10"));
  EXPECT_EQ(request.session_epoch, 0);
}

TEST_F(FetchPlanTest, ASessionThatIsGoneIsBegunAnew) {
  plan_.follow(key(1, 0), at(10));
  for (const ErrorCode error :
       {ErrorCode::kFetchSessionIdNotFound, ErrorCode::kInvalidFetchSessionEpoch}) {
    begin_session();
    (void)next();
    EXPECT_FALSE(answer(0, error));
    const auto request = next();
    EXPECT_THAT(asked(request), ElementsAre("1/0@10"));
    EXPECT_EQ(request.session_epoch, 0);
    EXPECT_EQ(request.session_id, error == ErrorCode::kFetchSessionIdNotFound ? 0 : 77);
    ASSERT_TRUE(answer(78));
    EXPECT_EQ(next().session_epoch, 1);
    plan_.failed();
  }
}

TEST_F(FetchPlanTest, AfterAFailureTheOldSessionIsReplaced) {
  plan_.follow(key(1, 0), at(10));
  begin_session();
  (void)next();
  plan_.failed();
  const auto request = next();
  EXPECT_EQ(request.session_id, 77);
  EXPECT_EQ(request.session_epoch, 0);
  EXPECT_THAT(asked(request), ElementsAre("1/0@10"));
}

// Random histories beside a leader that keeps its session as KIP-227 says: at every request it
// fetches exactly what the plan follows and does not leave out, from where it is.
TEST(FetchPlanModelTest, TheSessionIsWhatIsFollowed) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](unsigned bound) { return static_cast<int>(random() % bound); };
    FetchPlan plan({.self = base::BrokerId(2)});
    env::MonotonicTime now{milliseconds(1)};
    std::map<Key, int> followed;
    std::map<Key, env::MonotonicTime> left_out;
    std::map<Key, std::int64_t> session;
    std::int32_t session_id = 0;
    std::int32_t session_epoch = 0;
    std::int32_t last_id = 0;
    for (int step = 0; step < 300; ++step) {
      now += milliseconds(below(3));
      const Key one = key(1 + below(3), below(3));
      switch (below(5)) {
        case 0:
        case 1:
          followed[one] = below(50);
          left_out.erase(one);
          plan.follow(one, at(followed[one]));
          continue;
        case 2:
          followed.erase(one);
          left_out.erase(one);
          plan.forget(one);
          continue;
        case 3:
          if (followed.contains(one)) {
            const auto until = now + milliseconds(below(5));
            left_out[one] = std::max(left_out[one], until);
            plan.back_off(one, until);
          }
          plan.back_off(one, now);
          continue;
        default:
          break;
      }
      const auto request = plan.next(now);
      std::erase_if(left_out, [now](const auto& entry) { return entry.second <= now; });
      wire::FetchResponse response;
      const bool is_full = request.session_epoch == 0;
      if (!is_full && below(10) == 0) session_id = 0;  // it made room for another one
      if (is_full) {
        session.clear();
        session_id = below(4) == 0 ? 0 : ++last_id;
        session_epoch = 0;
      } else if (request.session_id != session_id) {
        response.error_code = ErrorCode::kFetchSessionIdNotFound;
        EXPECT_FALSE(plan.take(response));
        continue;
      }
      ASSERT_EQ(request.session_epoch, session_epoch);
      for (const auto& topic : request.topics) {
        for (const auto& partition : topic.partitions) {
          session[{topic.topic_id, partition.partition}] = partition.fetch_offset.value();
        }
      }
      for (const auto& topic : request.forgotten_topics_data) {
        for (const std::int32_t partition : topic.partitions) {
          session.erase({topic.topic_id, partition});
        }
      }
      std::map<Key, std::int64_t> wanted;
      for (const auto& [each, end] : followed) {
        if (!left_out.contains(each)) wanted[each] = end;
      }
      ASSERT_EQ(session, wanted) << "step " << step;
      ++session_epoch;
      if (below(8) == 0) {
        plan.failed();
        continue;
      }
      response.session_id = session_id;
      EXPECT_TRUE(plan.take(response));
    }
  }
}

}  // namespace
}  // namespace odradek::replica::follower
