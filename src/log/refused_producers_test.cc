// SPDX-License-Identifier: Apache-2.0
#include "log/refused_producers.h"

#include <gtest/gtest.h>

#include "record/build.h"

namespace odradek::log {
namespace {

base::SharedBytes batch(std::int64_t producer, std::int32_t sequence, std::int16_t epoch = 0) {
  record::BatchBuilder builder({.producer_id = base::ProducerId(producer),
                                .producer_epoch = base::ProducerEpoch(epoch),
                                .base_sequence = sequence});
  builder.append(base::Timestamp(1), std::nullopt, base::as_bytes("value"));
  return builder.build();
}

ProducerState knowing(std::int64_t producer) {
  ProducerState known;
  (void)known.append({.producer_id = base::ProducerId(producer),
                      .producer_epoch = base::ProducerEpoch(0),
                      .base_sequence = 0,
                      .last_sequence = 0,
                      .first_offset = base::Offset(0),
                      .last_offset = base::Offset(0)});
  return known;
}

TEST(RefusedProducers, TheBatchThatWasRefusedFirstComesFirst) {
  const ProducerState nobody;
  RefusedProducers refused;
  refused.note(batch(1, 3).view(), nobody);
  refused.note(batch(1, 4).view(), nobody);
  const auto early = refused.check(batch(1, 4).view(), nobody);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, base::ErrorCode::kKafkaStorageError);
  EXPECT_TRUE(refused.check(batch(2, 9).view(), nobody)) << "another one";
  EXPECT_TRUE(refused.check(batch(1, 3).view(), nobody));
  EXPECT_TRUE(refused.check(batch(1, 4).view(), nobody));
  EXPECT_EQ(refused.size(), 0U);
}

TEST(RefusedProducers, ANewEpochBeginsAnew) {
  const ProducerState nobody;
  RefusedProducers refused;
  refused.note(batch(1, 3).view(), nobody);
  EXPECT_TRUE(refused.check(batch(1, 7, 1).view(), nobody));
  EXPECT_EQ(refused.size(), 0U);
}

TEST(RefusedProducers, ProducersThatTheLogKnowsAreNotKept) {
  RefusedProducers refused;
  refused.note(batch(1, 3).view(), knowing(1));
  EXPECT_EQ(refused.size(), 0U);
  refused.note(batch(1, 3).view(), {});
  EXPECT_TRUE(refused.check(batch(1, 4).view(), knowing(1))) << "its sequence holds it in order";
}

}  // namespace
}  // namespace odradek::log
