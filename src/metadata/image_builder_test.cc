// SPDX-License-Identifier: Apache-2.0
#include "metadata/image_builder.h"

#include <gtest/gtest.h>

#include "metadata/test_cluster.h"

namespace odradek::metadata {
namespace {

using base::BrokerId;
using base::ErrorCode;
using testing::new_topic;
using testing::TestCluster;
using testing::uuid;

wire::ConfigRecord config(ConfigResourceType type, std::string resource, std::string name,
                          std::optional<std::string> value) {
  wire::ConfigRecord record;
  record.resource_type = static_cast<std::int8_t>(type);
  record.resource_name = std::move(resource);
  record.name = std::move(name);
  record.value = std::move(value);
  return record;
}

wire::TopicRecord topic_record(std::string name, std::uint64_t id) {
  wire::TopicRecord record;
  record.name = std::move(name);
  record.topic_id = uuid(id);
  return record;
}

// Everything that an image can hold.
TestCluster full_cluster() {
  TestCluster cluster;
  cluster.add_broker(1);
  cluster.add_broker(2, /*is_fenced=*/true);
  cluster.create(new_topic("one", 3, 1, {{"flush.ms", "5"}, {"retention.ms", "-1"}}));
  cluster.create(new_topic("two.parts", 2, 2));
  wire::PartitionChangeRecord change;
  change.topic_id = cluster.topic("two.parts").id;
  change.partition_id = 1;
  change.leader = base::kNoBroker;
  change.isr.emplace();
  change.eligible_leader_replicas = {{BrokerId(1)}};
  change.last_known_elr = {{BrokerId(2)}};
  change.adding_replicas = {{BrokerId(2)}};
  cluster.apply({change, config(ConfigResourceType::kBroker, "", "log.retention.ms", "7"),
                 config(ConfigResourceType::kBroker, "1", "num.io.threads", "3")});
  wire::AccessControlEntryRecord access;
  access.id = uuid(900);
  access.resource_name = "one";
  wire::UserScramCredentialRecord scram;
  scram.name = "josef";
  scram.mechanism = 1;
  wire::ClientQuotaRecord quota;
  quota.entity = {{"user", "josef"}, {"client-id", std::nullopt}};
  quota.key = "producer_byte_rate";
  quota.value = 1000;
  wire::DelegationTokenRecord token;
  token.token_id = "t1";
  token.renewers = {"User:k"};
  wire::RegisterControllerRecord controller;
  controller.controller_id = BrokerId(1);
  controller.features = {{"metadata.version", 7, 30}};
  cluster.apply(
      {access, scram, quota, token, controller,
       allocate_producer_ids(cluster.image(), *cluster.image().find_broker(BrokerId(1)))});
  return cluster;
}

TEST(Snapshot, WhatItsRecordsBuildIsTheSameImage) {
  const TestCluster cluster = full_cluster();
  const auto records = snapshot_records(cluster.image());
  TestCluster copy;
  copy.apply(records);
  EXPECT_EQ(snapshot_records(copy.image()), records);
  EXPECT_EQ(copy.image().features, cluster.image().features);
  EXPECT_EQ(copy.image().next_producer_id, cluster.image().next_producer_id);
  EXPECT_EQ(copy.topic("two.parts").partitions, cluster.topic("two.parts").partitions);
  EXPECT_EQ(copy.topic("one").id, cluster.topic("one").id);
  EXPECT_EQ(*copy.image().find_config(ConfigResourceType::kTopic, "one"),
            *cluster.image().find_config(ConfigResourceType::kTopic, "one"));
  EXPECT_TRUE(copy.image().find_broker(BrokerId(2))->fenced);
  EXPECT_EQ(copy.image().client_quotas.size(), 1U);
  EXPECT_EQ(copy.image().scram_credentials.size(), 1U);
  EXPECT_EQ(copy.image().access_control_entries.size(), 1U);
  EXPECT_EQ(copy.image().delegation_tokens.size(), 1U);
  EXPECT_EQ(copy.image().controllers.size(), 1U);
}

TEST(Snapshot, ItsRecordsCanBeWrittenAndRead) {
  const TestCluster cluster = full_cluster();
  for (const MetadataRecord& record : snapshot_records(cluster.image())) {
    const auto read = decode_record(encode_record(record));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, record);
  }
}

TEST(Snapshot, TheMetadataVersionComesFirst) {
  const TestCluster cluster = full_cluster();
  const auto records = snapshot_records(cluster.image());
  ASSERT_TRUE(std::holds_alternative<wire::FeatureLevelRecord>(records.front()));
  EXPECT_EQ(std::get<wire::FeatureLevelRecord>(records.front()).name, "metadata.version");
}

TEST(ImageBuilder, TheImageThatItBeganWithStays) {
  TestCluster cluster = full_cluster();
  const ClusterImage before = cluster.image();
  wire::RemoveTopicRecord removed;
  removed.topic_id = cluster.topic("one").id;
  cluster.apply({removed, topic_record("three", 50)});
  EXPECT_NE(before.find_topic("one"), nullptr);
  EXPECT_NE(before.find_config(ConfigResourceType::kTopic, "one"), nullptr);
  EXPECT_EQ(before.find_topic("three"), nullptr);
  EXPECT_EQ(cluster.image().find_topic("one"), nullptr);
  EXPECT_NE(cluster.image().find_topic("three"), nullptr);
}

TEST(ImageBuilder, ATransactionTakesEffectAtItsEnd) {
  ImageBuilder builder(std::make_shared<const ClusterImage>());
  ASSERT_TRUE(builder.replay(wire::BeginTransactionRecord{}));
  ASSERT_TRUE(builder.replay(topic_record("held", 1)));
  EXPECT_EQ(builder.build({}, {})->find_topic("held"), nullptr);
  ASSERT_TRUE(builder.replay(wire::EndTransactionRecord{}));
  EXPECT_NE(builder.build({}, {})->find_topic("held"), nullptr);
}

TEST(ImageBuilder, AnAbortedTransactionNeverWas) {
  ImageBuilder builder(std::make_shared<const ClusterImage>());
  ASSERT_TRUE(builder.replay(wire::BeginTransactionRecord{}));
  ASSERT_TRUE(builder.replay(topic_record("dropped", 1)));
  ASSERT_TRUE(builder.replay(wire::AbortTransactionRecord{}));
  ASSERT_TRUE(builder.replay(topic_record("after", 2)));
  const auto image = builder.build({}, {});
  EXPECT_EQ(image->find_topic("dropped"), nullptr);
  EXPECT_NE(image->find_topic("after"), nullptr);
}

TEST(ImageBuilder, ARecordOfWhatIsNotThereIsDamage) {
  wire::PartitionRecord partition;
  partition.topic_id = uuid(404);
  wire::PartitionChangeRecord change;
  change.topic_id = uuid(404);
  wire::RemoveTopicRecord removed;
  removed.topic_id = uuid(404);
  wire::FenceBrokerRecord fence;
  fence.id = 404;
  for (const MetadataRecord& record : {MetadataRecord(partition), MetadataRecord(change),
                                       MetadataRecord(removed), MetadataRecord(fence)}) {
    ImageBuilder builder(std::make_shared<const ClusterImage>());
    const auto done = builder.replay(record);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::kCorruptMessage);
  }
}

TEST(ImageBuilder, AConfigWithoutAValueIsDeleted) {
  TestCluster cluster;
  cluster.apply({config(ConfigResourceType::kTopic, "t", "flush.ms", "1"),
                 config(ConfigResourceType::kTopic, "t", "flush.messages", "2")});
  cluster.apply({config(ConfigResourceType::kTopic, "t", "flush.ms", std::nullopt)});
  EXPECT_EQ(*cluster.image().find_config(ConfigResourceType::kTopic, "t"),
            (ConfigMap{{"flush.messages", "2"}}));
  cluster.apply({config(ConfigResourceType::kTopic, "t", "flush.messages", std::nullopt)});
  EXPECT_EQ(cluster.image().find_config(ConfigResourceType::kTopic, "t"), nullptr);
  EXPECT_EQ(cluster.delta.changed_configs.size(), 1U);
}

TEST(ImageBuilder, ATopicDeletedAndCreatedAgainInOneGoIsTheNewOne) {
  TestCluster cluster;
  cluster.apply({topic_record("phoenix", 1)});
  wire::RemoveTopicRecord removed;
  removed.topic_id = uuid(1);
  cluster.apply({removed, topic_record("phoenix", 2)});
  EXPECT_EQ(cluster.topic("phoenix").id, uuid(2));
  EXPECT_EQ(cluster.image().find_topic(uuid(1)), nullptr);
  EXPECT_EQ(cluster.delta.removed_topics.size(), 1U);
  EXPECT_TRUE(cluster.delta.changed_topics.contains(uuid(2)));
}

TEST(ImageBuilder, WhatIsKnownOfClientsStaysUntilItIsRemoved) {
  TestCluster cluster = full_cluster();
  wire::RemoveAccessControlEntryRecord access;
  access.id = uuid(900);
  wire::RemoveUserScramCredentialRecord scram;
  scram.name = "josef";
  scram.mechanism = 1;
  wire::ClientQuotaRecord quota;  // its entities in another order
  quota.entity = {{"client-id", std::nullopt}, {"user", "josef"}};
  quota.key = "producer_byte_rate";
  quota.remove = true;
  wire::RemoveDelegationTokenRecord token;
  token.token_id = "t1";
  wire::UnregisterControllerRecord controller;
  controller.controller_id = BrokerId(1);
  cluster.apply({access, scram, quota, token, controller});
  const ClusterImage& image = cluster.image();
  EXPECT_TRUE(image.access_control_entries.empty());
  EXPECT_TRUE(image.scram_credentials.empty());
  EXPECT_TRUE(image.client_quotas.empty());
  EXPECT_TRUE(image.delegation_tokens.empty());
  EXPECT_TRUE(image.controllers.empty());
}

TEST(MetadataRecords, WhatIsNoRecordIsRefused) {
  const auto decode = [](std::initializer_list<std::uint8_t> bytes) {
    return decode_record(base::SharedBytes::copy({bytes.begin(), bytes.size()}));
  };
  EXPECT_EQ(decode({}).error().code, ErrorCode::kCorruptMessage);
  EXPECT_EQ(decode({1, 2, 0}).error().code, ErrorCode::kCorruptMessage);        // a topic cut off
  EXPECT_EQ(decode({2, 2, 0}).error().code, ErrorCode::kUnsupportedVersion);    // the frame's
  EXPECT_EQ(decode({1, 2, 99}).error().code, ErrorCode::kUnsupportedVersion);   // the record's
  EXPECT_EQ(decode({1, 120, 0}).error().code, ErrorCode::kUnsupportedVersion);  // its type
}

}  // namespace
}  // namespace odradek::metadata
