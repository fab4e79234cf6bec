// SPDX-License-Identifier: Apache-2.0
#include "broker/fetch/fetch_session.h"

#include <gtest/gtest.h>

#include "env/linux/linux_world.h"

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

Wanted wanted(const base::Result<std::vector<FetchTarget>>& targets) {
  Wanted all;
  EXPECT_TRUE(targets);
  if (!targets) return all;
  for (const FetchTarget& target : *targets) {
    all.emplace_back(target.partition.partition, target.partition.fetch_offset.value());
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
  // What of an incremental response is left to be sent.
  std::vector<std::int32_t> told(const std::vector<Found>& found) {
    FetchResponse made = response(found);
    session_.note_response(made, /*is_incremental=*/true);
    return partitions_in(made);
  }

  FetchSession session_{7, /*by_topic_id=*/false};
};

TEST_F(FetchSessionTest, RemembersWhatIsWantedAndTakesChangesIn) {
  EXPECT_EQ(wanted(session_.update(request(0, {{0, 0}, {1, 5}}))), (Wanted{{0, 0}, {1, 5}}));
  EXPECT_EQ(wanted(session_.update(request(1, {}))), (Wanted{{0, 0}, {1, 5}}));
  EXPECT_EQ(wanted(session_.update(request(2, {{0, 3}, {2, 9}}))),
            (Wanted{{0, 3}, {1, 5}, {2, 9}}));
  EXPECT_EQ(wanted(session_.update(request(3, {}, {1, 8}))), (Wanted{{0, 3}, {2, 9}}));
}

TEST_F(FetchSessionTest, EveryRequestHasTheNextEpoch) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}})));
  for (const std::int32_t wrong : {0, 2, 9}) {
    const auto refused = session_.update(request(wrong, {{1, 0}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidFetchSessionEpoch);
  }
  EXPECT_EQ(wanted(session_.update(request(1, {}))), (Wanted{{0, 0}}));
}

TEST_F(FetchSessionTest, OnlyNewsAreTold) {
  ASSERT_TRUE(session_.update(request(0, {{0, 0}, {1, 0}})));
  FetchResponse first = response({{0, 5}, {1, 5}});
  session_.note_response(first, /*is_incremental=*/false);
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
  EXPECT_EQ(wanted(session_.update(request(1, {}))), (Wanted{{1, 0}, {2, 0}, {0, 0}}));
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
  EXPECT_EQ(wanted(session.update(made)).size(), 2U);
}

TEST(FetchSessions, AreFoundByTheirIdsUntilTheyAreRemoved) {
  env::LinuxWorld world({});
  FetchSessions sessions(world, 10);
  const auto one = sessions.create(false);
  const auto two = sessions.create(true);
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
  const auto only = sessions.create(false);
  ASSERT_TRUE(only);
  EXPECT_EQ(sessions.create(false), nullptr);
  sessions.remove(only->id());
  EXPECT_NE(sessions.create(false), nullptr);
}

}  // namespace
}  // namespace odradek::broker
