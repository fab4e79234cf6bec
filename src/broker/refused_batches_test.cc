// SPDX-License-Identifier: Apache-2.0
#include "broker/refused_batches.h"

#include <gtest/gtest.h>

#include <limits>

#include "record/build.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using base::ProducerEpoch;

constexpr std::int64_t kProducer = 7;

class RefusedBatchesTest : public testing::Test {
 protected:
  // A batch of one record.
  static base::SharedBytes batch(std::int32_t sequence, std::int16_t epoch = 0,
                                 std::int64_t producer = kProducer) {
    record::BatchBuilder builder({.producer_id = base::ProducerId(producer),
                                  .producer_epoch = ProducerEpoch(epoch),
                                  .base_sequence = sequence});
    builder.append(base::Timestamp(1), std::nullopt, base::as_bytes("value"));
    return builder.build();
  }
  void refuse(std::int32_t sequence, ErrorCode code = ErrorCode::kNotLeaderOrFollower) {
    const auto bytes = batch(sequence);
    refused_.note(place_, *record::BatchView::parse(bytes.view()), code);
  }
  ErrorCode check(const base::SharedBytes& bytes,
                  std::optional<RefusedBatches::Known> known = std::nullopt) {
    auto done = refused_.check(place_, *record::BatchView::parse(bytes.view()), known);
    return done ? ErrorCode::kNone : done.error().code;
  }
  static RefusedBatches::Known known(std::int32_t last_sequence) {
    return {ProducerEpoch(0), last_sequence};
  }

  RefusedBatches refused_;
  RefusedBatches::Place place_{"t", {}, 0};
};

TEST_F(RefusedBatchesTest, WhatComesBehindIsRefusedForTheSameReasonUntilTheFirstComesAgain) {
  refuse(10, ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ(check(batch(11)), ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ(check(batch(12), known(9)), ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ(check(batch(10), known(9)), ErrorCode::kNone);
  EXPECT_EQ(check(batch(11), known(10)), ErrorCode::kNone);
  EXPECT_TRUE(refused_.empty());
}

TEST_F(RefusedBatchesTest, OneThatFollowsInTheLogIsInOrder) {
  refuse(10);
  EXPECT_EQ(check(batch(11), known(10)), ErrorCode::kNone) << "another broker had the first one";
  EXPECT_TRUE(refused_.empty());
}

TEST_F(RefusedBatchesTest, OthersAreNotHeldUp) {
  refuse(10);
  EXPECT_EQ(check(batch(11, 0, kProducer + 1)), ErrorCode::kNone);
  place_.partition = 1;
  EXPECT_EQ(check(batch(11)), ErrorCode::kNone);
  place_.partition = 0;
  EXPECT_EQ(check(batch(9)), ErrorCode::kNone) << "before the refused one";
  refuse(10);
  EXPECT_EQ(check(batch(0, 1)), ErrorCode::kNone) << "the producer began anew";
  EXPECT_TRUE(refused_.empty());
}

// A client that never sends the refused batch again hears what Kafka says, once all that it had in
// flight is answered.
TEST_F(RefusedBatchesTest, NotMoreThanAClientHasInFlight) {
  refuse(10);
  for (std::int32_t sequence = 11; sequence < 15; ++sequence) {
    EXPECT_EQ(check(batch(sequence)), ErrorCode::kNotLeaderOrFollower);
    refuse(sequence);
  }
  EXPECT_EQ(check(batch(11)), ErrorCode::kNone);
  EXPECT_TRUE(refused_.empty());
}

TEST_F(RefusedBatchesTest, SequencesBeginAgainWithZero) {
  constexpr auto kLast = std::numeric_limits<std::int32_t>::max();
  refuse(kLast);
  EXPECT_EQ(check(batch(0)), ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(check(batch(0), known(kLast)), ErrorCode::kNone);
}

TEST_F(RefusedBatchesTest, BatchesWithoutAProducerAreNotKept) {
  record::BatchBuilder builder;
  builder.append(base::Timestamp(1), std::nullopt, base::as_bytes("value"));
  const auto bytes = builder.build();
  refused_.note(place_, *record::BatchView::parse(bytes.view()), ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(refused_.empty());
}

}  // namespace
}  // namespace odradek::broker
