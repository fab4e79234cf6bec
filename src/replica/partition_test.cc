// SPDX-License-Identifier: Apache-2.0
#include "replica/partition.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "log/log_test_fixture.h"
#include "replica/leader/eligible_brokers.h"

namespace odradek::replica {
namespace {

using base::ErrorCode;
using base::LeaderEpoch;
using base::Offset;

class CountingWaiter final : public FetchWaiter {
 public:
  void wake() override { ++woken; }
  std::atomic<int> woken = 0;
};

// What a handler was told; nothing while it waits.
using Outcome = std::optional<base::Result<>>;

// A partition over a real log, flushed when the test says so.
class PartitionTest : public log::testing::LogFixture {
 protected:
  void SetUp() override { partition_ = make(); }
  void TearDown() override { partition_.reset(); }

  std::unique_ptr<Partition> make() {
    return std::make_unique<Partition>(std::shared_ptr<log::Log>(open()),
                                       base::Uuid::from_random(1, 2));
  }
  void lead(std::int32_t epoch) { partition_->become_leader(LeaderEpoch(epoch)); }
  // The offset behind what was appended.
  Offset produce(int count) {
    auto appended = partition_->append(batch(count, 1000), log::AppendOrigin::kClient);
    EXPECT_TRUE(appended) << appended.error().message;
    // On a busy machine the writing may have been handed to the pool.
    while (appended && partition_->log().written_end_offset() <= appended->last_offset) {
      std::this_thread::yield();
    }
    return appended ? appended->last_offset + 1 : Offset(0);
  }
  void flush() { directory_->run_group(false); }
  std::shared_ptr<Outcome> when_committed(Offset end) {
    auto outcome = std::make_shared<Outcome>();
    partition_->when_committed(end, [outcome](base::Result<> told) { *outcome = std::move(told); });
    return outcome;
  }

  std::unique_ptr<Partition> partition_;
};

TEST_F(PartitionTest, OnlyALeaderAppendsAndReads) {
  EXPECT_EQ(partition_->append(batch(1, 0), log::AppendOrigin::kClient).error().code,
            ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(
      partition_->read(Offset(0), Isolation::kReadUncommitted, base::kNoLeaderEpoch, 100, true)
          .error()
          .code,
      ErrorCode::kNotLeaderOrFollower);
  lead(0);
  EXPECT_EQ(produce(3), Offset(3));
}

TEST_F(PartitionTest, WhatIsFlushedIsCommitted) {
  lead(0);
  const Offset end = produce(2);
  EXPECT_EQ(partition_->offsets().high_watermark, Offset(0));
  EXPECT_EQ(partition_->offsets().log_end_offset, Offset(2));
  const auto outcome = when_committed(end);
  EXPECT_FALSE(outcome->has_value());
  flush();
  ASSERT_TRUE(outcome->has_value());
  EXPECT_TRUE((*outcome)->has_value());
  EXPECT_EQ(partition_->offsets().high_watermark, Offset(2));
}

TEST_F(PartitionTest, WhatIsCommittedAlreadyIsToldAtOnce) {
  lead(0);
  const Offset end = produce(2);
  flush();
  EXPECT_TRUE(when_committed(end)->has_value());
  EXPECT_FALSE(when_committed(end + 1)->has_value());
}

TEST_F(PartitionTest, WithWriteCachingWrittenIsEnough) {
  config_.write_caching = true;
  partition_.reset();
  partition_ = make();
  lead(0);
  const Offset end = produce(2);
  EXPECT_TRUE(when_committed(end)->has_value());
}

TEST_F(PartitionTest, NobodySeesWhatIsNotCommitted) {
  lead(0);
  produce(2);
  flush();
  produce(2);
  const auto all =
      partition_->read(Offset(0), Isolation::kReadUncommitted, base::kNoLeaderEpoch, 1 << 20, true);
  ASSERT_TRUE(all);
  const auto first = all->bytes.length;
  EXPECT_GT(first, 0U);
  const auto beyond =
      partition_->read(Offset(2), Isolation::kReadUncommitted, base::kNoLeaderEpoch, 1 << 20, true);
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->bytes.length, 0U);
  flush();
  EXPECT_GT(
      partition_->read(Offset(0), Isolation::kReadUncommitted, base::kNoLeaderEpoch, 1 << 20, true)
          ->bytes.length,
      first);
}

TEST_F(PartitionTest, AnOffsetBeyondTheEndIsOutOfRange) {
  lead(0);
  produce(2);
  const auto beyond =
      partition_->read(Offset(3), Isolation::kReadUncommitted, base::kNoLeaderEpoch, 100, true);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kOffsetOutOfRange);
}

TEST_F(PartitionTest, AClientsEpochIsComparedWithTheLeaders) {
  lead(5);
  EXPECT_TRUE(partition_->check_leader(base::kNoLeaderEpoch));
  EXPECT_TRUE(partition_->check_leader(LeaderEpoch(5)));
  EXPECT_EQ(partition_->check_leader(LeaderEpoch(4)).error().code, ErrorCode::kFencedLeaderEpoch);
  EXPECT_EQ(partition_->check_leader(LeaderEpoch(6)).error().code, ErrorCode::kUnknownLeaderEpoch);
  EXPECT_EQ(partition_->leader_epoch(), LeaderEpoch(5));
}

TEST_F(PartitionTest, AWatcherIsWokenOnceBySomethingNew) {
  lead(0);
  const auto waiter = std::make_shared<CountingWaiter>();
  ASSERT_NE(partition_->watch(waiter, Isolation::kReadUncommitted, Offset(0)), 0U);
  produce(1);
  EXPECT_EQ(waiter->woken, 0);
  flush();
  EXPECT_EQ(waiter->woken, 1);
  produce(1);
  flush();
  EXPECT_EQ(waiter->woken, 1);
}

TEST_F(PartitionTest, WhatIsNewAlreadyIsNotWatched) {
  lead(0);
  produce(1);
  flush();
  const auto waiter = std::make_shared<CountingWaiter>();
  EXPECT_EQ(partition_->watch(waiter, Isolation::kReadUncommitted, Offset(0)), 0U);
  const auto watch = partition_->watch(waiter, Isolation::kReadUncommitted, Offset(1));
  EXPECT_NE(watch, 0U);
  partition_->unwatch(watch);
  produce(1);
  flush();
  EXPECT_EQ(waiter->woken, 0);
}

TEST_F(PartitionTest, WhoKnowsEverythingIsWokenByAnyChange) {
  lead(0);
  produce(2);
  flush();
  const auto waiter = std::make_shared<CountingWaiter>();
  Settled known{
      .visible_end = Offset(2), .high_watermark = Offset(2), .log_start_offset = Offset(0)};
  ASSERT_NE(partition_->watch_for_change(waiter, known), 0U);
  ASSERT_TRUE(partition_->delete_records(Offset(1)));
  EXPECT_EQ(waiter->woken, 1);
  EXPECT_EQ(partition_->watch_for_change(waiter, known), 0U) << "the log starts elsewhere";
  known.log_start_offset = Offset(1);
  known.current_leader_epoch = LeaderEpoch(1);
  EXPECT_EQ(partition_->watch_for_change(waiter, known), 0U) << "it has to be told of its epoch";
  known.current_leader_epoch = LeaderEpoch(0);
  ASSERT_NE(partition_->watch_for_change(waiter, known), 0U);
  lead(1);
  EXPECT_EQ(waiter->woken, 2);
}

// A follower whose session does not name the partition any more, for nothing happens there.
TEST_F(PartitionTest, AFollowerAtRestIsInSyncForAsLongAsItsSessionAsks) {
  const base::BrokerId self(1);
  const base::BrokerId other(2);
  const leader::EligibleBrokers eligible;
  const std::vector<base::BrokerId> both{self, other};
  partition_->set_in_sync_limits({.max_lag = std::chrono::hours(1), .min_in_sync = 1});
  const Leadership leadership{LeaderEpoch(0),
                              {.replicas = both, .in_sync = both, .partition_epoch = 0}};
  partition_->become_leader(self, leadership, eligible);
  ASSERT_TRUE(partition_->fetched({.follower = other, .end = Offset(0), .log_start = Offset(0)},
                                  LeaderEpoch(0)));
  const auto pulse = std::make_shared<FetchPulse>();
  const auto waiter = std::make_shared<CountingWaiter>();
  const Settled known{.isolation = Isolation::kLogEnd,
                      .current_leader_epoch = LeaderEpoch(0),
                      .visible_end = Offset(0),
                      .high_watermark = Offset(0),
                      .log_start_offset = Offset(0),
                      .follower = other,
                      .pulse = pulse};
  ASSERT_NE(partition_->watch_for_change(waiter, known), 0U);
  const auto asked_at = world_.clock().monotonic();
  pulse->store(asked_at);
  produce(1);
  while (waiter->woken == 0) std::this_thread::yield();
  const auto holders = partition_->holders_of(Offset(0));
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_EQ(holders[0].caught_up_at, asked_at);
  pulse->store(asked_at + std::chrono::hours(1));
  EXPECT_EQ(partition_->holders_of(Offset(0))[0].caught_up_at, asked_at)
      << "what it asks now has to name the partition";
}

TEST_F(PartitionTest, GivenUpEverybodyIsToldWhy) {
  lead(0);
  const auto waiting = when_committed(produce(1));
  const auto waiter = std::make_shared<CountingWaiter>();
  ASSERT_NE(partition_->watch(waiter, Isolation::kReadUncommitted, Offset(0)), 0U);
  partition_->retire({ErrorCode::kUnknownTopicOrPartition, "deleted", 0});
  partition_->retire({ErrorCode::kNotLeaderOrFollower, "too late", 0});
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->error().code, ErrorCode::kUnknownTopicOrPartition);
  EXPECT_EQ(waiter->woken, 1);
  EXPECT_EQ(partition_->watch(waiter, Isolation::kReadUncommitted, Offset(0)), 0U);
  EXPECT_EQ(partition_->append(batch(1, 0), log::AppendOrigin::kClient).error().message, "deleted");
  EXPECT_EQ(when_committed(Offset(1))->value().error().message, "deleted");
}

// It was appended, another leader did not have it, and this one leads again when its producer
// begins to wait: what others have appended there since is none of its.
TEST_F(PartitionTest, WhatWasCutIsNotAcknowledgedForWhatLiesThereNow) {
  lead(0);
  produce(1);
  flush();
  lead(1);
  const auto lost = partition_->append(batch(2, 1000), log::AppendOrigin::kClient);
  ASSERT_TRUE(lost);
  partition_->become_follower(LeaderEpoch(2));
  ASSERT_EQ(partition_->cut_to_leader({LeaderEpoch(0), Offset(1)}, LeaderEpoch(2)), Offset(1));
  lead(3);
  EXPECT_EQ(produce(3), Offset(4));
  flush();
  std::vector<ErrorCode> told;
  const auto note = [&told](const base::Result<>& outcome) {
    told.push_back(outcome ? ErrorCode::kNone : outcome.error().code);
  };
  partition_->when_committed(lost->end(), note);
  partition_->when_written(lost->end(), note);
  EXPECT_EQ(told, std::vector(2, ErrorCode::kNotLeaderOrFollower));
  EXPECT_FALSE(partition_->is_written(lost->end()));
  EXPECT_TRUE((*when_committed(Offset(4)))->has_value());
}

// What waits belongs to a request that is answered by then.
TEST_F(PartitionTest, WhoGivesUpIsForgotten) {
  leader::EligibleBrokers eligible;
  const base::BrokerId self(1);
  const base::BrokerId follower(2);
  partition_->become_leader(self, {LeaderEpoch(0), {{self, follower}, {self, follower}, 0}},
                            eligible);
  const Offset end = produce(3);
  std::vector<std::weak_ptr<int>> requests;
  int calls = 0;
  const auto request = [&] {
    auto of_request = std::make_shared<int>();
    requests.push_back(of_request);
    return [of_request, &calls](const base::Result<>&) { ++calls; };
  };
  const auto given_up = {partition_->when_committed(end, request()),
                         partition_->when_written({end, 0}, request()),
                         partition_->when_low_watermark(end, request())};
  const auto stays = partition_->when_committed(end, request());
  for (const auto& wait : given_up) partition_->forget(wait);
  partition_->forget({end, 0});
  for (std::size_t i = 0; i < given_up.size(); ++i) EXPECT_TRUE(requests[i].expired()) << i;
  const int before = calls;
  EXPECT_LE(before, 1) << "what is written already has nobody waiting";
  EXPECT_FALSE(requests.back().expired());
  partition_->become_follower(LeaderEpoch(1));
  EXPECT_EQ(calls, before + 1);
  partition_->forget(stays);
}

TEST_F(PartitionTest, RecordsAreDeletedUpToTheHighWatermark) {
  lead(0);
  produce(4);
  flush();
  produce(1);
  EXPECT_EQ(partition_->delete_records(Offset(2)).value(), Offset(2));
  EXPECT_EQ(partition_->delete_records(Offset(1)).value(), Offset(2));
  EXPECT_EQ(partition_->delete_records(Offset(5)).error().code, ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(partition_->delete_records(base::kNoOffset).value(), Offset(4));
  EXPECT_EQ(partition_->offsets().log_start_offset, Offset(4));
}

TEST_F(PartitionTest, AfterARestartTheHighWatermarkIsWhatIsThere) {
  lead(0);
  produce(3);
  flush();
  ASSERT_TRUE(partition_->log().close());
  partition_.reset();
  partition_ = make();
  lead(1);
  EXPECT_EQ(partition_->offsets().high_watermark, Offset(3));
}

}  // namespace
}  // namespace odradek::replica
