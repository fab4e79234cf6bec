// SPDX-License-Identifier: Apache-2.0
#include "broker/fetch/fetch_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <thread>
#include <utility>

#include "env/linux/linux_world.h"
#include "log/log_test_fixture.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using base::Offset;
using wire::FetchRequest;
using wire::FetchResponse;

using Wanted = std::vector<std::pair<std::int32_t, std::int64_t>>;  // partition, offset

FetchRequest request(std::int32_t epoch, const Wanted& partitions,
                     std::vector<std::int32_t> forgotten = {}) {
  FetchRequest made;
  made.session_epoch = epoch;
  if (!partitions.empty()) {
    auto& topic = made.topics.emplace_back();
    topic.topic = "t";
    for (const auto& [partition, offset] : partitions) {
      auto& wanted = topic.partitions.emplace_back();
      wanted.partition = partition;
      wanted.fetch_offset = Offset(offset);
    }
  }
  if (!forgotten.empty()) {
    auto& topic = made.forgotten_topics_data.emplace_back();
    topic.topic = "t";
    topic.partitions = std::move(forgotten);
  }
  return made;
}

class CountingReader final : public replica::FetchWaiter {
 public:
  void wake() override { ++woken; }
  // Another thread may still be about to wake it.
  void wait() const {
    while (woken == 0) std::this_thread::yield();
  }
  std::atomic<int> woken = 0;
};

Wanted wanted(const std::vector<FetchTargetRef>& targets) {
  Wanted all;
  for (const FetchTargetRef& target : targets) {
    all.emplace_back(target->partition.partition, target->partition.fetch_offset.value());
  }
  return all;
}

// What a fetch found: partition, high watermark, bytes of records.
struct Found {
  std::int32_t partition;
  std::int64_t high_watermark;
  std::size_t bytes = 0;
  ErrorCode error = ErrorCode::kNone;
};

FetchResponse response(const std::vector<Found>& partitions) {
  FetchResponse made;
  auto& topic = made.responses.emplace_back();
  topic.topic = "t";
  for (const Found& found : partitions) {
    auto& data = topic.partitions.emplace_back();
    data.partition_index = found.partition;
    data.error_code = found.error;
    data.high_watermark = Offset(found.high_watermark);
    data.log_start_offset = Offset(0);
    const std::vector<std::uint8_t> bytes(found.bytes, 1);
    data.records = wire::Records(base::SharedBytes::copy(bytes));
  }
  return made;
}

std::vector<std::int32_t> partitions_in(const FetchResponse& response) {
  std::vector<std::int32_t> partitions;
  for (const auto& topic : response.responses) {
    for (const auto& data : topic.partitions) partitions.push_back(data.partition_index);
  }
  return partitions;
}

class FetchSessionTest : public ::testing::Test {
 protected:
  // What is due at that request.
  Wanted due(const FetchRequest& asked) {
    EXPECT_TRUE(session_.update(asked));
    return wanted(session_.begin(std::make_shared<CountingReader>(), {}, {}));
  }
  // What of an incremental response is left to be sent.
  std::vector<std::int32_t> told(const std::vector<Found>& found) {
    FetchResponse made = response(found);
    session_.finish(nullptr, made, /*is_incremental=*/true, {});
    return partitions_in(made);
  }

  FetchSession session_{7, /*by_topic_id=*/false};
};

TEST_F(FetchSessionTest, RemembersWhatIsWantedAndTakesChangesIn) {
  EXPECT_EQ(due(request(0, {{0, 0}, {1, 5}})), (Wanted{{0, 0}, {1, 5}}));
  EXPECT_EQ(due(request(1, {})), (Wanted{{0, 0}, {1, 5}}));
  EXPECT_EQ(due(request(2, {{0, 3}, {2, 9}})), (Wanted{{0, 3}, {1, 5}, {2, 9}}));
  EXPECT_EQ(due(request(3, {}, {1, 8})), (Wanted{{0, 3}, {2, 9}}));
}

TEST_F(FetchSessionTest, EveryRequestHasTheNextEpoch) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}})));
  for (const std::int32_t wrong : {0, 2, 9}) {
    const auto refused = session_.update(request(wrong, {{1, 0}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidFetchSessionEpoch);
  }
  EXPECT_EQ(due(request(1, {})), (Wanted{{0, 0}}));
}

TEST_F(FetchSessionTest, OnlyNewsAreTold) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}, {1, 0}})));
  FetchResponse first = response({{0, 5}, {1, 5}});
  session_.finish(nullptr, first, /*is_incremental=*/false, {});
  EXPECT_EQ(partitions_in(first), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(told({{0, 5}, {1, 5}}), (std::vector<std::int32_t>{}));
  EXPECT_EQ(told({{0, 5}, {1, 6}}), (std::vector<std::int32_t>{1}));
  EXPECT_EQ(told({{0, 5, 10}, {1, 6}}), (std::vector<std::int32_t>{0}));
}

TEST_F(FetchSessionTest, AnErrorIsToldEachTimeAndItsEndAsWell) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}})));
  EXPECT_EQ(told({{0, 5}}), (std::vector<std::int32_t>{0}));
  const std::vector<Found> error = {{0, -1, 0, ErrorCode::kUnknownTopicOrPartition}};
  EXPECT_EQ(told(error), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(told(error), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(told({{0, 5}}), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(told({{0, 5}}), (std::vector<std::int32_t>{}));
}

TEST_F(FetchSessionTest, WhoGaveRecordsIsServedLastNextTime) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}, {1, 0}, {2, 0}})));
  told({{0, 5, 10}, {1, 5}, {2, 5}});
  EXPECT_EQ(due(request(1, {})), (Wanted{{1, 0}, {2, 0}, {0, 0}}));
}

TEST(FetchSessionKeys, SessionsByIdTellTopicsApartByTheirIds) {
  FetchSession session(7, /*by_topic_id=*/true);
  FetchRequest made;
  made.session_epoch = 0;
  for (const std::uint64_t id : {1, 2}) {
    auto& topic = made.topics.emplace_back();
    topic.topic_id = base::Uuid::from_random(1, id);
    topic.partitions.emplace_back();
  }
  ASSERT_TRUE(session.update(made));
  EXPECT_EQ(session.begin(std::make_shared<CountingReader>(), {}, {}).size(), 2U);
}

// A session of two partitions; the first is a real one, which the client has read to its end.
class RestingPartitionTest : public log::testing::LogFixture {
 protected:
  void SetUp() override {
    partition_ = std::make_shared<replica::Partition>(std::shared_ptr<log::Log>(open()),
                                                      base::Uuid::from_random(1, 2));
    partition_->become_leader(base::LeaderEpoch(3));
    produce();
    begin(request(0, {{0, 1}, {1, 0}}));
    answer();
  }

  void produce() {
    const auto appended = partition_->append(batch(1, 1000), log::AppendOrigin::kClient);
    ASSERT_TRUE(appended);
    // On a busy machine the writing may have been handed to the pool.
    while (partition_->log().written_end_offset() <= appended->last_offset) {
      std::this_thread::yield();
    }
    directory_->run_group(false);
  }
  // As a fetch does that comes now.
  Wanted begin(const FetchRequest& asked, const FetchTerms& terms = {}) {
    EXPECT_TRUE(session_->update(asked));
    ++epoch_;
    reader_ = std::make_shared<CountingReader>();
    targets_ = session_->begin(reader_, terms, {});
    return wanted(targets_);
  }
  Wanted begin() { return begin(request(epoch_, {})); }
  Wanted fresh() {
    const auto fresh = session_->take_fresh(reader_);
    std::ranges::copy(fresh, std::back_inserter(targets_));
    return wanted(fresh);
  }
  // The first partition is told as it is now, and left at rest where it was looked at.
  void answer() { answer(partition_->offsets()); }
  void answer(const replica::OffsetSnapshot& seen) {
    std::vector<FetchSession::Rest> at_rest;
    for (const FetchTargetRef& target : targets_) {
      if (target->partition.partition != 0) continue;
      at_rest.push_back({target,
                         partition_,
                         {.visible_end = seen.high_watermark,
                          .high_watermark = seen.high_watermark,
                          .log_start_offset = seen.log_start_offset}});
    }
    FetchResponse made = response({{0, seen.high_watermark.value()}});
    made.responses[0].partitions[0].log_start_offset = seen.log_start_offset;
    if (at_rest.empty()) made.responses.clear();
    session_->finish(std::exchange(reader_, nullptr), made, true, std::move(at_rest));
  }

  std::shared_ptr<replica::Partition> partition_;
  std::shared_ptr<FetchSession> session_ = std::make_shared<FetchSession>(7, false);
  std::shared_ptr<CountingReader> reader_;
  std::vector<FetchTargetRef> targets_;
  std::int32_t epoch_ = 0;
};

TEST_F(RestingPartitionTest, WhatHasNothingIsNotDue) {
  EXPECT_TRUE(session_->has_rest());
  EXPECT_EQ(begin(), (Wanted{{1, 0}}));
  answer();
  EXPECT_EQ(begin(), (Wanted{{1, 0}}));
}

TEST_F(RestingPartitionTest, ARecordMakesItDueAndWakesTheFetch) {
  begin();
  produce();
  reader_->wait();
  EXPECT_EQ(fresh(), (Wanted{{0, 1}}));
  EXPECT_EQ(fresh(), Wanted{});
  produce();
  EXPECT_EQ(reader_->woken, 1) << "the fetch looks for itself now";
  answer();
  EXPECT_EQ(begin(), (Wanted{{1, 0}}));
}

TEST_F(RestingPartitionTest, ARecordBetweenTwoFetchesMakesItDue) {
  produce();
  EXPECT_EQ(begin(), (Wanted{{0, 1}, {1, 0}}));
  EXPECT_EQ(reader_->woken, 0);
}

TEST_F(RestingPartitionTest, SoDoesEveryOtherChangeThere) {
  const std::vector<std::pair<std::string, std::function<void()>>> changes = {
      {"log start", [this] { EXPECT_TRUE(partition_->delete_records(Offset(1))); }},
      {"leader epoch", [this] { partition_->become_leader(base::LeaderEpoch(4)); }},
      {"the fetches are woken", [this] { partition_->wake_fetches(); }},
      {"role", [this] { partition_->become_follower(base::LeaderEpoch(5)); }},
      {"leader again", [this] { partition_->become_leader(base::LeaderEpoch(6)); }},
      {"end", [this] { partition_->retire({ErrorCode::kUnknownTopicOrPartition, "deleted", 0}); }},
  };
  for (const auto& [what, change] : changes) {
    SCOPED_TRACE(what);
    begin();
    const bool rests = targets_.size() == 1;
    EXPECT_EQ(rests, what != "leader again") << "nobody reads from a follower";
    change();
    EXPECT_EQ(fresh().size(), rests ? 1U : 0U);
    answer();
  }
  EXPECT_EQ(begin(), (Wanted{{0, 1}, {1, 0}})) << "there is nothing to wait for";
}

TEST_F(RestingPartitionTest, WhatChangedSinceItWasSeenStaysDue) {
  begin(request(epoch_, {{0, 1}}));
  const auto seen = partition_->offsets();
  produce();
  answer(seen);
  EXPECT_EQ(begin(), (Wanted{{0, 1}, {1, 0}}));
}

TEST_F(RestingPartitionTest, WhatTheClientNamesIsDueFromThere) {
  EXPECT_EQ(begin(request(epoch_, {{0, 0}})), (Wanted{{0, 0}, {1, 0}}));
  produce();
  EXPECT_EQ(reader_->woken, 0);
}

TEST_F(RestingPartitionTest, WhatIsForgottenIsNobodysAnyMore) {
  EXPECT_EQ(begin(request(epoch_, {}, {0})), (Wanted{{1, 0}}));
  produce();
  EXPECT_EQ(reader_->woken, 0);
  EXPECT_FALSE(session_->has_rest());
}

TEST_F(RestingPartitionTest, WhoReadsInAnotherWayIsShownEverything) {
  const FetchTerms committed{.isolation = replica::Isolation::kReadCommitted};
  EXPECT_EQ(begin(request(epoch_, {}), committed), (Wanted{{0, 1}, {1, 0}}));
}

TEST_F(RestingPartitionTest, TwoFetchesAtOnceAreBothWoken) {
  begin();
  const auto first = reader_;
  begin();
  produce();
  first->wait();
  reader_->wait();
  EXPECT_EQ(fresh(), (Wanted{{0, 1}}));
  answer();
  EXPECT_FALSE(session_->has_rest()) << "the first one looks at it, too";
}

TEST_F(RestingPartitionTest, ASessionIsNotKeptByItsPartitions) {
  const std::weak_ptr<FetchSession> session = session_;
  session_.reset();
  EXPECT_TRUE(session.expired());
  produce();
  const std::weak_ptr<replica::Partition> partition = partition_;
  partition_.reset();
  EXPECT_TRUE(partition.expired());
}

TEST(FetchSessions, AreFoundByTheirIdsUntilTheyAreRemoved) {
  env::LinuxWorld world({});
  FetchSessions sessions(world, 10);
  const auto one = sessions.create(false, FetchedBy::kConsumer);
  const auto two = sessions.create(true, FetchedBy::kFollower);
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->id(), 0);
  EXPECT_NE(one->id(), two->id());
  EXPECT_EQ(sessions.find(one->id()), one);
  sessions.remove(one->id());
  EXPECT_EQ(sessions.find(one->id()), nullptr);
  EXPECT_EQ(sessions.find(two->id()), two);
}

TEST(FetchSessions, BusyOnesDoNotMakeRoom) {
  env::LinuxWorld world({});
  FetchSessions sessions(world, 1);
  const auto only = sessions.create(false, FetchedBy::kConsumer);
  ASSERT_TRUE(only);
  EXPECT_EQ(sessions.create(false, FetchedBy::kConsumer), nullptr);
  sessions.remove(only->id());
  EXPECT_NE(sessions.create(false, FetchedBy::kConsumer), nullptr);
}

TEST(FetchSessions, AFollowerTakesTheOldestConsumersPlace) {
  env::LinuxWorld world({});
  FetchSessions sessions(world, 3);
  const auto follower = sessions.create(true, FetchedBy::kFollower);
  const auto busy = sessions.create(false, FetchedBy::kConsumer);
  const auto oldest = sessions.create(false, FetchedBy::kConsumer);
  ASSERT_TRUE(follower && busy && oldest);
  ASSERT_TRUE(sessions.find(busy->id()));
  EXPECT_TRUE(sessions.create(true, FetchedBy::kFollower));
  EXPECT_FALSE(sessions.find(oldest->id()));
  EXPECT_TRUE(sessions.find(busy->id()));
  EXPECT_TRUE(sessions.create(true, FetchedBy::kFollower));
  EXPECT_FALSE(sessions.create(true, FetchedBy::kFollower)) << "all are followers'";
  EXPECT_TRUE(sessions.find(follower->id()));
}

}  // namespace
}  // namespace odradek::broker
