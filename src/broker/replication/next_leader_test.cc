// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>

#include "broker/replication/replication_cluster.h"

namespace odradek::broker::testing {
namespace {

// An idempotent producer with several batches in flight on one connection to the next leader, the
// first of which comes before that one knows that it leads.
class NextLeaderTest : public ::testing::Test, public ReplicationCluster {
 protected:
  NextLeaderTest() : ReplicationCluster(1) {}

  static constexpr std::int16_t kAllInSync = -1;
  static constexpr std::int16_t kLeaderOnly = 1;

  ErrorCode send(std::int32_t sequence, int id = 2, std::int16_t acks = kAllInSync,
                 int records = 1) {
    auto& client = connections_[id];
    if (!client) {
      client = std::make_unique<net::PeerClient>(
          clients_->world().network(), clients_->world().loop(0), env::Address{name_of(id), kPort});
    }
    record::BatchBuilder builder({.producer_id = base::ProducerId(7),
                                  .producer_epoch = base::ProducerEpoch(0),
                                  .base_sequence = sequence});
    for (int i = 0; i < records; ++i) {
      builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes("value"));
    }
    auto request = request_of("", acks);
    request.topic_data.at(0).partition_data.at(0).records = wire::Records(builder.build());
    std::optional<ErrorCode> code;
    clients_->world().loop(0).post([&] {
      client->call<wire::ProduceResponse>(
          std::move(request), seconds(20), [&](base::Result<wire::ProduceResponse> answer) {
            if (answer) offset_ = answer->responses.at(0).partition_responses.at(0).base_offset;
            code = answer ? answer->responses.at(0).partition_responses.at(0).error_code
                          : answer.error().code;
          });
    });
    EXPECT_TRUE(simulation_.run_until([&] { return code.has_value(); }, seconds(30)));
    return code.value_or(ErrorCode::kRequestTimedOut);
  }
  // Broker 1 is gone, and 2 leads, but doesn't know it yet.
  void lose_leader() {
    news_delays_ = {{2, milliseconds(200)}};
    kill(1);
    fence(1);
    ASSERT_EQ(image().leader, BrokerId(2));
  }
  void wait_for_news() {
    ASSERT_TRUE(eventually([&] { return partition(2)->current_leader().leader == BrokerId(2); }));
  }

  // Broker 1 leads and has more of the producer's batches than it remembers; nobody else has them.
  void write_what_is_cut_off() {
    cut_off(1);
    for (const int sequence : {1, 2, 3, 4, 5, 6, 7}) {
      ASSERT_EQ(send(sequence, 1, kLeaderOnly), ErrorCode::kNone);
    }
  }

  std::map<int, std::unique_ptr<net::PeerClient>> connections_;
  // In the last answer.
  Offset offset_ = base::kNoOffset;
};

// As Java's client does: while one batch waits for the old leader's answer it goes on at the next.
TEST_F(NextLeaderTest, KnowsABatchOlderThanTheLastFiveThatTheOldLeaderTook) {
  start_all();
  create_topic();
  for (const int sequence : {0, 1, 2}) ASSERT_EQ(send(sequence, 1), ErrorCode::kNone);
  lose_leader();
  wait_for_news();
  for (const int sequence : {3, 4, 5, 6, 7}) ASSERT_EQ(send(sequence), ErrorCode::kNone);
  for (const int sequence : {2, 3, 1}) {
    EXPECT_EQ(send(sequence), ErrorCode::kNone);
    EXPECT_EQ(offset_, Offset(sequence));
  }
  EXPECT_EQ(send(1, 2, kAllInSync, 2), ErrorCode::kDuplicateSequenceNumber) << "as two batches";
  EXPECT_EQ(offset_, base::kNoOffset);
  EXPECT_EQ(send(9), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(partition(2)->log().log_end_offset(), Offset(8));
}

// What only this leader has may be lost yet.
TEST_F(NextLeaderTest, AnOlderBatchIsAcknowledgedOnceItIsCommitted) {
  start_all();
  create_topic();
  ASSERT_EQ(send(0, 1), ErrorCode::kNone);
  write_what_is_cut_off();
  EXPECT_EQ(send(0, 1), ErrorCode::kNone);
  EXPECT_EQ(send(1, 1), ErrorCode::kRequestTimedOut);
  EXPECT_EQ(send(1, 1, kAllInSync, 2), ErrorCode::kRequestTimedOut);
  EXPECT_EQ(send(1, 1, kLeaderOnly), ErrorCode::kNone);
  EXPECT_EQ(offset_, Offset(1));
  EXPECT_EQ(send(1, 1, kLeaderOnly, 2), ErrorCode::kDuplicateSequenceNumber);
  simulation_.network().heal_all();
  EXPECT_EQ(send(1, 1, kAllInSync, 2), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_GE(partition(1)->offsets().high_watermark, Offset(3));
  EXPECT_EQ(send(1, 1), ErrorCode::kNone);
}

// The same, and it is lost: whoever had it, and leads again, does not take it for a duplicate.
TEST_F(NextLeaderTest, ABatchThatWasCutIsNoDuplicate) {
  start_all();
  create_topic();
  ASSERT_EQ(send(0, 1), ErrorCode::kNone);
  write_what_is_cut_off();
  ASSERT_EQ(send(1, 1, kLeaderOnly), ErrorCode::kNone) << "it is a duplicate";
  fence(1);
  ASSERT_EQ(image().leader, BrokerId(2));
  simulation_.network().heal_all();
  unfence(1);
  ASSERT_TRUE(eventually([&] { return all_are_at(1); }));
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  for (const int id : {2, 3}) fence(id);
  ASSERT_EQ(image().leader, BrokerId(1));
  ASSERT_TRUE(eventually([&] { return partition(1)->current_leader().leader == BrokerId(1); }));
  EXPECT_EQ(send(2, 1, kLeaderOnly), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(send(1, 1, kLeaderOnly), ErrorCode::kNone);
  EXPECT_EQ(partition(1)->log().log_end_offset(), Offset(2));
}

TEST_F(NextLeaderTest, RefusesWhatComesBehindABatchThatCameTooEarly) {
  start_all();
  create_topic();
  ASSERT_EQ(send(0, 1), ErrorCode::kNone);
  lose_leader();
  EXPECT_EQ(send(1), ErrorCode::kNotLeaderOrFollower);
  wait_for_news();
  EXPECT_EQ(send(2), ErrorCode::kNotLeaderOrFollower) << "it is out of order by now";
  EXPECT_EQ(send(3), ErrorCode::kNotLeaderOrFollower);
  for (const int sequence : {1, 2, 3}) EXPECT_EQ(send(sequence), ErrorCode::kNone);
  EXPECT_EQ(partition(2)->log().log_end_offset(), Offset(4));
  EXPECT_EQ(send(3), ErrorCode::kNone) << "a duplicate";
  EXPECT_EQ(send(5), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(partition(2)->log().log_end_offset(), Offset(4));
}

TEST_F(NextLeaderTest, DoesNotTakeASecondBatchForAnUnknownProducersFirst) {
  start_all();
  create_topic();
  lose_leader();
  EXPECT_EQ(send(0), ErrorCode::kNotLeaderOrFollower);
  wait_for_news();
  EXPECT_EQ(send(1), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(send(0), ErrorCode::kNone);
  EXPECT_EQ(send(1), ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::broker::testing
