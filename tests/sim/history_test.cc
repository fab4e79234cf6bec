// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace odradek::sim_test {
namespace {

using base::Offset;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const base::TopicPartition kPartition{"t", 0};

struct HistoryTest : testing::Test {
  HistoryTest() {
    for (const char* value : {"a", "b", "c"}) history.sent(kPartition, "p", value, true);
  }
  History history;
};

TEST_F(HistoryTest, WhatHoldsIsNoViolation) {
  history.acknowledged(kPartition, Offset(0), "a");
  history.shown(kPartition, Offset(1), "b");
  history.shown(kPartition, Offset(1), "b");
  history.check_final(kPartition, {{Offset(0), "a"}, {Offset(1), "b"}});
  EXPECT_THAT(history.violations(), IsEmpty());
}

TEST_F(HistoryTest, AnAcknowledgedRecordMayNotBeLostOrReplaced) {
  history.acknowledged(kPartition, Offset(0), "a");
  history.acknowledged(kPartition, Offset(1), "b");
  history.check_final(kPartition, {{Offset(0), "c"}});
  EXPECT_THAT(history.violations(),
              ElementsAre("t-0: 'a' at offset 0 was acknowledged; there is now 'c'",
                          "t-0: 'b' at offset 1 was acknowledged; there is now nothing"));
}

TEST_F(HistoryTest, WhatWasAcknowledgedWithoutItsOffsetIsSomewhere) {
  history.acknowledged_somewhere(kPartition, "a");
  history.acknowledged_somewhere(kPartition, "b");
  history.check_now(kPartition, {}, "a follower", false);
  history.check_final(kPartition, {{Offset(0), "a"}, {Offset(1), "b"}});
  EXPECT_THAT(history.violations(), IsEmpty());
  history.check_now(kPartition, {{Offset(0), "a"}}, "a leader", true);
  history.check_final(kPartition, {{Offset(0), "b"}});
  EXPECT_THAT(history.violations(),
              ElementsAre("t-0 on a leader: 'b' was acknowledged and is nowhere",
                          "t-0: 'a' was acknowledged and is nowhere"));
}

TEST_F(HistoryTest, OnlyWhatWasToBeDeletedMayBeGone) {
  history.acknowledged(kPartition, Offset(0), "a");
  history.acknowledged(kPartition, Offset(1), "b");
  history.deletion_asked(kPartition, Offset(1));
  history.deletion_asked(kPartition, Offset(0));
  history.start_shown(kPartition, Offset(1));
  history.check_final(kPartition, {{Offset(1), "b"}});
  EXPECT_THAT(history.violations(), IsEmpty());
  history.start_shown(kPartition, Offset(2));
  history.check_final(kPartition, {{Offset(0), "c"}});
  EXPECT_THAT(history.violations(),
              ElementsAre("t-0 begins at 2, and only what lies before 1 was to be deleted",
                          "t-0: 'a' at offset 0 was acknowledged; there is now 'c'",
                          "t-0: 'b' at offset 1 was acknowledged; there is now nothing"));
}

TEST_F(HistoryTest, ARecordThatWasShownStays) {
  history.shown(kPartition, Offset(0), "a");
  history.shown(kPartition, Offset(0), "b");
  history.check_final(kPartition, {{Offset(0), "b"}});
  EXPECT_THAT(history.violations(), ElementsAre(HasSubstr("was shown as 'a' and later as 'b'"),
                                                HasSubstr("'a' at offset 0 was shown")));
}

TEST_F(HistoryTest, DoublesDisorderGapsAndStrangersAreFound) {
  history.check_final(kPartition, {{Offset(0), "a"}, {Offset(1), "a"}});
  EXPECT_THAT(history.violations(), ElementsAre(HasSubstr("there twice")));
  History disordered = history;
  disordered.check_final(kPartition, {{Offset(0), "b"}, {Offset(1), "a"}});
  EXPECT_EQ(disordered.violations().size(), 2U);
  history.check_final(kPartition, {{Offset(0), "a"}, {Offset(2), "x"}});
  EXPECT_THAT(history.violations(),
              ElementsAre(testing::_, "t-0: offset 1 is missing", HasSubstr("was never sent")));
}

TEST_F(HistoryTest, ACommitStaysUntilALaterOneWasSent) {
  history.commit_found("g", kPartition, base::kNoOffset);
  const auto first = history.commit_sent("g", kPartition, Offset(5));
  history.commit_found("g", kPartition, base::kNoOffset);
  history.commit_found("g", kPartition, Offset(5));
  const auto second = history.commit_sent("g", kPartition, Offset(7));
  history.commit_acknowledged("g", kPartition, second);
  history.commit_acknowledged("g", kPartition, first);
  history.commit_found("g", kPartition, Offset(7));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.commit_found("g", kPartition, Offset(5));
  EXPECT_THAT(history.violations(),
              ElementsAre("group g, t-0: committed offset is 5, acknowledged was 7"));
}

TEST_F(HistoryTest, OneLeaderAcknowledgesInAnEpoch) {
  history.acknowledged_by(kPartition, "a", base::BrokerId(1));
  history.acknowledged_by(kPartition, "b", base::BrokerId(1));
  history.acknowledged_by(kPartition, "c", base::BrokerId(2));
  history.check_epoch(kPartition, "a", base::LeaderEpoch(4));
  history.check_epoch(kPartition, "b", base::LeaderEpoch(5));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.check_epoch(kPartition, "c", base::LeaderEpoch(5));
  EXPECT_THAT(history.violations(),
              ElementsAre("t-0: broker 2 acknowledged in epoch 5, in which broker 1 leads"));
}

TEST_F(HistoryTest, OneLeaderIsDecidedForAnEpochAndIsTheOneThatAcknowledges) {
  history.leader_decided(kPartition, base::LeaderEpoch(4), base::BrokerId(1));
  history.leader_decided(kPartition, base::LeaderEpoch(4), base::BrokerId(1));
  history.acknowledged_by(kPartition, "a", base::BrokerId(1));
  history.check_epoch(kPartition, "a", base::LeaderEpoch(4));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.acknowledged_by(kPartition, "b", base::BrokerId(2));
  history.check_epoch(kPartition, "b", base::LeaderEpoch(4));
  history.leader_decided(kPartition, base::LeaderEpoch(4), base::BrokerId(2));
  EXPECT_THAT(history.violations(),
              ElementsAre("t-0: broker 2 acknowledged in epoch 4, in which broker 1 leads",
                          "t-0: broker 1 was to lead in epoch 4, then broker 2"));
}

TEST_F(HistoryTest, NoClientIsShownAnEarlierEnd) {
  history.end_shown(kPartition, "one", Offset(5));
  history.end_shown(kPartition, "other", Offset(3));
  history.end_shown(kPartition, "one", Offset(5));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.end_shown(kPartition, "one", Offset(4));
  EXPECT_THAT(history.violations(), ElementsAre("t-0: one was shown the end 4 after 5"));
}

TEST_F(HistoryTest, ATopicThatMayLoseKeepsItsOrder) {
  history.may_lose("t");
  history.acknowledged(kPartition, Offset(0), "a");
  history.acknowledged(kPartition, Offset(0), "b");
  history.end_shown(kPartition, "one", Offset(5));
  history.end_shown(kPartition, "one", Offset(4));
  history.check_final(kPartition, {{Offset(0), "b"}});
  EXPECT_THAT(history.violations(), IsEmpty());
  history.check_final(kPartition, {{Offset(0), "b"}, {Offset(1), "a"}}, "broker-1");
  EXPECT_THAT(history.violations(), ElementsAre(HasSubstr("t-0 on broker-1: 'a'")));
}

TEST_F(HistoryTest, AProducerIdIsGivenOnce) {
  history.producer_id_given(base::ProducerId(1));
  history.producer_id_given(base::ProducerId(2));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.producer_id_given(base::ProducerId(1));
  EXPECT_EQ(history.violations().size(), 1U);
}

TEST_F(HistoryTest, ATopicKeepsItsId) {
  history.topic_created("t", base::Uuid::from_random(1, 2));
  history.topic_created("t", base::Uuid::from_random(1, 2));
  EXPECT_THAT(history.violations(), IsEmpty());
  history.topic_created("t", base::Uuid::from_random(3, 4));
  EXPECT_EQ(history.violations().size(), 1U);
}

}  // namespace
}  // namespace odradek::sim_test
