// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/topics.h"

#include <gtest/gtest.h>

#include <set>

#include "metadata/test_cluster.h"

namespace odradek::metadata {
namespace {

using base::BrokerId;
using base::ErrorCode;
using testing::new_topic;
using testing::TestCluster;

TestCluster single_node() {
  TestCluster cluster;
  cluster.add_broker(1);
  return cluster;
}

std::vector<BrokerId> brokers(std::initializer_list<std::int32_t> ids) {
  std::vector<BrokerId> all;
  for (const std::int32_t id : ids) all.emplace_back(id);
  return all;
}

// --- Creating -----------------------------------------------------------------------------------

TEST(CreateTopics, ATopicIsInTheImageWithItsPartitionsAndConfigs) {
  TestCluster cluster = single_node();
  const auto result = cluster.create(new_topic("orders", 3, 1, {{"retention.ms", "1000"}}));
  EXPECT_EQ(result.error_code, ErrorCode::kNone);
  EXPECT_EQ(result.num_partitions, 3);
  EXPECT_EQ(result.replication_factor, 1);
  const TopicImage& topic = cluster.topic("orders");
  EXPECT_EQ(topic.id, result.topic_id);
  ASSERT_EQ(topic.partitions.size(), 3U);
  for (const PartitionImage& partition : topic.partitions) {
    EXPECT_EQ(partition.replicas, brokers({1}));
    EXPECT_EQ(partition.in_sync_replicas, brokers({1}));
    EXPECT_EQ(partition.leader, BrokerId(1));
    EXPECT_EQ(partition.leader_epoch, base::LeaderEpoch(0));
  }
  const ConfigMap* config = cluster.image().find_config(ConfigResourceType::kTopic, "orders");
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(*config, (ConfigMap{{"retention.ms", "1000"}}));
  EXPECT_TRUE(cluster.delta.changed_topics.contains(topic.id));
}

TEST(CreateTopics, MinusOneTakesTheBrokersDefaults) {
  TestCluster cluster = single_node();
  cluster.set("num.partitions", "5");
  EXPECT_EQ(cluster.create(new_topic("defaults", -1, -1)).num_partitions, 5);
}

TEST(CreateTopics, ValidateOnlyAnswersTheSameAndChangesNothing) {
  TestCluster cluster = single_node();
  const auto result = cluster.create(new_topic("ghost", 4), /*validate_only=*/true);
  EXPECT_EQ(result.error_code, ErrorCode::kNone);
  EXPECT_EQ(result.num_partitions, 4);
  EXPECT_EQ(cluster.image().find_topic("ghost"), nullptr);
  EXPECT_TRUE(cluster.delta.empty());
}

TEST(CreateTopics, ConfigsInTheAnswerSayWhereTheyComeFrom) {
  TestCluster cluster = single_node();
  cluster.set("log.retention.hours", "3");
  const auto result = cluster.create(new_topic("sources", 1, 1, {{"flush.ms", "7"}}));
  ASSERT_TRUE(result.configs);
  std::map<std::string, std::int8_t> sources;
  for (const auto& config : *result.configs) sources[config.name] = config.config_source;
  EXPECT_EQ(sources.at("flush.ms"), 1);       // the topic
  EXPECT_EQ(sources.at("retention.ms"), 4);   // the broker's file, in another unit
  EXPECT_EQ(sources.at("segment.bytes"), 5);  // the default
  EXPECT_FALSE(sources.contains("internal.segment.bytes"));
}

struct Refused {
  wire::CreateTopicsRequest::CreatableTopic topic;
  ErrorCode code;
  std::string names;  // what the sentence has to say
};

TEST(CreateTopics, AssignmentsCountAsPartitionsDo) {
  TestCluster cluster = single_node();
  auto topic = new_topic("t", -1, -1);
  for (std::int32_t i = 0; i <= 100'000; ++i) topic.assignments.push_back({i, brokers({1})});
  EXPECT_EQ(cluster.create(topic).error_code, ErrorCode::kPolicyViolation);
  EXPECT_TRUE(cluster.delta.empty());
}

TEST(CreateTopics, WhatMayNotBeIsRefusedWithASentenceThatNamesIt) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("here.already"));
  const Refused refused[] = {
      {new_topic(""), ErrorCode::kInvalidTopicException, "empty"},
      {new_topic(".."), ErrorCode::kInvalidTopicException, "'..'"},
      {new_topic("a/b"), ErrorCode::kInvalidTopicException, "'a/b'"},
      {new_topic(std::string(250, 'x')), ErrorCode::kInvalidTopicException, "249"},
      {new_topic("here.already"), ErrorCode::kTopicAlreadyExists, "'here.already'"},
      {new_topic("here_already"), ErrorCode::kInvalidTopicException, "here.already"},
      {new_topic("__cluster_metadata"), ErrorCode::kInvalidRequest, "__cluster_metadata"},
      {new_topic("t", 0), ErrorCode::kInvalidPartitions, "0"},
      {new_topic("t", -2), ErrorCode::kInvalidPartitions, "-2"},
      {new_topic("t", 1, 0), ErrorCode::kInvalidReplicationFactor, "0"},
      {new_topic("t", 1, 2), ErrorCode::kInvalidReplicationFactor, "2"},
      {new_topic("t", 1'000'000), ErrorCode::kPolicyViolation, "1000000"},
      {new_topic("t", 1, 1, {{"no.such.key", "1"}}), ErrorCode::kInvalidConfig, "no.such.key"},
      {new_topic("t", 1, 1, {{"retention.ms", "x"}}), ErrorCode::kInvalidConfig, "retention.ms"},
      {new_topic("t", 1, 1, {{"segment.bytes", "13"}}), ErrorCode::kInvalidConfig, "13"},
      {new_topic("t", 1, 1, {{"compression.type", "xz"}}), ErrorCode::kInvalidConfig, "xz"},
  };
  for (const Refused& wrong : refused) {
    const auto result = cluster.create(wrong.topic);
    EXPECT_EQ(result.error_code, wrong.code) << wrong.topic.name;
    ASSERT_TRUE(result.error_message);
    EXPECT_NE(result.error_message->find(wrong.names), std::string::npos) << *result.error_message;
    EXPECT_TRUE(cluster.delta.empty()) << wrong.topic.name;
  }
}

TEST(CreateTopics, OneThatIsRefusedDoesNotHoldUpTheOthers) {
  TestCluster cluster = single_node();
  wire::CreateTopicsRequest request;
  request.topics = {new_topic("good"), new_topic("bad/"), new_topic("twice"), new_topic("twice")};
  const auto response = cluster.create(request);
  std::map<std::string, ErrorCode> codes;
  for (const auto& topic : response.topics) codes[topic.name] = topic.error_code;
  EXPECT_EQ(response.topics.size(), 3U);
  EXPECT_EQ(codes.at("good"), ErrorCode::kNone);
  EXPECT_EQ(codes.at("bad/"), ErrorCode::kInvalidTopicException);
  EXPECT_EQ(codes.at("twice"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(cluster.image().topics_by_name.size(), 1U);
}

wire::CreateTopicsRequest::CreatableTopic assigned(
    std::initializer_list<std::pair<std::int32_t, std::vector<BrokerId>>> assignment) {
  auto topic = new_topic("assigned", -1, -1);
  for (const auto& [partition, replicas] : assignment) {
    topic.assignments.push_back({partition, replicas});
  }
  return topic;
}

TEST(CreateTopics, AnAssignmentIsTakenAsItIs) {
  TestCluster cluster;
  for (const std::int32_t id : {1, 2, 3}) cluster.add_broker(id);
  const auto result = cluster.create(assigned({{1, brokers({3, 1})}, {0, brokers({2, 3})}}));
  EXPECT_EQ(result.error_code, ErrorCode::kNone);
  const TopicImage& topic = cluster.topic("assigned");
  EXPECT_EQ(topic.partitions.at(0).replicas, brokers({2, 3}));
  EXPECT_EQ(topic.partitions.at(0).leader, BrokerId(2));
  EXPECT_EQ(topic.partitions.at(1).replicas, brokers({3, 1}));
}

TEST(CreateTopics, AnAssignmentThatDoesNotWorkIsRefused) {
  TestCluster cluster = single_node();
  for (const auto& wrong :
       {assigned({{0, brokers({7})}}), assigned({{0, brokers({1, 1})}}), assigned({{0, {}}}),
        assigned({{0, brokers({1})}, {2, brokers({1})}}), assigned({{1, brokers({1})}}),
        assigned({{0, brokers({1})}, {0, brokers({1})}})}) {
    EXPECT_EQ(cluster.create(wrong).error_code, ErrorCode::kInvalidReplicaAssignment);
  }
  auto counted = assigned({{0, brokers({1})}});
  counted.num_partitions = 1;
  EXPECT_EQ(cluster.create(counted).error_code, ErrorCode::kInvalidRequest);
  EXPECT_TRUE(cluster.image().topics_by_name.empty());
}

TEST(CreateTopics, ReplicasAreSpreadAndNeverTwiceOnOneBroker) {
  TestCluster cluster;
  for (const std::int32_t id : {1, 2, 3}) cluster.add_broker(id);
  cluster.create(new_topic("spread", 6, 2));
  std::map<BrokerId, int> leaders;
  for (const PartitionImage& partition : cluster.topic("spread").partitions) {
    EXPECT_EQ(std::set<BrokerId>(partition.replicas.begin(), partition.replicas.end()).size(), 2U);
    ++leaders[partition.leader];
  }
  EXPECT_EQ(leaders,
            (std::map<BrokerId, int>{{BrokerId(1), 2}, {BrokerId(2), 2}, {BrokerId(3), 2}}));
}

TEST(CreateTopics, ABrokerWithAllItsDirectoriesCordonedGetsNoPartitions) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2);
  const auto cordon_all = [&](std::int32_t id) {
    const BrokerImage* broker = cluster.image().find_broker(base::BrokerId(id));
    cluster.apply(cordon(cluster.image(), broker->id, broker->log_directories));
  };
  cordon_all(1);
  EXPECT_TRUE(cordon(cluster.image(), base::BrokerId(1),
                     cluster.image().find_broker(base::BrokerId(1))->log_directories)
                  .empty());
  EXPECT_EQ(cluster.create(new_topic("a", 6, 1)).error_code, ErrorCode::kNone);
  for (const PartitionImage& partition : cluster.topic("a").partitions) {
    EXPECT_EQ(partition.replicas, brokers({2}));
  }
  EXPECT_EQ(cluster.create(new_topic("b", 1, 2)).error_code, ErrorCode::kInvalidReplicationFactor);
  cordon_all(2);
  const auto refused = cluster.create(new_topic("c", 1, 1));
  EXPECT_EQ(refused.error_code, ErrorCode::kInvalidReplicationFactor);
  EXPECT_EQ(refused.error_message,
            "Unable to replicate the partition 1 time(s): All brokers are currently fenced, or "
            "have all their log directories cordoned (cordoned.log.dirs).");
  cluster.apply(cordon(cluster.image(), base::BrokerId(1), {}));
  EXPECT_EQ(cluster.create(new_topic("c", 1, 1)).error_code, ErrorCode::kNone);
}

TEST(CreateTopics, AFencedBrokerNeitherLeadsNorIsInSync) {
  TestCluster cluster;
  cluster.add_broker(1, /*is_fenced=*/true);
  cluster.add_broker(2);
  cluster.create(assigned({{0, brokers({1, 2})}}));
  const PartitionImage& partition = cluster.topic("assigned").partitions.at(0);
  EXPECT_EQ(partition.leader, BrokerId(2));
  EXPECT_EQ(partition.in_sync_replicas, brokers({2}));
}

// --- Deleting -----------------------------------------------------------------------------------

wire::DeleteTopicsRequest::DeleteTopicState by_name(std::string name) {
  wire::DeleteTopicsRequest::DeleteTopicState state;
  state.name = std::move(name);
  return state;
}

wire::DeleteTopicsRequest::DeleteTopicState by_id(const base::TopicId& id) {
  wire::DeleteTopicsRequest::DeleteTopicState state;
  state.name.reset();
  state.topic_id = id;
  return state;
}

TEST(DeleteTopics, ByNameAndByIdTheTopicAndItsConfigsAreGone) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("a", 1, 1, {{"flush.ms", "1"}}));
  const auto id = cluster.create(new_topic("b")).topic_id;
  wire::DeleteTopicsRequest request;
  request.topics = {by_name("a"), by_id(id)};
  const auto response = cluster.remove(request);
  for (const auto& result : response.responses) {
    EXPECT_EQ(result.error_code, ErrorCode::kNone);
    EXPECT_TRUE(result.name == "a" || result.name == "b");
  }
  EXPECT_TRUE(cluster.image().topics_by_name.empty());
  EXPECT_TRUE(cluster.image().topics_by_id.empty());
  EXPECT_TRUE(cluster.image().configs.empty());
  EXPECT_EQ(cluster.delta.removed_topics.size(), 2U);
  EXPECT_TRUE(cluster.delta.changed_topics.empty());
}

TEST(DeleteTopics, OldVersionsGiveNames) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("old"));
  wire::DeleteTopicsRequest request;
  request.topic_names = {"old", "unknown"};
  const auto response = cluster.remove(request, 5);
  EXPECT_EQ(response.responses.at(0).error_code, ErrorCode::kNone);
  EXPECT_EQ(response.responses.at(1).error_code, ErrorCode::kUnknownTopicOrPartition);
}

TEST(DeleteTopics, WhatIsNamedTwiceIsNotDeletedAndAnsweredOnce) {
  TestCluster cluster = single_node();
  const auto id = cluster.create(new_topic("kept")).topic_id;
  wire::DeleteTopicsRequest names, ids, both;
  names.topics = {by_name("kept"), by_name("kept")};
  ids.topics = {by_id(id), by_id(id)};
  both.topics = {by_id(id), by_name("kept")};
  for (const auto* request : {&names, &ids, &both}) {
    const auto response = cluster.remove(*request);
    ASSERT_EQ(response.responses.size(), 1U);
    EXPECT_EQ(response.responses[0].error_code, ErrorCode::kInvalidRequest);
  }
  EXPECT_NE(cluster.image().find_topic("kept"), nullptr);
}

TEST(DeleteTopics, MayBeSwitchedOff) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("safe"));
  cluster.set("delete.topic.enable", "false");
  wire::DeleteTopicsRequest request;
  request.topics = {by_name("safe")};
  EXPECT_EQ(cluster.remove(request).responses.at(0).error_code, ErrorCode::kTopicDeletionDisabled);
  EXPECT_NE(cluster.image().find_topic("safe"), nullptr);
}

// --- Growing ------------------------------------------------------------------------------------

wire::CreatePartitionsRequest::CreatePartitionsTopic grown(std::string name, std::int32_t count) {
  wire::CreatePartitionsRequest::CreatePartitionsTopic topic;
  topic.name = std::move(name);
  topic.count = count;
  topic.assignments.reset();
  return topic;
}

TEST(CreatePartitions, NewPartitionsComeBehindTheOldOnesWhichStay) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("grows", 2));
  const auto before = cluster.topic("grows").partitions;
  EXPECT_EQ(cluster.grow(grown("grows", 5)).error_code, ErrorCode::kNone);
  const auto& after = cluster.topic("grows").partitions;
  ASSERT_EQ(after.size(), 5U);
  EXPECT_TRUE(std::equal(before.begin(), before.end(), after.begin()));
  EXPECT_EQ(after[4].leader, BrokerId(1));
}

TEST(CreatePartitions, ValidateOnlyChangesNothing) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("stays", 2));
  EXPECT_EQ(cluster.grow(grown("stays", 5), /*validate_only=*/true).error_code, ErrorCode::kNone);
  EXPECT_EQ(cluster.topic("stays").partitions.size(), 2U);
}

TEST(CreatePartitions, OnlyMoreIsAllowed) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("grows", 2));
  for (const std::int32_t count : {-1, 0, 1, 2, 1'000'000}) {
    const auto result = cluster.grow(grown("grows", count));
    EXPECT_EQ(result.error_code, ErrorCode::kInvalidPartitions) << count;
    EXPECT_FALSE(result.error_message.value_or("").empty());
  }
  EXPECT_EQ(cluster.grow(grown("unknown", 2)).error_code, ErrorCode::kUnknownTopicOrPartition);
}

TEST(CreatePartitions, AnAssignmentIsForTheNewOnesAlone) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2);
  cluster.create(new_topic("assigned", 1, 1));
  auto topic = grown("assigned", 3);
  topic.assignments.emplace();
  topic.assignments->push_back({brokers({2})});
  EXPECT_EQ(cluster.grow(topic).error_code, ErrorCode::kInvalidReplicaAssignment);
  topic.assignments->push_back({brokers({1, 2})});
  EXPECT_EQ(cluster.grow(topic).error_code, ErrorCode::kInvalidReplicaAssignment);
  topic.assignments->back() = {brokers({1})};
  EXPECT_EQ(cluster.grow(topic).error_code, ErrorCode::kNone);
  EXPECT_EQ(cluster.topic("assigned").partitions.at(1).replicas, brokers({2}));
  EXPECT_EQ(cluster.topic("assigned").partitions.at(2).replicas, brokers({1}));
}

// --- The cluster --------------------------------------------------------------------------------

TEST(Cluster, ACleanStopFencesTheBrokerOnce) {
  TestCluster cluster = single_node();
  EXPECT_FALSE(cluster.image().find_broker(BrokerId(1))->fenced);
  cluster.apply(fence_on_stop(cluster.image(), BrokerId(1)));
  EXPECT_TRUE(cluster.image().find_broker(BrokerId(1))->fenced);
  EXPECT_TRUE(fence_on_stop(cluster.image(), BrokerId(1)).empty());
  EXPECT_TRUE(fence_on_stop(cluster.image(), BrokerId(2)).empty());
}

wire::PartitionChangeRecord left_by_kafka(const TopicImage& topic) {
  wire::PartitionChangeRecord change;
  change.topic_id = topic.id;
  change.partition_id = 0;
  change.leader = base::kNoBroker;
  change.isr.emplace();
  return change;
}

TEST(Cluster, AStartTakesTheLeadOfWhatAStopOfKafkasLeft) {
  TestCluster cluster = single_node();
  cluster.create(new_topic("led"));
  auto eligible = left_by_kafka(cluster.topic("led"));
  eligible.eligible_leader_replicas = brokers({1});
  cluster.apply({eligible});
  cluster.apply(lead_on_start(cluster.image(), BrokerId(1)));
  const PartitionImage& partition = cluster.topic("led").partitions.at(0);
  EXPECT_EQ(partition.leader, BrokerId(1));
  EXPECT_EQ(partition.in_sync_replicas, brokers({1}));
  EXPECT_TRUE(partition.eligible_leader_replicas.empty());
  EXPECT_EQ(partition.leader_epoch, base::LeaderEpoch(2));
  EXPECT_TRUE(lead_on_start(cluster.image(), BrokerId(1)).empty());
}

TEST(Cluster, NobodyLeadsWhoMayLackRecords) {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2);
  cluster.create(assigned({{0, brokers({1, 2})}}));
  auto change = left_by_kafka(cluster.topic("assigned"));
  change.isr.reset();
  change.isr.emplace(brokers({2}));
  cluster.apply({change});
  EXPECT_TRUE(lead_on_start(cluster.image(), BrokerId(1)).empty());
  EXPECT_EQ(lead_on_start(cluster.image(), BrokerId(2)).size(), 1U);
}

TEST(Cluster, BlocksOfProducerIdsFollowEachOther) {
  TestCluster cluster = single_node();
  for (const std::int64_t next : {kProducerIdBlockSize, 2 * kProducerIdBlockSize}) {
    cluster.apply(
        {allocate_producer_ids(cluster.image(), *cluster.image().find_broker(BrokerId(1)))});
    EXPECT_EQ(cluster.image().next_producer_id, base::ProducerId(next));
  }
}

}  // namespace
}  // namespace odradek::metadata
