// SPDX-License-Identifier: Apache-2.0
#include "replica/leader/in_sync_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace odradek::replica::leader {
namespace {

using base::BrokerId;
using base::Offset;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<BrokerId> brokers(std::initializer_list<int> numbers) {
  std::vector<BrokerId> ids;
  for (const int number : numbers) ids.emplace_back(number);
  return ids;
}

std::vector<int> members(const InSyncProposal& proposal) {
  std::vector<int> numbers;
  for (const auto& member : proposal.in_sync) numbers.push_back(member.broker.value());
  return numbers;
}

// Broker 1 leads three replicas from offset 100 on.
class InSyncSetTest : public ::testing::Test {
 protected:
  void begin(std::initializer_list<int> in_sync) {
    set_.begin({.replicas = brokers({1, 2, 3}), .in_sync = brokers(in_sync), .partition_epoch = 7},
               Offset(100), now_);
  }
  void fetch(int follower, int end, std::int64_t broker_epoch = 5) {
    EXPECT_TRUE(set_.fetched({BrokerId(follower), broker_epoch, Offset(end)}, end_, now_));
  }
  std::optional<Offset> committed() const { return set_.committed_end(end_, end_, now_); }
  std::optional<InSyncProposal> propose() { return set_.propose(end_, high_watermark_, now_); }
  // At offset 100, and its log begins at `log_start`.
  void fetch_from(int follower, int log_start) {
    EXPECT_TRUE(set_.fetched({.follower = BrokerId(follower),
                              .broker_epoch = 5,
                              .end = Offset(100),
                              .log_start = Offset(log_start)},
                             end_, now_));
  }
  void grant(std::initializer_list<int> in_sync) {
    set_.update({.replicas = set_.replicas(),
                 .in_sync = brokers(in_sync),
                 .partition_epoch = set_.partition_epoch() + 1},
                now_);
  }

  std::set<int> fenced_;
  InSyncSet set_{BrokerId(1), [this](BrokerId broker, std::int64_t epoch) {
                   return !fenced_.contains(broker.value()) && (epoch == 5 || epoch == -1);
                 }};
  Offset end_{100};
  Offset high_watermark_{100};
  env::MonotonicTime now_{seconds(1000)};
};

TEST_F(InSyncSetTest, NothingIsCommittedBeforeEveryMemberHasAskedForSomething) {
  begin({1, 2, 3});
  EXPECT_FALSE(committed());
  fetch(2, 100);
  EXPECT_FALSE(committed());
  fetch(3, 90);
  EXPECT_EQ(committed(), Offset(90));
  end_ = Offset(120);
  fetch(3, 120);
  fetch(2, 110);
  EXPECT_EQ(committed(), Offset(110));
}

TEST_F(InSyncSetTest, WhatTheLeaderHasNotFlushedIsNotCommitted) {
  begin({1, 2, 3});
  end_ = Offset(120);
  fetch(2, 120);
  fetch(3, 120);
  EXPECT_EQ(set_.committed_end(Offset(105), end_, now_), Offset(105));
}

TEST_F(InSyncSetTest, AReplicaOutOfTheSetThatHasCaughtUpIsWaitedFor) {
  begin({1, 2});
  fetch(2, 100);
  EXPECT_EQ(committed(), Offset(100));
  fetch(3, 100);
  end_ = Offset(120);
  fetch(2, 120);
  EXPECT_EQ(committed(), Offset(100)) << "it may be in the set before it asks again";
  fenced_.insert(3);
  EXPECT_EQ(committed(), Offset(120)) << "nobody would let it in";
}

TEST_F(InSyncSetTest, AFollowerThatLagsTooLongLeaves) {
  begin({1, 2, 3});
  fetch(2, 100);
  fetch(3, 100);
  end_ = Offset(120);
  now_ += seconds(20);
  fetch(2, 120);
  EXPECT_FALSE(propose()) << "20 s are allowed";
  now_ += seconds(11);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2));
  EXPECT_EQ(proposal->partition_epoch, 7);
  EXPECT_EQ(proposal->cause,
            "broker 3 has not caught up for 31000 ms (replica.lag.time.max.ms=30000): it is at "
            "offset 100, the leader at 120");
  EXPECT_EQ(committed(), Offset(100)) << "it is in the set until the controller says otherwise";
  EXPECT_FALSE(propose()) << "one at a time";
  grant({1, 2});
  EXPECT_EQ(committed(), Offset(120));
  EXPECT_EQ(set_.partition_epoch(), 8);
}

TEST_F(InSyncSetTest, WhoeverAskedAgainWhereTheLogEndedHasItsTimeFromThenOn) {
  begin({1, 2, 3});
  set_.asked_again(BrokerId(2), now_ + seconds(500));
  fetch(2, 100);
  fetch(3, 99);
  now_ += seconds(100);
  set_.asked_again(BrokerId(2), now_);
  set_.asked_again(BrokerId(2), now_ - seconds(60));
  set_.asked_again(BrokerId(3), now_);
  set_.asked_again(BrokerId(7), now_);
  end_ = Offset(120);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2)) << "the third never had all";
  grant({1, 2});
  now_ += seconds(30);
  EXPECT_FALSE(propose());
  now_ += seconds(1);
  EXPECT_TRUE(propose());
}

TEST_F(InSyncSetTest, AFollowerThatNeverAskedHasItsTimeToo) {
  begin({1, 2, 3});
  fetch(2, 100);
  EXPECT_FALSE(propose());
  now_ += seconds(31);
  fetch(2, 100);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2));
}

TEST_F(InSyncSetTest, WhoeverIsAlwaysAMomentBehindHasCaughtUp) {
  begin({1, 2, 3});
  for (int step = 0; step < 100; ++step) {
    now_ += seconds(1);
    fetch(2, static_cast<int>(end_.value()));
    fetch(3, static_cast<int>(end_.value()));
    end_ = end_ + 10;
  }
  EXPECT_FALSE(propose());
  for (int step = 0; step < 31; ++step) {
    now_ += seconds(1);
    fetch(2, static_cast<int>(end_.value()));
    end_ = end_ + 10;
    fetch(3, 1000);
  }
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2));
}

TEST_F(InSyncSetTest, AFollowerJoinsOnceItHasTheHighWatermark) {
  begin({1, 2});
  fetch(2, 100);
  fetch(3, 99);
  EXPECT_FALSE(propose());
  fetch(3, 100);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2, 3));
  EXPECT_EQ(proposal->in_sync[2].broker_epoch, 5);
  EXPECT_EQ(proposal->in_sync[0].broker_epoch, -1);
  EXPECT_EQ(proposal->cause,
            "broker 3 has caught up: it is at offset 100, the high watermark at 100");
  end_ = Offset(110);
  fetch(2, 110);
  fenced_.insert(3);
  EXPECT_EQ(committed(), Offset(100)) << "the controller may have let it in already";
}

TEST_F(InSyncSetTest, WhoeverJoinedHasItsTimeFromThenOn) {
  begin({1, 2});
  end_ = Offset(150);
  fetch(2, 150);
  fetch(3, 100);
  ASSERT_TRUE(propose());
  grant({1, 2, 3});
  fetch(2, 150);
  EXPECT_FALSE(propose()) << "it lacks what its leader has not committed yet";
  now_ += seconds(31);
  fetch(2, 150);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_THAT(members(*proposal), ElementsAre(1, 2));
  EXPECT_THAT(proposal->cause, HasSubstr("broker 3 has not caught up for 31000 ms"));
}

TEST_F(InSyncSetTest, WhoeverAsksNoMoreDoesNotComeBack) {
  set_.set_limits({.max_lag = seconds(30), .min_in_sync = 3});
  begin({1, 2, 3});
  fetch(2, 100);
  fetch(3, 100);
  end_ = Offset(110);
  now_ += seconds(31);
  fetch(2, 110);
  ASSERT_TRUE(propose());
  grant({1, 2});
  EXPECT_FALSE(propose()) << "it is at the high watermark, which waits for a third replica";
  fetch(3, 100);
  EXPECT_TRUE(propose());
}

TEST_F(InSyncSetTest, ConsumersMayReadFromWhoIsInTheSetAndHasTheOffset) {
  begin({1, 2});
  EXPECT_TRUE(set_.holders_of(Offset(0)).empty()) << "nobody asked yet";
  fetch_from(2, 50);
  fetch_from(3, 50);
  const auto holders = set_.holders_of(Offset(100));
  ASSERT_EQ(holders.size(), 1U) << "broker 3 is not in the set";
  EXPECT_EQ(holders[0].broker, BrokerId(2));
  EXPECT_EQ(holders[0].end, Offset(100));
  EXPECT_TRUE(set_.holders_of(Offset(101)).empty());
  EXPECT_TRUE(set_.holders_of(Offset(49)).empty());
}

TEST_F(InSyncSetTest, TheLowWatermarkIsThatOfAllLiveReplicas) {
  begin({1, 2, 3});
  EXPECT_EQ(set_.low_watermark(Offset(70)), base::kNoOffset);
  fetch(2, 100);
  fetch_from(2, 60);
  fetch_from(3, 20);
  EXPECT_EQ(set_.low_watermark(Offset(70)), Offset(20));
  fetch_from(3, 70);
  EXPECT_EQ(set_.low_watermark(Offset(70)), Offset(60));
  fenced_.insert(2);
  EXPECT_EQ(set_.low_watermark(Offset(70)), Offset(70));
}

TEST_F(InSyncSetTest, NobodyJoinsFromBeforeTheLeadersEpoch) {
  begin({1, 2});
  high_watermark_ = Offset(80);
  fetch(2, 90);
  fetch(3, 90);
  EXPECT_FALSE(propose());
}

TEST_F(InSyncSetTest, WhomTheControllerWouldRefuseIsNotProposed) {
  begin({1, 2});
  fetch(2, 100);
  fenced_.insert(3);
  fetch(3, 100);
  EXPECT_FALSE(propose());
  fenced_.clear();
  fetch(3, 100, 4);
  EXPECT_FALSE(propose()) << "an earlier life of the broker";
  fetch(3, 100, 5);
  EXPECT_TRUE(propose());
}

TEST_F(InSyncSetTest, ARefusedProposalWasNeverMade) {
  begin({1, 2});
  fetch(2, 100);
  fetch(3, 100);
  ASSERT_TRUE(propose());
  set_.answered(set_.partition_epoch(), InSyncAnswer::kRefused);
  fenced_.insert(3);
  end_ = Offset(110);
  fetch(2, 110);
  EXPECT_EQ(committed(), Offset(110));
}

TEST_F(InSyncSetTest, AnUnknownOutcomeIsAskedForAgainAsItWas) {
  begin({1, 2});
  fetch(2, 100);
  fetch(3, 100);
  ASSERT_TRUE(propose());
  set_.answered(set_.partition_epoch(), InSyncAnswer::kUnknown);
  fenced_.insert(3);
  const auto again = propose();
  ASSERT_TRUE(again);
  EXPECT_THAT(members(*again), ElementsAre(1, 2, 3));
  EXPECT_FALSE(propose());
}

TEST_F(InSyncSetTest, ALeaderThatIsBehindWaitsForTheControllersWord) {
  begin({1, 2});
  fetch(2, 100);
  fetch(3, 100);
  ASSERT_TRUE(propose());
  set_.answered(set_.partition_epoch(), InSyncAnswer::kAwaitsMetadata);
  EXPECT_FALSE(propose());
  set_.update({.replicas = brokers({1, 2, 3}), .in_sync = brokers({1, 2}), .partition_epoch = 7},
              now_);
  EXPECT_FALSE(propose()) << "that was known";
  set_.update({.replicas = brokers({1, 2, 3}), .in_sync = brokers({1, 2}), .partition_epoch = 9},
              now_);
  const auto proposal = propose();
  ASSERT_TRUE(proposal);
  EXPECT_EQ(proposal->partition_epoch, 9);
}

TEST_F(InSyncSetTest, BelowTheMinimumNothingIsCommitted) {
  set_.set_limits({.max_lag = seconds(30), .min_in_sync = 2});
  begin({1, 2});
  fetch(2, 100);
  EXPECT_FALSE(set_.is_under_minimum());
  end_ = Offset(110);
  now_ += seconds(31);
  ASSERT_TRUE(propose());
  EXPECT_TRUE(set_.is_under_minimum()) << "it will be";
  EXPECT_FALSE(committed());
  grant({1});
  EXPECT_FALSE(committed()) << "what one replica has is not what was promised";
  fetch(2, 110);
  ASSERT_TRUE(propose());
  grant({1, 2});
  EXPECT_EQ(committed(), Offset(110));
}

TEST_F(InSyncSetTest, OneReplicaNeedsNoTwo) {
  set_.set_limits({.max_lag = seconds(30), .min_in_sync = 2});
  set_.begin({.replicas = brokers({1}), .in_sync = brokers({1}), .partition_epoch = 0}, Offset(0),
             now_);
  EXPECT_EQ(committed(), Offset(100));
  EXPECT_FALSE(propose());
}

TEST_F(InSyncSetTest, WhoeverIsNoReplicaIsNotKept) {
  begin({1, 2, 3});
  EXPECT_FALSE(set_.fetched({BrokerId(4), 5, Offset(100)}, end_, now_));
  set_.update({.replicas = brokers({1, 2, 4}), .in_sync = brokers({1, 2}), .partition_epoch = 8},
              now_);
  EXPECT_FALSE(set_.fetched({BrokerId(3), 5, Offset(100)}, end_, now_));
  EXPECT_TRUE(set_.fetched({BrokerId(4), 5, Offset(100)}, end_, now_));
  EXPECT_EQ(set_.end_of(BrokerId(4)), Offset(100));
  EXPECT_EQ(set_.end_of(BrokerId(3)), base::kNoOffset);
}

// Random histories: whatever the leader takes for committed is in the log of everybody whom the
// controller has in the set at that moment, told of it or not.
TEST(InSyncSetModelTest, EveryMemberHasWhatIsCommitted) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&random](unsigned bound) { return random() % bound; };
    std::vector<std::int64_t> ends(5, 0);  // of brokers 1 to 4
    Assignment truth{.replicas = brokers({1, 2, 3, 4}), .in_sync = brokers({1, 2, 3, 4})};
    InSyncSet set(BrokerId(1), [](BrokerId, std::int64_t) { return true; });
    set.set_limits({.max_lag = milliseconds(50), .min_in_sync = 1 + static_cast<int>(below(3))});
    env::MonotonicTime now{seconds(1)};
    set.begin(truth, Offset(0), now);
    Offset high_watermark(0);
    std::optional<InSyncProposal> sent;
    for (int step = 0; step < 400; ++step) {
      now += milliseconds(below(10));
      const int follower = 2 + static_cast<int>(below(3));
      switch (below(6)) {
        case 0:
          ends[1] += below(5);
          break;
        case 1:
        case 2:
          // It has what it asked for before; the answer to this fetch brings more.
          set.fetched({BrokerId(follower), 1, Offset(ends[follower])}, Offset(ends[1]), now);
          ends[follower] += below(static_cast<unsigned>(ends[1] - ends[follower]) + 1);
          break;
        case 3:
          if (!sent) sent = set.propose(Offset(ends[1]), high_watermark, now);
          break;
        case 4:
          if (sent && below(3) > 0 && sent->partition_epoch == truth.partition_epoch) {
            truth.in_sync.clear();
            for (const auto& member : sent->in_sync) truth.in_sync.push_back(member.broker);
            ++truth.partition_epoch;
            if (below(2) == 0) sent->partition_epoch = -1;  // done, and the answer is on its way
          }
          break;
        case 5:
          if (!sent) break;
          if (truth.partition_epoch != set.partition_epoch()) {
            below(2) == 0 ? set.update(truth, now)
                          : set.answered(set.partition_epoch(), InSyncAnswer::kUnknown);
          } else {
            set.answered(set.partition_epoch(),
                         below(2) == 0 ? InSyncAnswer::kRefused : InSyncAnswer::kUnknown);
          }
          sent.reset();
          if (below(4) == 0) set.update(truth, now);
          break;
        default:
          break;
      }
      if (const auto committed = set.committed_end(Offset(ends[1]), Offset(ends[1]), now)) {
        high_watermark = std::max(high_watermark, *committed);
      }
      for (const BrokerId broker : truth.in_sync) {
        ASSERT_GE(ends[static_cast<std::size_t>(broker.value())], high_watermark.value())
            << "broker " << broker.value() << " at step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace odradek::replica::leader
