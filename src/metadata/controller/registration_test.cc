// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/registration.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;

constexpr std::int64_t kSessionMs = 9000;
const std::string kClusterId = "vPeOCWypqUOSepEvx0cbog";

class Registration : public ::testing::Test {
 protected:
  // A broker with an incarnation and one disk of these numbers.
  base::Result<wire::BrokerRegistrationResponse> start(std::int32_t id, std::uint64_t incarnation,
                                                       std::uint64_t disk,
                                                       std::int64_t previous_epoch = -1) {
    request_.broker_id = BrokerId(id);
    request_.cluster_id = kClusterId;
    request_.incarnation_id = uuid(incarnation);
    request_.previous_broker_epoch = previous_epoch;
    request_.log_dirs = {uuid(disk)};
    request_.listeners = {{"PLAINTEXT", "host" + std::to_string(id), 9092, 0}};
    request_.features.clear();
    for (const auto& [name, range] : supported_features()) {
      request_.features.push_back({name, range.first, range.second});
    }
    return send();
  }
  base::Result<wire::BrokerRegistrationResponse> send() {
    auto decision = register_broker(cluster_.view(), sessions_,
                                    {kClusterId, now_ms_, is_old_address_dead_}, request_);
    cluster_.apply(decision.records);
    events_ = std::move(decision.events);
    if (decision.reply) sessions_.hear(request_.broker_id, decision.reply->broker_epoch, now_ms_);
    return decision.reply;
  }
  // Registers and serves.
  std::int64_t serve(std::int32_t id, std::uint64_t incarnation, std::uint64_t disk,
                     std::int64_t previous_epoch = -1) {
    const auto registered = start(id, incarnation, disk, previous_epoch);
    EXPECT_TRUE(registered) << registered.error().message;
    EXPECT_FALSE(beat(id).is_fenced);
    return registered->broker_epoch;
  }
  wire::BrokerHeartbeatResponse beat(std::int32_t id, bool want_stop = false,
                                     std::optional<std::int64_t> offset = std::nullopt,
                                     bool want_fence = false) {
    wire::BrokerHeartbeatRequest request;
    request.broker_id = BrokerId(id);
    request.broker_epoch = broker(id).epoch;
    request.current_metadata_offset =
        base::Offset(offset.value_or(cluster_.image().end_offset.value() - 1));
    request.want_shut_down = want_stop;
    request.want_fence = want_fence;
    request.offline_log_dirs = offline_;
    auto decision = heartbeat(cluster_.view(), sessions_, request, now_ms_);
    EXPECT_TRUE(decision.reply);
    cluster_.apply(decision.records);
    events_ = std::move(decision.events);
    return *decision.reply;
  }
  void create(std::vector<BrokerId> replicas, const std::map<std::string, std::string>& configs) {
    auto topic = new_topic("t", -1, -1, configs);
    topic.assignments = {{0, std::move(replicas)}};
    EXPECT_EQ(cluster_.create(topic).error_code, ErrorCode::kNone);
  }
  const BrokerImage& broker(std::int32_t id) { return *cluster_.image().find_broker(BrokerId(id)); }
  const PartitionImage& partition() { return cluster_.topic("t").partitions.at(0); }
  void apply(const Changes& changes) {
    cluster_.apply(changes.records);
    events_ = changes.events;
  }
  std::string why() {
    std::string text;
    for (const Event& event : events_) text += describe(event) + "\n";
    return text;
  }

  TestCluster cluster_;
  BrokerSessions sessions_{kSessionMs};
  wire::BrokerRegistrationRequest request_;
  std::vector<base::Uuid> offline_;
  std::vector<Event> events_;
  std::int64_t now_ms_ = 1000;
  bool is_old_address_dead_ = false;
};

TEST_F(Registration, ABrokerIsFencedUntilItHasReplayedItsRegistration) {
  const auto registered = start(1, 11, 21);
  ASSERT_TRUE(registered);
  EXPECT_EQ(registered->broker_epoch, cluster_.image().end_offset.value() - 1);
  EXPECT_TRUE(broker(1).fenced);
  const auto early = beat(1, false, registered->broker_epoch - 1);
  EXPECT_TRUE(early.is_fenced);
  EXPECT_FALSE(early.is_caught_up);
  const auto late = beat(1, false, registered->broker_epoch);
  EXPECT_FALSE(late.is_fenced);
  EXPECT_TRUE(late.is_caught_up);
  EXPECT_FALSE(broker(1).fenced);
  EXPECT_EQ(why(), "broker 1 (epoch " + std::to_string(registered->broker_epoch) +
                       ") unfenced, because broker 1 has caught up with the metadata\n");
}

TEST_F(Registration, ABrokerMayStayFencedAndBeFencedAgain) {
  start(1, 11, 21);
  EXPECT_TRUE(beat(1, false, std::nullopt, true).is_fenced);
  EXPECT_FALSE(beat(1).is_fenced);
  EXPECT_TRUE(beat(1, false, std::nullopt, true).is_fenced);
  EXPECT_TRUE(broker(1).fenced);
}

TEST_F(Registration, AnotherClustersBrokerIsRefused) {
  start(1, 11, 21);
  request_.cluster_id = "other";
  const auto refused = send();
  EXPECT_EQ(refused.error().code, ErrorCode::kInconsistentClusterId);
  EXPECT_EQ(refused.error().message,
            "Expected cluster ID " + kClusterId + ", but got cluster ID other");
}

TEST_F(Registration, TwoBrokersWithOneIdAreRefusedWhileTheFirstLives) {
  serve(1, 11, 21);
  const auto refused = start(1, 12, 22);
  EXPECT_EQ(refused.error().code, ErrorCode::kDuplicateBrokerRegistration);
  EXPECT_NE(refused.error().message.find("host1:9092"), std::string::npos);
  now_ms_ += kSessionMs + 1;
  EXPECT_TRUE(start(1, 12, 22));
}

TEST_F(Registration, ARestartedBrokerTakesOverWithItsDisksWhenTheOldAddressIsDead) {
  serve(1, 11, 21);
  is_old_address_dead_ = true;
  EXPECT_EQ(start(1, 12, 22).error().code, ErrorCode::kDuplicateBrokerRegistration);
  EXPECT_TRUE(start(1, 12, 21));
  EXPECT_TRUE(broker(1).fenced);
}

TEST_F(Registration, TheSameProcessKeepsItsEpoch) {
  const auto epoch = serve(1, 11, 21);
  request_.listeners[0].port = 9999;
  ASSERT_TRUE(send());
  EXPECT_EQ(broker(1).epoch, epoch);
  EXPECT_FALSE(broker(1).fenced);
  EXPECT_EQ(broker(1).endpoints.at(0).port, 9999);
}

TEST_F(Registration, DirectoriesAreChecked) {
  serve(1, 11, 21);
  const auto refused = [this](std::vector<base::Uuid> directories) {
    request_.broker_id = BrokerId(2);
    request_.incarnation_id = uuid(12);
    request_.log_dirs = std::move(directories);
    const auto reply = send();
    EXPECT_FALSE(reply);
    if (reply) return std::string();
    EXPECT_EQ(reply.error().code, ErrorCode::kInvalidRegistration);
    return reply.error().message;
  };
  EXPECT_EQ(refused({}), "No directories specified in request");
  EXPECT_EQ(refused({base::kDirectoryLost}), "Reserved directory ID in request");
  EXPECT_EQ(refused({uuid(5), uuid(5)}), "Duplicate directory ID in request");
  EXPECT_EQ(refused({uuid(21)}),
            "Broker 1 is already registered with directory " + uuid(21).to_string());
}

TEST_F(Registration, FeaturesAreChecked) {
  start(1, 11, 21);
  std::erase_if(request_.features, [](const auto& f) { return f.name == "group.version"; });
  EXPECT_EQ(send().error().code, ErrorCode::kUnsupportedVersion);
  std::erase_if(request_.features, [](const auto& f) { return f.name == "metadata.version"; });
  EXPECT_EQ(send().error().code, ErrorCode::kInvalidRegistration);
}

TEST_F(Registration, ASilentBrokerIsFencedAndItsLeadershipsMove) {
  serve(1, 11, 21);
  serve(2, 12, 22);
  create({BrokerId(1), BrokerId(2)}, {});
  const auto epoch = partition().leader_epoch;
  now_ms_ += kSessionMs;
  beat(2);
  EXPECT_TRUE(fence_silent_broker(cluster_.view(), sessions_, now_ms_).empty());
  EXPECT_EQ(sessions_.next_timeout_ms(), now_ms_ + 1);
  now_ms_ += 5;
  apply(fence_silent_broker(cluster_.view(), sessions_, now_ms_));
  EXPECT_TRUE(broker(1).fenced);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_GT(partition().leader_epoch, epoch);
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(2)});
  EXPECT_NE(why().find("t-0: leader 2 (was 1) in epoch 1, in sync; in sync [2] (was [1, 2]); "
                       "because broker 1 was silent for 9005 ms"),
            std::string::npos)
      << why();
  EXPECT_TRUE(fence_silent_broker(cluster_.view(), sessions_, now_ms_).empty());
}

TEST_F(Registration, ANewControllerGivesEveryBrokerASession) {
  serve(1, 11, 21);
  now_ms_ += 10 * kSessionMs;
  sessions_.activate(cluster_.image(), now_ms_);
  EXPECT_TRUE(fence_silent_broker(cluster_.view(), sessions_, now_ms_).empty());
}

TEST_F(Registration, ABrokerWhoseListenerRefusesIsFencedAtOnce) {
  const auto epoch = serve(1, 11, 21);
  EXPECT_TRUE(fence_dead_broker(cluster_.view(), sessions_, BrokerId(1), epoch - 1).empty());
  apply(fence_dead_broker(cluster_.view(), sessions_, BrokerId(1), epoch));
  EXPECT_TRUE(broker(1).fenced);
  EXPECT_TRUE(start(1, 12, 21)) << "it may come back at once";
}

TEST_F(Registration, ABrokerWithoutASessionIsFencedAtOnce) {
  const auto epoch = serve(1, 11, 21);
  sessions_.activate(cluster_.view().image, now_ms_);
  const auto fence = [&](std::int64_t of) {
    return fence_expired_broker(cluster_.view(), sessions_, BrokerId(1), of, 3000);
  };
  EXPECT_TRUE(fence(epoch - 1).empty()) << "it has registered anew";
  sessions_.hear(BrokerId(1), epoch, base::Offset(0), now_ms_);
  EXPECT_TRUE(fence(epoch).empty()) << "it reaches the controller";
  sessions_ = BrokerSessions(sessions_.timeout_ms());
  sessions_.activate(cluster_.view().image, now_ms_);
  apply(fence(epoch));
  EXPECT_TRUE(broker(1).fenced);
  EXPECT_TRUE(fence(epoch).empty());
  EXPECT_FALSE(sessions_.next_timeout_ms());
}

TEST_F(Registration, AStaleEpochIsRefused) {
  const auto epoch = serve(1, 11, 21);
  wire::BrokerHeartbeatRequest request;
  request.broker_id = BrokerId(1);
  request.broker_epoch = epoch + 1;
  EXPECT_EQ(heartbeat(cluster_.view(), sessions_, request, now_ms_).reply.error().code,
            ErrorCode::kStaleBrokerEpoch);
  request.broker_id = BrokerId(5);
  EXPECT_EQ(heartbeat(cluster_.view(), sessions_, request, now_ms_).reply.error().code,
            ErrorCode::kStaleBrokerEpoch);
}

TEST_F(Registration, AStoppingBrokerHandsOverAndWaitsUntilAllKnow) {
  serve(1, 11, 21);
  const auto stale = cluster_.image().end_offset.value();
  serve(2, 12, 22);
  create({BrokerId(1), BrokerId(2)}, {});
  EXPECT_FALSE(beat(1, true).should_shut_down);
  EXPECT_TRUE(broker(1).in_controlled_shutdown);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(2)});
  beat(2, false, stale);
  EXPECT_FALSE(beat(1, true).should_shut_down) << "broker 2 does not know yet";
  beat(2);
  EXPECT_TRUE(beat(1, true).should_shut_down);
  EXPECT_TRUE(broker(1).fenced);
  EXPECT_TRUE(start(1, 13, 21)) << "a stopped broker may come back before its session is over";
}

TEST_F(Registration, ABrokerThatLeadsNothingStopsAtOnce) {
  serve(1, 11, 21);
  EXPECT_TRUE(beat(1, true).should_shut_down);
  EXPECT_TRUE(broker(1).fenced);
  EXPECT_TRUE(beat(1, true).should_shut_down);
}

TEST_F(Registration, LeadershipsAreHandedOverInBatches) {
  serve(1, 11, 21);
  serve(2, 12, 22);
  auto topic = new_topic("many", -1, -1);
  for (int i = 0; i < 5; ++i) {
    topic.assignments.push_back({i, {BrokerId(i < 3 ? 1 : 2), BrokerId(i < 3 ? 2 : 1)}});
  }
  cluster_.create(topic);
  apply(shut_down_broker(cluster_.view(), BrokerId(1), 2));
  EXPECT_TRUE(leads_anything(cluster_.image(), BrokerId(1)));
  apply(shut_down_broker(cluster_.view(), BrokerId(1), 2));
  EXPECT_FALSE(leads_anything(cluster_.image(), BrokerId(1)));
  apply(shut_down_broker(cluster_.view(), BrokerId(1), 2));
  EXPECT_TRUE(shut_down_broker(cluster_.view(), BrokerId(1), 2).empty());
  for (const auto& partition : cluster_.topic("many").partitions) {
    EXPECT_EQ(partition.in_sync_replicas, std::vector{BrokerId(2)});
  }
}

TEST_F(Registration, TheOnlyReplicaStaysEligibleThroughACrash) {
  serve(1, 11, 21);
  create({BrokerId(1)}, {});
  is_old_address_dead_ = true;
  start(1, 12, 21);
  EXPECT_EQ(partition().leader, base::kNoBroker);
  EXPECT_EQ(partition().eligible_leader_replicas, std::vector{BrokerId(1)});
  beat(1);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_EQ(partition().leader_recovery_state, 0);
  EXPECT_TRUE(partition().last_known_eligible_leader_replicas.empty());
}

TEST_F(Registration, WhatMayHaveLostItsMemoryIsOnlyTheLastKnownLeader) {
  serve(1, 11, 21);
  create({BrokerId(1)}, {{"write.caching", "true"}});
  is_old_address_dead_ = true;
  start(1, 12, 21);
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
  EXPECT_EQ(partition().last_known_eligible_leader_replicas, std::vector{BrokerId(1)});
  beat(1);
  EXPECT_EQ(partition().leader, BrokerId(1));
  EXPECT_EQ(partition().leader_recovery_state, 1);
  EXPECT_NE(why().find("the last known leader"), std::string::npos) << why();
}

TEST_F(Registration, ACleanStopKeepsAReplicaEligible) {
  const auto epoch = serve(1, 11, 21);
  create({BrokerId(1)}, {{"write.caching", "true"}});
  beat(1, true);
  EXPECT_TRUE(beat(1, true).should_shut_down);
  start(1, 12, 21, epoch);
  EXPECT_EQ(partition().eligible_leader_replicas, std::vector{BrokerId(1)});
}

TEST_F(Registration, ABrokerWithANewDiskNeverLeadsWhatItLost) {
  serve(1, 11, 21);
  create({BrokerId(1)}, {});
  now_ms_ += kSessionMs + 1;
  serve(1, 12, 99);
  EXPECT_EQ(partition().leader, base::kNoBroker);
  EXPECT_TRUE(partition().in_sync_replicas.empty());
  EXPECT_TRUE(partition().eligible_leader_replicas.empty());
  EXPECT_TRUE(partition().last_known_eligible_leader_replicas.empty());
}

TEST_F(Registration, ABrokerWithANewDiskLeavesTheSetsOfOthersAndIsTakenBack) {
  serve(1, 11, 21);
  serve(2, 12, 22);
  create({BrokerId(1), BrokerId(2)}, {});
  is_old_address_dead_ = true;
  now_ms_ += kSessionMs + 1;
  beat(2);
  serve(1, 13, 99);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(2)});
}

TEST_F(Registration, WithoutEligibleReplicasADiskThatIsLostLeavesTheSetEmpty) {
  wire::FeatureLevelRecord off;
  off.name = "eligible.leader.replicas.version";
  cluster_.apply({off});
  serve(1, 11, 21);
  create({BrokerId(1)}, {});
  now_ms_ += kSessionMs + 1;
  apply(fence_silent_broker(cluster_.view(), sessions_, now_ms_));
  EXPECT_EQ(partition().in_sync_replicas, std::vector{BrokerId(1)}) << "who may lead again";
  serve(1, 12, 99);
  EXPECT_EQ(partition().leader, base::kNoBroker);
  EXPECT_TRUE(partition().in_sync_replicas.empty());
}

TEST_F(Registration, FailedDirectoriesHandOverAndAreForgotten) {
  start(1, 11, 21);
  request_.log_dirs.push_back(uuid(31));
  ASSERT_TRUE(send());
  beat(1);
  serve(2, 12, 22);
  create({BrokerId(1), BrokerId(2)}, {});
  wire::PartitionChangeRecord placed;
  placed.topic_id = cluster_.topic("t").id;
  placed.partition_id = 0;
  placed.directories = {uuid(31), uuid(22)};
  cluster_.apply({placed});
  offline_ = {uuid(31)};
  EXPECT_FALSE(beat(1).is_fenced);
  EXPECT_EQ(partition().leader, BrokerId(2));
  EXPECT_EQ(broker(1).log_directories, std::vector{uuid(21)});
  EXPECT_NE(why().find("a log directory of broker 1 failed"), std::string::npos);
  EXPECT_TRUE(events_.size() == 2U);
  beat(1);
  EXPECT_TRUE(events_.empty()) << "nothing is decided twice";
}

}  // namespace
}  // namespace odradek::metadata::testing
