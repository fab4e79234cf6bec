// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/replication.h"

#include <gtest/gtest.h>

#include "broker/internal_topics.h"
#include "broker/replication/replication_cluster.h"
#include "metadata/controller/partitions.h"
#include "metadata/image_difference.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/fetch.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/metadata.h"

namespace odradek::broker::testing {
namespace {

class ReplicationTest : public ::testing::Test, public ReplicationCluster {
 protected:
  ReplicationTest() : ReplicationCluster(1) {}

  void reassign(std::vector<BrokerId> replicas) {
    wire::AlterPartitionReassignmentsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    auto& moved = topic.partitions.emplace_back();
    moved.partition_index = 0;
    moved.replicas.emplace(std::move(replicas));
    cluster_.apply(metadata::alter_partition_reassignments(cluster_.view(), request).records);
    tell_all();
  }
};

TEST_F(ReplicationTest, WhatIsAcknowledgedIsOnAllReplicas) {
  start_all();
  create_topic();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(code_of_produce(1, "value " + std::to_string(i)), ErrorCode::kNone);
    EXPECT_GE(partition(2)->log().log_end_offset(), Offset(i + 1));
    EXPECT_GE(partition(3)->log().log_end_offset(), Offset(i + 1));
  }
  EXPECT_TRUE(eventually([&] { return all_are_at(20); }));
  EXPECT_EQ(image().in_sync_replicas.size(), 3U);
  EXPECT_EQ(alterations_, 0);
}

// No timer is in the way of an acknowledgement, nor of the high watermark's way to followers.
TEST_F(ReplicationTest, IsAsFastAsItsNetworkAndDisks) {
  start_all();
  create_topic({{"write.caching", "true"}});
  ASSERT_EQ(code_of_produce(1, "first"), ErrorCode::kNone);
  const auto begin = simulation_.elapsed();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(code_of_produce(1, "again"), ErrorCode::kNone);
  ASSERT_TRUE(eventually([&] { return all_are_at(11); }));
  EXPECT_LT(simulation_.elapsed() - begin, milliseconds(11 * 20));
}

TEST_F(ReplicationTest, AKilledLeaderIsFollowedByOneThatHasAll) {
  start_all();
  create_topic();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  kill(1);
  const auto begin = simulation_.elapsed();
  fence(1);
  ASSERT_EQ(image().leader, BrokerId(2));
  EXPECT_EQ(code_of_produce(2, "after"), ErrorCode::kNone);
  EXPECT_LT(simulation_.elapsed() - begin, milliseconds(300)) << "a follower waits for a timer";
  EXPECT_EQ(produce(3, "to the wrong one").error_code, ErrorCode::kNotLeaderOrFollower);
  EXPECT_EQ(last_answer_.responses[0].partition_responses[0].current_leader.leader_id, BrokerId(2));
  ASSERT_EQ(last_answer_.node_endpoints.size(), 1U);
  EXPECT_EQ(last_answer_.node_endpoints[0].host, "broker-2");

  start(1);
  unfence(1);
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }))
      << "the follower that came back does not get in sync";
  EXPECT_TRUE(eventually([&] { return all_are_at(6); }));
}

// What a leader had that nobody else got goes when it comes back as a follower.
TEST_F(ReplicationTest, ADivergingTailIsCut) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_produce(1, "committed"), ErrorCode::kNone);
  cut_off(1);
  ASSERT_EQ(code_of_produce(1, "lost", 1), ErrorCode::kNone);
  ASSERT_EQ(code_of_produce(1, "lost too", 1), ErrorCode::kNone);
  kill(1);
  fence(1);
  ASSERT_EQ(code_of_produce(2, "kept"), ErrorCode::kNone);
  simulation_.network().heal_all();
  start(1);
  unfence(1);
  ASSERT_TRUE(eventually([&] { return all_are_at(2); }));
  EXPECT_EQ(partition(1)->log().latest_leader_epoch(), partition(2)->log().latest_leader_epoch());
}

TEST_F(ReplicationTest, AFollowerThatFallsBehindLeavesAndComesBack) {
  set("replica.lag.time.max.ms", "1000");
  start_all();
  create_topic({{"min.insync.replicas", "3"}});
  ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  kill(3);
  EXPECT_EQ(code_of_produce(1, "in the middle", 1), ErrorCode::kNone);
  is_controller_away_ = true;
  ASSERT_TRUE(eventually([&] { return alterations_ > 2; })) << "it is asked again";
  is_controller_away_ = false;
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 2; }));
  simulation_.run_for(milliseconds(10));
  EXPECT_EQ(code_of_produce(1, "too few"), ErrorCode::kNotEnoughReplicas);
  start(3);
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
  EXPECT_TRUE(eventually([&] { return all_are_at(3); }));
}

// Its followers' sessions do not name it any more, and their fetches count for it all the same.
TEST_F(ReplicationTest, AnIdlePartitionsFollowersHaveTheirTimeWhenItIsWrittenAgain) {
  set("replica.lag.time.max.ms", "2000");
  start_all();
  create_topic();
  ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  simulation_.run_for(seconds(20));
  ASSERT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
  EXPECT_TRUE(eventually([&] { return all_are_at(2); }));
  EXPECT_EQ(alterations_, 0);
  simulation_.run_for(seconds(20));
  kill(3);
  const auto gone = simulation_.elapsed();
  ASSERT_EQ(code_of_produce(1, "without the third"), ErrorCode::kNone);
  // A fetch waits for half a second at most.
  EXPECT_GE(simulation_.elapsed() - gone, milliseconds(1400));
  EXPECT_EQ(image().in_sync_replicas.size(), 2U);
}

TEST_F(ReplicationTest, AnIdlePartitionsFollowersHearWhereItsLogBegins) {
  start_all();
  create_topic();
  for (int i = 0; i < 3; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  simulation_.run_for(seconds(2));
  ASSERT_TRUE(env::sim::run_on_worker(
      simulation_, *hosts_[1], [&] { EXPECT_TRUE(partition(1)->delete_records(Offset(2))); }));
  const auto all_begin_at = [&](Offset start) {
    return partition(2)->log().log_start_offset() == start &&
           partition(3)->log().log_start_offset() == start;
  };
  EXPECT_TRUE(eventually([&] { return all_begin_at(Offset(2)); }));
  EXPECT_TRUE(eventually([&] { return partition(1)->low_watermark() == Offset(2); }));
}

// A broker that was away hears of many changes at once (a snapshot): nothing is committed by a
// minimum that held only before the in-sync set shrank, for the controller takes who left for one
// that has everything.
TEST_F(ReplicationTest, ASmallerInSyncSetIsHeldAgainstTheMinimumThatCameBeforeIt) {
  start_all();
  create_topic({{"min.insync.replicas", "1"}, {"write.caching", "true"}}, {1, 2});
  ASSERT_EQ(code_of_produce(1, "on both"), ErrorCode::kNone);
  cut_off(1);
  ASSERT_EQ(code_of_produce(1, "on one", 1), ErrorCode::kNone);
  const ClusterImage before = cluster_.image();
  wire::ConfigRecord two;
  two.resource_type = static_cast<std::int8_t>(metadata::ConfigResourceType::kTopic);
  two.resource_name = "t";
  two.name = "min.insync.replicas";
  two.value = "2";
  cluster_.apply({two});
  cluster_.apply(metadata::fence_broker(cluster_.view(), BrokerId(2),
                                        {metadata::Reason::kSessionExpired, BrokerId(2), 100})
                     .records);
  ASSERT_EQ(image().eligible_leader_replicas, std::vector{BrokerId(2)});
  cluster_.delta = metadata::difference(before, cluster_.image());
  tell_all();
  simulation_.run_for(milliseconds(100));
  EXPECT_EQ(partition(1)->assignment()->in_sync, std::vector{BrokerId(1)});
  EXPECT_EQ(partition(1)->offsets().high_watermark, Offset(1));
}

TEST_F(ReplicationTest, AReplicaBeginsWhereItsLeadersLogBegins) {
  start_all();
  create_topic({}, {1, 2});
  for (int i = 0; i < 10; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  ASSERT_TRUE(env::sim::run_on_worker(
      simulation_, *hosts_[1], [&] { EXPECT_TRUE(partition(1)->delete_records(Offset(7))); }));
  kill(2);
  data_[2] = "/another-disk";
  start(2);
  ASSERT_TRUE(eventually([&] { return is_at(2, Offset(10), Offset(10)); }));
  EXPECT_EQ(partition(2)->log().log_start_offset(), Offset(7));
  ASSERT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

TEST_F(ReplicationTest, WhatFollowersDoNotHaveIsNotDeleted) {
  start_all();
  create_topic({}, {1, 2});
  ASSERT_EQ(code_of_produce(1, "on both"), ErrorCode::kNone);
  kill(2);
  ASSERT_EQ(code_of_produce(1, "on one", 1), ErrorCode::kNone);
  const auto delete_to = [&](std::int64_t offset) {
    wire::DeleteRecordsRequest request;
    request.timeout_ms = 100;
    auto& topic = request.topics.emplace_back();
    topic.name = "t";
    topic.partitions.push_back({0, Offset(offset)});
    const auto response = ask<wire::DeleteRecordsResponse>(1, std::move(request));
    if (!response) return response.error().code;
    return response->topics.at(0).partitions.at(0).error_code;
  };
  EXPECT_EQ(delete_to(2), ErrorCode::kOffsetOutOfRange);
  EXPECT_EQ(delete_to(1), ErrorCode::kRequestTimedOut) << "which waits for broker 2";
}

// The leader's log start lies inside a batch: a replica that has nothing, and one that ends before
// it, get the whole batch.
TEST_F(ReplicationTest, AReplicaBeginsWithTheBatchInWhichItsLeadersLogBegins) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_batch(1, 10), ErrorCode::kNone);
  for (const int id : {2, 3}) {
    kill(id);
    fence(id);
  }
  for (int i = 0; i < 2; ++i) ASSERT_EQ(code_of_batch(1, 10), ErrorCode::kNone);
  ASSERT_TRUE(env::sim::run_on_worker(
      simulation_, *hosts_[1], [&] { EXPECT_TRUE(partition(1)->delete_records(Offset(15))); }));
  data_[2] = "/another-disk";
  for (const int id : {2, 3}) {
    start(id);
    unfence(id);
  }
  for (const int id : {2, 3}) {
    ASSERT_TRUE(eventually([&] { return is_at(id, Offset(30), Offset(30)); }));
    EXPECT_EQ(partition(id)->log().log_start_offset(), Offset(15));
  }
  EXPECT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

TEST_F(ReplicationTest, AnAnswerIsAsLargeAsTheSettingsAllow) {
  constexpr std::size_t kValueBytes = 60'000'000;
  set("replica.fetch.max.bytes", "200000000");
  set("replica.fetch.response.max.bytes", "200000000");
  start_all();
  create_topic({{"max.message.bytes", "70000000"}, {"write.caching", "true"}});
  kill(3);
  fence(3);
  for (const char letter : {'a', 'b'}) {
    ASSERT_EQ(code_of_produce(1, std::string(kValueBytes, letter)), ErrorCode::kNone);
  }
  start(3);
  unfence(3);
  EXPECT_TRUE(eventually([&] { return all_are_at(2); }));
}

// It comes back with what it alone had, up to where the next leader's log begins by now, which is
// inside a batch of another epoch.
TEST_F(ReplicationTest, AReplicaThatEndsInsideTheBatchInWhichItsLeadersLogBeginsBeginsAnew) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_batch(1, 10), ErrorCode::kNone);
  cut_off(1);
  for (int i = 0; i < 5; ++i) ASSERT_EQ(code_of_produce(1, "lost", 1), ErrorCode::kNone);
  kill(1);
  fence(1);
  ASSERT_EQ(code_of_batch(2, 10), ErrorCode::kNone);
  ASSERT_TRUE(env::sim::run_on_worker(
      simulation_, *hosts_[2], [&] { EXPECT_TRUE(partition(2)->delete_records(Offset(15))); }));
  simulation_.network().heal_all();
  start(1);
  unfence(1);
  ASSERT_TRUE(eventually([&] { return is_at(1, Offset(20), Offset(20)); }));
  EXPECT_EQ(partition(1)->log().log_start_offset(), Offset(15));
  EXPECT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
}

// num.replica.fetchers changes while partitions are copied.
TEST_F(ReplicationTest, MoreConnectionsCopyTheSame) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_produce(1, "over one"), ErrorCode::kNone);
  for (int id = 2; id <= kBrokers; ++id) processes_[id]->configure("num.replica.fetchers", "3");
  ASSERT_EQ(code_of_produce(1, "over one of three"), ErrorCode::kNone);
  for (int id = 2; id <= kBrokers; ++id) processes_[id]->configure("num.replica.fetchers", "1");
  ASSERT_EQ(code_of_produce(1, "over one again"), ErrorCode::kNone);
  EXPECT_TRUE(eventually([&] { return all_are_at(3); }));
  EXPECT_EQ(alterations_, 0);
}

// What a replica lacks comes no faster than its leader's or its own rate; who is in sync waits for
// nothing (KIP-73).
class ThrottledReplicationTest : public ReplicationTest {
 protected:
  static constexpr int kValueBytes = 10'000;
  static constexpr int kValues = 100;

  // Broker 3 is out, and lacks kValues.
  void begin() {
    set("replica.lag.time.max.ms", "1000");
    start_all();
    create_topic({{"leader.replication.throttled.replicas", "0:1"},
                  {"follower.replication.throttled.replicas", "0:3"}});
    kill(3);
    ASSERT_EQ(code_of_produce(1, "first"), ErrorCode::kNone);
    ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 2; }));
    const std::string value(kValueBytes, 'v');
    for (int i = 0; i < kValues; ++i) ASSERT_EQ(code_of_produce(1, value), ErrorCode::kNone);
  }
  // How long it takes to be in sync again, while others are written to.
  double seconds_to_fill() {
    const auto begin = simulation_.elapsed();
    int written = kValues + 1;
    while (image().in_sync_replicas.size() < 3) {
      const auto before = simulation_.elapsed();
      EXPECT_EQ(code_of_produce(1, "meanwhile"), ErrorCode::kNone);
      EXPECT_LT(simulation_.elapsed() - before, milliseconds(50)) << "who is in sync waits";
      ++written;
      simulation_.run_for(milliseconds(100));
      if (simulation_.elapsed() - begin > seconds(60)) break;
    }
    EXPECT_TRUE(eventually([&] { return all_are_at(written); }));
    return std::chrono::duration<double>(simulation_.elapsed() - begin).count();
  }
};

TEST_F(ThrottledReplicationTest, ALeaderKeepsToItsRate) {
  begin();
  processes_[1]->configure("leader.replication.throttled.rate", "100000");
  start(3);
  const double took = seconds_to_fill();
  EXPECT_GT(took, 8.5);
  EXPECT_LT(took, 12);
}

TEST_F(ThrottledReplicationTest, AFollowerKeepsToItsRate) {
  begin();
  set("follower.replication.throttled.rate", "100000");
  start(3);
  const double took = seconds_to_fill();
  EXPECT_GT(took, 8.5);
  EXPECT_LT(took, 12);
}

TEST_F(ThrottledReplicationTest, OthersRatesAreNoneOfTheirs) {
  begin();
  processes_[1]->configure("follower.replication.throttled.rate", "1000");
  set("leader.replication.throttled.rate", "1000");
  start(3);
  EXPECT_LT(seconds_to_fill(), 1);
}

TEST_F(ThrottledReplicationTest, ARateOfNothingHoldsUpUntilItIsLifted) {
  begin();
  processes_[1]->configure("leader.replication.throttled.rate", "0");
  start(3);
  simulation_.run_for(seconds(30));
  EXPECT_LE(partition(3)->log().log_end_offset(), Offset(1));
  EXPECT_NE(partition(3)->lag(), 0);
  processes_[1]->configure("leader.replication.throttled.rate", "9223372036854775807");
  EXPECT_LT(seconds_to_fill(), 2);
  EXPECT_EQ(partition(3)->lag(), 0);
  EXPECT_EQ(partition(1)->lag(), std::nullopt) << "a leader lacks nothing";
}

// A broker whose replica was moved away drops its log; one that takes it gets everything.
TEST_F(ReplicationTest, AReplicaThatMovedAwayIsDropped) {
  start_all();
  create_topic({}, {1, 2});
  for (int i = 0; i < 5; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  reassign({BrokerId(1), BrokerId(3)});
  ASSERT_TRUE(eventually([&] { return image().replicas.size() == 2; }));
  EXPECT_EQ(image().in_sync_replicas.size(), 2U);
  EXPECT_TRUE(eventually([&] { return is_at(3, Offset(5), Offset(5)) && !partition(2); }));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

// The same leader leads in another epoch, and whoever appended what came in the last one is only
// about to wait for the disk.
TEST_F(ReplicationTest, AFollowerThatIsBusyWithItsDiskTakesUpItsNextRole) {
  start_all();
  create_topic();
  ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  auto& disk = hosts_[2]->disk().options();
  disk.shortest_wait = disk.longest_wait = milliseconds(20);
  // So much is appended by a worker, and waited for on the loop.
  ASSERT_EQ(code_of_produce(1, std::string(300 << 10, 'x'), 1), ErrorCode::kNone);
  ASSERT_TRUE(eventually([&] { return partition(2)->log().log_end_offset() == Offset(2); }));
  const base::LeaderEpoch next(image().leader_epoch.value() + 1);
  partition(2)->become_follower(next, BrokerId(1));
  reassign({BrokerId(1), BrokerId(2)});
  ASSERT_EQ(image().leader, BrokerId(1));
  ASSERT_EQ(image().leader_epoch, next);
  EXPECT_TRUE(eventually([&] { return is_at(2, Offset(2), Offset(2)); }))
      << "it asks for nothing any more";
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

// [1] to [2]: who got it copies it from nobody any more.
TEST_F(ReplicationTest, AnOnlyReplicaThatMovedIsLedAndNotCopied) {
  start_all();
  create_topic({}, {1});
  ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  reassign({BrokerId(2)});
  ASSERT_TRUE(eventually([&] { return image().leader == BrokerId(2) && !partition(1); }));
  ASSERT_TRUE(eventually([&] { return code_of_produce(2, "after") == ErrorCode::kNone; }));
  EXPECT_FALSE(processes_[2]->copies_anything());
}

// Nobody leads it: it does not either, though it is the only one that has it.
TEST_F(ReplicationTest, AnOnlyReplicaThatWasFencedAcknowledgesNothing) {
  start_all();
  create_topic({}, {1});
  ASSERT_EQ(code_of_produce(1, "before"), ErrorCode::kNone);
  fence(1);
  ASSERT_EQ(image().leader, base::kNoBroker);
  simulation_.run_for(milliseconds(10));
  EXPECT_EQ(code_of_produce(1, "in between", 1), ErrorCode::kNotLeaderOrFollower);
  unfence(1);
  simulation_.run_for(milliseconds(10));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
  EXPECT_EQ(partition(1)->offsets().high_watermark, Offset(2));
}

// Where replicas lie is said until a controller has noted it.
TEST_F(ReplicationTest, WhereAReplicaLiesIsSaidUntilItIsNoted) {
  start_all();
  is_controller_away_ = true;
  create_topic({}, {1, 2});
  wire::PartitionChangeRecord unknown;
  unknown.topic_id = cluster_.topic("t").id;
  unknown.partition_id = 0;
  unknown.directories = {base::kDirectoryUnassigned, directory_of(BrokerId(2))};
  cluster_.apply({unknown});
  tell_all();
  ASSERT_TRUE(eventually([&] { return assignments_ > 1; })) << "it is said again";
  is_controller_away_ = false;
  EXPECT_TRUE(eventually([&] { return image().directories.front() == directory_of(BrokerId(1)); }));
  kill(2);
  unknown.directories = {directory_of(BrokerId(1)), base::kDirectoryUnassigned};
  cluster_.apply({unknown});
  start(2);
  EXPECT_TRUE(eventually([&] { return image().directories.back() == directory_of(BrokerId(2)); }))
      << "what came to be while it was away is said at the start";
}

TEST_F(ReplicationTest, FollowersFetchesComeOverTheirListenerOnly) {
  start_all();
  create_topic();
  wire::FetchRequest request;
  request.replica_state = {.replica_id = BrokerId(2), .replica_epoch = -1};
  auto& topic = request.topics.emplace_back();
  topic.topic_id = cluster_.topic("t").id;
  topic.partitions.emplace_back().current_leader_epoch = image().leader_epoch;
  const auto refused = ask<wire::FetchResponse>(1, request, kClientPort);
  ASSERT_TRUE(refused) << refused.error().message;
  EXPECT_EQ(refused->responses[0].partitions[0].error_code, ErrorCode::kTopicAuthorizationFailed);
  const auto taken = ask<wire::FetchResponse>(1, request);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->responses[0].partitions[0].error_code, ErrorCode::kNone);
}

// A client that is told of no broker at all may have nobody left to ask.
TEST_F(ReplicationTest, ABrokerNamesItselfWhileNobodyServesYet) {
  for (int id = 1; id <= kBrokers; ++id) fence(id);
  start(2);
  const auto answer = ask<wire::MetadataResponse>(2, wire::MetadataRequest());
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->brokers.size(), 1u);
  EXPECT_EQ(answer->brokers[0].node_id, BrokerId(2));
}

// What clients are told of a broker whose process is gone, while nobody has decided what follows.
class LeaderJustGoneTest : public ReplicationTest {
 protected:
  ErrorCode code_of_leader() {
    wire::MetadataRequest request;
    request.topics->emplace_back().name = "t";
    const auto answer = ask<wire::MetadataResponse>(2, request);
    return answer ? answer->topics.at(0).partitions.at(0).error_code : answer.error().code;
  }
  wire::FindCoordinatorResponse::Coordinator coordinator() {
    wire::FindCoordinatorRequest request;
    request.coordinator_keys = {"group"};
    const auto answer = ask<wire::FindCoordinatorResponse>(2, request);
    return answer ? answer->coordinators.at(0) : wire::FindCoordinatorResponse::Coordinator();
  }
};

TEST_F(LeaderJustGoneTest, IsNamedNeitherAsLeaderNorAsCoordinator) {
  start_all();
  create_topic();
  create_topic({}, {1, 2, 3}, std::string(kGroupTopic));
  ASSERT_TRUE(
      eventually([&] { return processes_[2]->partition(std::string(kGroupTopic), 0) != nullptr; }));
  ASSERT_EQ(coordinator().node_id, BrokerId(1));
  ASSERT_EQ(code_of_leader(), ErrorCode::kNone);
  kill(1);
  EXPECT_EQ(code_of_leader(), ErrorCode::kLeaderNotAvailable);
  EXPECT_EQ(coordinator().error_code, ErrorCode::kCoordinatorNotAvailable);
  EXPECT_EQ(coordinator().node_id, base::kNoBroker);

  fence(1);
  ASSERT_TRUE(eventually([&] {
    const auto here = processes_[2]->partition(std::string(kGroupTopic), 0);
    return here->current_leader().leader == BrokerId(2);
  }));
  EXPECT_EQ(coordinator().node_id, BrokerId(2));
  EXPECT_EQ(code_of_leader(), ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::broker::testing
