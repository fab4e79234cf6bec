// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/alter_partition.h"

#include <gtest/gtest.h>

#include <limits>

#include "metadata/controller/leader_balance.h"
#include "metadata/controller/partition_change.h"
#include "metadata/controller/partitions.h"
#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;

ReplicaList ids(std::initializer_list<std::int32_t> numbers) {
  ReplicaList list;
  for (const std::int32_t number : numbers) list.emplace_back(number);
  return list;
}

// Brokers 1 to 4 serve; a topic on 1, 2 and 3, led by 1.
class AlterPartition : public ::testing::Test {
 protected:
  AlterPartition() {
    for (int id = 1; id <= 4; ++id) cluster_.add_broker(id);
    create("t", {{"min.insync.replicas", "2"}});
  }
  void create(const std::string& name, const std::map<std::string, std::string>& configs) {
    auto topic = new_topic(name, -1, -1, configs);
    topic.assignments = {{0, ids({1, 2, 3})}};
    EXPECT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
  }
  const PartitionImage& partition(const std::string& name = "t") {
    return cluster_.topic(name).partitions.at(0);
  }
  std::int64_t epoch_of(std::int32_t id) {
    return cluster_.image().find_broker(BrokerId(id))->epoch;
  }
  using Wanted = wire::AlterPartitionRequest::PartitionData;
  Wanted want(const ReplicaList& in_sync, const std::string& name = "t") {
    Wanted wanted;
    wanted.partition_index = 0;
    wanted.leader_epoch = partition(name).leader_epoch;
    wanted.partition_epoch = partition(name).partition_epoch;
    for (const BrokerId id : in_sync) wanted.new_isr_with_epochs.push_back({id, -1});
    return wanted;
  }
  wire::AlterPartitionResponse::PartitionData ask(Wanted wanted, std::int32_t from = 1,
                                                  const std::string& name = "t") {
    wire::AlterPartitionRequest request;
    request.broker_id = BrokerId(from);
    request.broker_epoch = epoch_of(from);
    auto& topic = request.topics.emplace_back();
    topic.topic_id = cluster_.topic(name).id;
    topic.partitions.push_back(std::move(wanted));
    auto decision = alter_partition(cluster_.view(), request, 3);
    EXPECT_EQ(decision.reply.error_code, ErrorCode::kNone);
    cluster_.apply(decision.records);
    events_ = std::move(decision.events);
    return decision.reply.topics.at(0).partitions.at(0);
  }
  ErrorCode error(Wanted wanted, std::int32_t from = 1) {
    const auto before = partition();
    const ErrorCode code = ask(std::move(wanted), from).error_code;
    EXPECT_EQ(partition(), before);
    return code;
  }
  void fence(std::int32_t id) {
    const auto changes =
        fence_broker(cluster_.view(), BrokerId(id), {Reason::kSessionExpired, BrokerId(id), 1});
    cluster_.apply(changes.records);
    events_ = changes.events;
  }
  void unfence(std::int32_t id) {
    const auto changes =
        unfence_broker(cluster_.view(), BrokerId(id), {Reason::kBrokerCaughtUp, BrokerId(id)});
    cluster_.apply(changes.records);
    events_ = changes.events;
  }
  ErrorCode reassign(std::optional<ReplicaList> replicas, const std::string& name = "t") {
    wire::AlterPartitionReassignmentsRequest request;
    request.topics.push_back({name, {{0, std::move(replicas)}}});
    auto decision = alter_partition_reassignments(cluster_.view(), request);
    cluster_.apply(decision.records);
    events_ = std::move(decision.events);
    return decision.reply.responses.at(0).partitions.at(0).error_code;
  }
  const PartitionEvent& event() {
    for (const Event& one : events_) {
      if (const auto* change = std::get_if<PartitionEvent>(&one)) return *change;
    }
    static const PartitionEvent kNone;
    ADD_FAILURE() << "no partition changed";
    return kNone;
  }

  TestCluster cluster_;
  std::vector<Event> events_;
};

TEST_F(AlterPartition, ShrinksAndGrowsTheSetInTheSameLeaderEpoch) {
  const auto before = partition();
  const auto shrunk = ask(want(ids({1, 2})));
  EXPECT_EQ(shrunk.error_code, ErrorCode::kNone);
  EXPECT_EQ(shrunk.isr, ids({1, 2}));
  EXPECT_EQ(shrunk.partition_epoch, before.partition_epoch + 1);
  EXPECT_EQ(shrunk.leader_epoch, before.leader_epoch);
  EXPECT_EQ(shrunk.leader_id, BrokerId(1));
  EXPECT_EQ(describe(event()),
            "t-0: in sync [1, 2] (was [1, 2, 3]); because its leader, broker 1, asked for it");
  EXPECT_EQ(ask(want(ids({1, 2, 3}))).isr, ids({1, 2, 3}));
}

TEST_F(AlterPartition, TheSameSetAgainIsNoChange) {
  const auto before = partition();
  EXPECT_EQ(ask(want(ids({1, 2, 3}))).partition_epoch, before.partition_epoch);
  EXPECT_EQ(partition(), before);
}

TEST_F(AlterPartition, OldAndFutureEpochsAreRefused) {
  fence(3);
  auto wanted = want(ids({1, 2}));
  ++wanted.partition_epoch;
  EXPECT_EQ(error(wanted), ErrorCode::kNotController);
  wanted.partition_epoch -= 2;
  EXPECT_EQ(error(wanted), ErrorCode::kInvalidUpdateVersion);
  wanted = want(ids({1, 2}));
  wanted.leader_epoch = base::LeaderEpoch(wanted.leader_epoch.value() + 1);
  EXPECT_EQ(error(wanted), ErrorCode::kNotController);
  fence(1);
  EXPECT_EQ(partition().leader, BrokerId(2));
  wanted = want(ids({1, 2}));
  wanted.leader_epoch = base::LeaderEpoch(wanted.leader_epoch.value() - 1);
  EXPECT_EQ(error(wanted), ErrorCode::kFencedLeaderEpoch);
}

TEST_F(AlterPartition, SetsThatCannotBeAreRefused) {
  EXPECT_EQ(error(want(ids({1, 2})), 2), ErrorCode::kInvalidRequest) << "not the leader";
  EXPECT_EQ(error(want(ids({2, 3}))), ErrorCode::kInvalidRequest) << "without the leader";
  EXPECT_EQ(error(want(ids({1, 4}))), ErrorCode::kInvalidRequest) << "no replica";
  EXPECT_EQ(error(want(ids({1, 1}))), ErrorCode::kInvalidRequest) << "double";
  EXPECT_EQ(error(want({})), ErrorCode::kInvalidRequest);
  auto recovering = want(ids({1}));
  recovering.leader_recovery_state = kRecovering;
  EXPECT_EQ(error(recovering), ErrorCode::kInvalidRequest) << "it never was";
  recovering.leader_recovery_state = 7;
  EXPECT_EQ(error(recovering), ErrorCode::kInvalidRequest);
}

TEST_F(AlterPartition, MembersMustServeInTheEpochThatTheLeaderSaw) {
  fence(3);
  EXPECT_EQ(error(want(ids({1, 2, 3}))), ErrorCode::kIneligibleReplica) << "fenced";
  unfence(3);
  auto wanted = want(ids({1, 2, 3}));
  wanted.new_isr_with_epochs[2].broker_epoch = epoch_of(3) - 1;
  EXPECT_EQ(error(wanted), ErrorCode::kIneligibleReplica) << "another process";
  wanted.new_isr_with_epochs[2].broker_epoch = epoch_of(3);
  EXPECT_EQ(ask(wanted).error_code, ErrorCode::kNone);
  cluster_.apply(shut_down_broker(cluster_.view(), BrokerId(3)).records);
  EXPECT_EQ(error(want(ids({1, 2, 3}))), ErrorCode::kIneligibleReplica) << "shutting down";
}

TEST_F(AlterPartition, StrangersAreRefused) {
  wire::AlterPartitionRequest request;
  request.broker_id = BrokerId(1);
  request.broker_epoch = epoch_of(1) + 1;
  EXPECT_EQ(alter_partition(cluster_.view(), request, 3).reply.error_code,
            ErrorCode::kStaleBrokerEpoch);
  request.broker_epoch = epoch_of(1);
  auto& topic = request.topics.emplace_back();
  topic.topic_id = uuid(999);
  topic.partitions.emplace_back();
  auto& known = request.topics.emplace_back();
  known.topic_id = cluster_.topic("t").id;
  known.partitions.emplace_back().partition_index = 8;
  const auto reply = alter_partition(cluster_.view(), request, 3).reply;
  EXPECT_EQ(reply.topics.at(0).partitions.at(0).error_code, ErrorCode::kUnknownTopicId);
  EXPECT_EQ(reply.topics.at(1).partitions.at(0).error_code, ErrorCode::kUnknownTopicOrPartition);
}

TEST_F(AlterPartition, BelowTheMinimumWhoLeavesStaysEligible) {
  ask(want(ids({1, 2})));
  EXPECT_TRUE(partition().eligible_leader_replicas.empty()) << "two are enough";
  ask(want(ids({1})));
  EXPECT_EQ(partition().eligible_leader_replicas, ids({2}));
  fence(1);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, ids({2}));
  EXPECT_EQ(partition().eligible_leader_replicas, ids({1}));
  EXPECT_EQ(event().election, Election::kEligible);
  ask(want(ids({2, 3})), 2);
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
}

TEST_F(AlterPartition, WhenAllAreGoneThoseWhoHaveEverythingAreWaitedFor) {
  for (const int id : {3, 2, 1}) fence(id);
  EXPECT_EQ(partition().leader, base::kNoBroker);
  EXPECT_TRUE(partition().in_sync_replicas.empty());
  EXPECT_EQ(partition().eligible_leader_replicas, ids({2, 1}));
  EXPECT_EQ(partition().last_known_eligible_leader_replicas, ids({1}));
  EXPECT_EQ(event().election, Election::kLost);
  unfence(3);
  EXPECT_EQ(partition().leader, base::kNoBroker) << "broker 3 may miss something";
  unfence(2);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, ids({2}));
  EXPECT_EQ(partition().eligible_leader_replicas, ids({1}));
  EXPECT_TRUE(partition().last_known_eligible_leader_replicas.empty());
  EXPECT_EQ(partition().leader_recovery_state, kRecovered);
}

TEST_F(AlterPartition, AnUncleanElectionIsOnlyWhereItIsAllowed) {
  create("any", {{"unclean.leader.election.enable", "true"}});
  for (const auto* topic : {"t", "any"}) {
    wire::PartitionChangeRecord alone;  // only broker 1 has everything
    alone.topic_id = cluster_.topic(topic).id;
    alone.partition_id = 0;
    alone.isr = ids({1});
    cluster_.apply({alone});
  }
  fence(1);
  EXPECT_EQ(partition("t").leader, base::kNoBroker);
  EXPECT_EQ(partition("any").leader, BrokerId(2));
  EXPECT_EQ(partition("any").in_sync_replicas, ids({2}));
  EXPECT_EQ(partition("any").leader_recovery_state, kRecovering);
  auto both = want(ids({2, 3}), "any");
  both.leader_recovery_state = kRecovering;
  EXPECT_EQ(ask(both, 2, "any").error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ask(want(ids({2, 3}), "any"), 2, "any").error_code, ErrorCode::kNone);
  EXPECT_EQ(partition("any").leader_recovery_state, kRecovered);
}

TEST_F(AlterPartition, AllowingUncleanElectionsLaterElects) {
  ask(want(ids({1})));
  wire::PartitionChangeRecord no_eligible;
  no_eligible.topic_id = cluster_.topic("t").id;
  no_eligible.partition_id = 0;
  no_eligible.eligible_leader_replicas.emplace();
  cluster_.apply({no_eligible});
  fence(1);
  EXPECT_TRUE(elect_unclean_leaders(cluster_.view()).empty());
  cluster_.set("unclean.leader.election.enable", "true");
  const auto changes = elect_unclean_leaders(cluster_.view());
  cluster_.apply(changes.records);
  events_ = changes.events;
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(event().election, Election::kUnclean);
  EXPECT_EQ(event().cause.reason, Reason::kUncleanAllowed);
  EXPECT_NE(describe(event()).find("committed records may be lost"), std::string::npos);
}

TEST_F(AlterPartition, LeadershipGoesBackWhenTooMuchIsAway) {
  fence(1);
  unfence(1);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_TRUE(balance_leaders(cluster_.view(), 10).empty()) << "not in sync yet";
  ask(want(ids({2, 3, 1})), 2);
  EXPECT_TRUE(balance_leaders(cluster_.view(), 100).empty()) << "so much is allowed";
  const auto changes = balance_leaders(cluster_.view(), 10);
  cluster_.apply(changes.records);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_TRUE(balance_leaders(cluster_.view(), 10).empty());
}

TEST_F(AlterPartition, AReassignmentIsCompletedByTheSet) {
  EXPECT_EQ(reassign(ids({4, 2, 3})), ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, ids({4, 2, 3, 1}));
  EXPECT_EQ(partition().adding_replicas, ids({4}));
  EXPECT_EQ(partition().removing_replicas, ids({1}));
  EXPECT_EQ(event().reassignment, ReassignmentStep::kBegun);
  const auto epoch = partition().leader_epoch;
  EXPECT_EQ(ask(want(ids({1, 2, 3, 4}))).error_code, ErrorCode::kNewLeaderElected);
  EXPECT_EQ(partition().replicas, ids({4, 2, 3}));
  EXPECT_EQ(partition().in_sync_replicas, ids({2, 3, 4}));
  EXPECT_EQ(partition().leader, BrokerId(4));
  EXPECT_GT(partition().leader_epoch, epoch);
  EXPECT_EQ(event().reassignment, ReassignmentStep::kCompleted);
}

TEST_F(AlterPartition, AReplicaThatGoesBeginsANewLeaderEpoch) {
  const auto epoch = partition().leader_epoch;
  EXPECT_EQ(reassign(ids({1, 2})), ErrorCode::kNone);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_EQ(partition().leader_epoch.value(), epoch.value() + 1);
}

TEST_F(AlterPartition, AFactorThatShrinksWaitsForAllThatStay) {
  ask(want(ids({1, 2})));
  EXPECT_EQ(reassign(ids({1, 3})), ErrorCode::kNone);
  EXPECT_EQ(partition().removing_replicas, ids({2})) << "3 is not in sync";
  EXPECT_EQ(ask(want(ids({1, 2, 3}))).error_code, ErrorCode::kNone);
  EXPECT_EQ(partition().replicas, ids({1, 3}));
}

TEST_F(AlterPartition, AnotherTargetReplacesTheFirst) {
  cluster_.add_broker(5);
  reassign(ids({1, 2, 4}));
  EXPECT_EQ(reassign(ids({1, 2, 5})), ErrorCode::kNone);
  EXPECT_EQ(partition().adding_replicas, ids({5}));
  EXPECT_EQ(partition().removing_replicas, ids({3, 4}));
  EXPECT_EQ(event().reassignment, ReassignmentStep::kChanged);
  EXPECT_EQ(reassign(ids({1, 2, 3})), ErrorCode::kNone);
  EXPECT_FALSE(is_reassigning(partition())) << "back at once: nothing is waited for";
  EXPECT_EQ(partition().replicas, ids({1, 2, 3}));
}

TEST_F(AlterPartition, WhatCannotBeRevertedCleanlyIsOnlyWhereThatIsAllowed) {
  for (const auto* topic : {"t", "any"}) {
    if (topic == std::string("any")) create("any", {{"unclean.leader.election.enable", "true"}});
    EXPECT_EQ(reassign(ids({4}), topic), ErrorCode::kNone);
    wire::PartitionChangeRecord only_new;  // the old ones fell behind
    only_new.topic_id = cluster_.topic(topic).id;
    only_new.partition_id = 0;
    only_new.isr = ids({4});
    only_new.leader = BrokerId(4);
    cluster_.apply({only_new});
  }
  EXPECT_EQ(reassign(std::nullopt, "t"), ErrorCode::kInvalidReplicaAssignment);
  EXPECT_EQ(reassign(std::nullopt, "any"), ErrorCode::kNone);
  EXPECT_FALSE(contains(partition("any").replicas, BrokerId(4)));
  EXPECT_EQ(partition("any").in_sync_replicas, ReplicaList{partition("any").leader});
  EXPECT_EQ(event().election, Election::kUnclean);
  EXPECT_EQ(event().reassignment, ReassignmentStep::kCancelled);
}

TEST_F(AlterPartition, ProducerIdsComeInBlocks) {
  wire::AllocateProducerIdsRequest request;
  request.broker_id = BrokerId(1);
  request.broker_epoch = epoch_of(1);
  for (const std::int64_t start : {0, 1000}) {
    const auto decision = allocate_producer_ids(cluster_.image(), request);
    EXPECT_EQ(decision.reply.error_code, ErrorCode::kNone);
    EXPECT_EQ(decision.reply.producer_id_start, base::ProducerId(start));
    EXPECT_EQ(decision.reply.producer_id_len, 1000);
    cluster_.apply(decision.records);
  }
  request.broker_epoch += 1;
  EXPECT_EQ(allocate_producer_ids(cluster_.image(), request).reply.error_code,
            ErrorCode::kStaleBrokerEpoch);
  request.broker_epoch -= 1;
  wire::ProducerIdsRecord last;
  last.next_producer_id = base::ProducerId(std::numeric_limits<std::int64_t>::max() - 999);
  cluster_.apply({last});
  EXPECT_EQ(allocate_producer_ids(cluster_.image(), request).reply.error_code,
            ErrorCode::kUnknownServerError);
}

}  // namespace
}  // namespace odradek::metadata::testing
