// SPDX-License-Identifier: Apache-2.0
#include "metadata/zookeeper_view.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "metadata/test_cluster.h"
#include "metadata/zookeeper_nodes.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using Tree = std::map<std::string, std::string>;

constexpr std::int32_t kControllerEpoch = 9;
const char* const kId = "vPeOCWypqUOSepEvx0cbog";

// The texts below are what the encoders of Apache Kafka 3.9.0 (kafka.zk.ZkData) make of the same.

std::vector<BrokerId> ids(std::initializer_list<std::int32_t> numbers) {
  std::vector<BrokerId> list;
  for (const std::int32_t number : numbers) list.emplace_back(number);
  return list;
}

TEST(ZooKeeperNodes, ATopicIsKafkas) {
  TopicImage topic;
  topic.id = *base::Uuid::parse(kId);
  topic.partitions.resize(2);
  topic.partitions[0].replicas = ids({1, 2, 3});
  topic.partitions[0].adding_replicas = ids({3});
  topic.partitions[0].removing_replicas = ids({2});
  topic.partitions[1].replicas = ids({2, 3});
  EXPECT_EQ(topic_node(topic),
            R"({"partitions":{"0":[1,2,3],"1":[2,3]},"topic_id":"vPeOCWypqUOSepEvx0cbog",)"
            R"("adding_replicas":{"0":[3]},"removing_replicas":{"0":[2]},"version":3})");
}

TEST(ZooKeeperNodes, APartitionsStateIsKafkas) {
  PartitionImage partition;
  partition.leader = BrokerId(1);
  partition.leader_epoch = base::LeaderEpoch(5);
  partition.in_sync_replicas = ids({1, 2});
  EXPECT_EQ(partition_state_node(partition, kControllerEpoch),
            R"({"controller_epoch":9,"leader":1,"version":1,"leader_epoch":5,"isr":[1,2]})");
  partition.leader_recovery_state = 1;
  partition.in_sync_replicas = ids({1});
  EXPECT_EQ(partition_state_node(partition, kControllerEpoch),
            R"({"controller_epoch":9,"leader":1,"version":1,"leader_recovery_state":1,)"
            R"("leader_epoch":5,"isr":[1]})");
}

TEST(ZooKeeperNodes, AConfigurationIsKafkas) {
  EXPECT_EQ(config_node({{"retention.ms", "1000"}, {"cleanup.policy", "compact,delete"}}),
            R"({"version":1,"config":{"cleanup.policy":"compact,delete","retention.ms":"1000"}})");
  EXPECT_EQ(config_node({}), R"({"version":1,"config":{}})");
}

TEST(ZooKeeperNodes, ABrokerIsKafkas) {
  BrokerImage broker;
  broker.endpoints = {{"CLIENT", "host1", 9092, 0}, {"REPLICATION", "::1", 9093, 1}};
  broker.rack = "dc1";
  broker.supported_features = {{"metadata.version", {7, 33}}};
  EXPECT_EQ(broker_id_node(broker, 1795289695668),
            R"({"features":{"metadata.version":{"min_version":7,"max_version":33}},)"
            R"("listener_security_protocol_map":{"CLIENT":"PLAINTEXT","REPLICATION":"SSL"},)"
            R"("endpoints":["CLIENT://host1:9092","REPLICATION://[::1]:9093"],"rack":"dc1",)"
            R"("jmx_port":-1,"port":9092,"host":"host1","version":5,"timestamp":"1795289695668"})");
  broker.endpoints.erase(broker.endpoints.begin());
  broker.rack.reset();
  broker.supported_features.clear();
  EXPECT_EQ(broker_id_node(broker, 1795289695847),
            R"({"features":{},"listener_security_protocol_map":{"REPLICATION":"SSL"},)"
            R"("endpoints":["REPLICATION://[::1]:9093"],"jmx_port":-1,"port":-1,"host":null,)"
            R"("version":5,"timestamp":"1795289695847"})");
}

TEST(ZooKeeperNodes, WhatTheControllerWritesIsKafkas) {
  EXPECT_EQ(controller_node(BrokerId(1), 1700000000000),
            R"({"version":2,"brokerid":1,"timestamp":"1700000000000","kraftControllerEpoch":-1})");
  EXPECT_EQ(controller_epoch_node(12), "12");
  EXPECT_EQ(cluster_id_node(kId), R"({"version":"1","id":"vPeOCWypqUOSepEvx0cbog"})");
  EXPECT_EQ(feature_node({{"metadata.version", 30}}),
            R"({"features":{"metadata.version":{"max_version_level":30}},"version":2,"status":1})");
}

TEST(ZooKeeperNodes, NamesAreSanitizedAsKafkas) {
  EXPECT_EQ(sanitized("a b"), "a%20b");
  EXPECT_EQ(sanitized("user*"), "user%2A");
  EXPECT_EQ(sanitized("cn=x,o=\xc3\xbc/y"), "cn%3Dx%2Co%3D%C3%BC%2Fy");
  EXPECT_EQ(sanitized("a-b_c.d~"), "a-b_c.d%7E");
}

Tree to_tree(const std::vector<ViewNode>& nodes) {
  Tree tree;
  for (const ViewNode& node : nodes) tree[node.path] = *node.data;
  return tree;
}

class View : public ::testing::Test {
 protected:
  View() {
    for (int id = 1; id <= 3; ++id) cluster_.add_broker(id);
    shown_ = to_tree(render_view(cluster_.image(), kControllerEpoch));
  }

  // Replays the records, and what they change in the view onto what was shown, as whoever writes it
  // would: nothing below a parent that is not there, nothing removed that has children.
  void apply(const std::vector<MetadataRecord>& records) {
    const ClusterImage before = cluster_.image();
    cluster_.apply(records);
    changes_ = render_view_changes(before, cluster_.image(), cluster_.delta, kControllerEpoch);
    for (const ViewNode& node : changes_) {
      EXPECT_EQ(node.was_there, shown_.contains(node.path)) << node.path;
      if (node.data) {
        const std::string parent = node.path.substr(0, node.path.rfind('/'));
        EXPECT_TRUE(parent.empty() || shown_.contains(parent)) << node.path;
        shown_[node.path] = *node.data;
      } else {
        const auto next = shown_.upper_bound(node.path + "/");
        EXPECT_FALSE(next != shown_.end() && next->first.starts_with(node.path + "/")) << node.path;
        EXPECT_EQ(shown_.erase(node.path), 1U) << node.path;
      }
    }
    EXPECT_EQ(shown_, to_tree(render_view(cluster_.image(), kControllerEpoch)));
  }
  void create(const std::string& name, std::int32_t partitions,
              const std::map<std::string, std::string>& configs = {}) {
    wire::CreateTopicsRequest request;
    request.topics.push_back(new_topic(name, partitions, 2, configs));
    apply(create_topics(cluster_.image(), cluster_.inputs(), request).records);
  }
  wire::ConfigRecord config(ConfigResourceType type, const std::string& name,
                            const std::string& key, const std::string& value) {
    wire::ConfigRecord record;
    record.resource_type = static_cast<std::int8_t>(type);
    record.resource_name = name;
    record.name = key;
    record.value = value;
    return record;
  }

  TestCluster cluster_;
  Tree shown_;
  std::vector<ViewNode> changes_;
};

TEST_F(View, BeginsWithWhatKafkaCreates) {
  for (const char* path : {"/brokers/ids", "/brokers/topics", "/admin/delete_topics",
                           "/config/changes", "/config/users", "/consumers"}) {
    EXPECT_TRUE(shown_.contains(path)) << path;
  }
  EXPECT_TRUE(shown_.at("/feature").starts_with(R"({"features":{)"));
}

TEST_F(View, ATopicComesChangesAndGoes) {
  create("a", 2, {{"retention.ms", "1000"}});
  EXPECT_EQ(shown_.at("/brokers/topics/a/partitions/1/state"),
            R"({"controller_epoch":9,"leader":2,"version":1,"leader_epoch":0,"isr":[2,3]})");
  EXPECT_EQ(shown_.at("/config/topics/a"), R"({"version":1,"config":{"retention.ms":"1000"}})");
  EXPECT_EQ(shown_.at("/brokers/topics/a/partitions"), "");

  wire::PartitionChangeRecord change;
  change.topic_id = cluster_.topic("a").id;
  change.partition_id = 1;
  change.leader = BrokerId(3);
  change.isr = ids({3});
  apply({change});
  ASSERT_EQ(changes_.size(), 1U);  // its state, and nothing else
  EXPECT_EQ(changes_[0].path, "/brokers/topics/a/partitions/1/state");

  wire::RemoveTopicRecord remove;
  remove.topic_id = change.topic_id;
  apply({remove});
  EXPECT_FALSE(shown_.contains("/brokers/topics/a"));
  EXPECT_FALSE(shown_.contains("/config/topics/a"));
  EXPECT_EQ(changes_.back().path, "/brokers/topics/a");
}

TEST_F(View, WhatWasBrokenOffIsTakenBack) {
  create("a", 2, {{"retention.ms", "1000"}});
  wire::CreateTopicsRequest request;
  request.topics.push_back(new_topic("b", 3, 2, {{"retention.ms", "2000"}}));
  wire::RemoveTopicRecord remove;
  remove.topic_id = cluster_.topic("a").id;
  std::vector<MetadataRecord> broken_off = {wire::BeginTransactionRecord{}};
  for (auto& record : create_topics(cluster_.image(), cluster_.inputs(), request).records) {
    broken_off.push_back(std::move(record));
  }
  broken_off.push_back(remove);
  const auto image = std::make_shared<const ClusterImage>(cluster_.image());
  const auto nodes = render_taken_back(image, broken_off, kControllerEpoch);
  ASSERT_TRUE(nodes);
  Tree taken_back = shown_;
  std::erase_if(taken_back, [](const auto& node) {
    return node.first.ends_with("/a") || node.first.contains("/a/");
  });
  taken_back["/brokers/topics/b/partitions/0/state"] = "as it came to be";
  for (const ViewNode& node : *nodes) {
    EXPECT_FALSE(node.was_there) << node.path;  // nobody knows
    if (node.data) {
      taken_back[node.path] = *node.data;
    } else {
      taken_back.erase(node.path);
    }
  }
  EXPECT_EQ(taken_back, shown_);
}

TEST_F(View, ATopicThatIsCreatedAgainAtOnceIsShownAsItIs) {
  create("a", 3);
  wire::RemoveTopicRecord remove;
  remove.topic_id = cluster_.topic("a").id;
  wire::TopicRecord topic;
  topic.name = "a";
  topic.topic_id = uuid(77);
  wire::PartitionRecord partition;
  partition.topic_id = topic.topic_id;
  partition.partition_id = 0;
  partition.replicas = ids({1});
  apply({remove, topic, partition});
  EXPECT_FALSE(shown_.contains("/brokers/topics/a/partitions/1"));
}

TEST_F(View, ConfigurationsAreShownWithoutTheirSecrets) {
  apply({config(ConfigResourceType::kBroker, "1", "ssl.keystore.password", "secret"),
         config(ConfigResourceType::kBroker, "1", "no.such.key", "secret"),
         config(ConfigResourceType::kBroker, "", "log.retention.ms", "5")});
  EXPECT_EQ(shown_.at("/config/brokers/1"), R"({"version":1,"config":{"no.such.key":"[hidden]",)"
                                            R"("ssl.keystore.password":"[hidden]"}})");
  EXPECT_EQ(shown_.at("/config/brokers/<default>"),
            R"({"version":1,"config":{"log.retention.ms":"5"}})");
}

TEST_F(View, QuotasAndCredentialsAreTheirEntities) {
  wire::ClientQuotaRecord quota;
  quota.entity = {{"user", "a b"}, {"client-id", std::nullopt}};
  quota.key = "producer_byte_rate";
  quota.value = 1024;
  wire::ClientQuotaRecord share;
  share.entity = {{"client-id", "c"}};
  share.key = "request_percentage";
  share.value = 50;
  wire::UserScramCredentialRecord credential;
  credential.name = "u";
  credential.mechanism = 1;
  apply({quota, share, credential});
  EXPECT_EQ(shown_.at("/config/users/a%20b/clients/<default>"),
            R"({"version":1,"config":{"producer_byte_rate":"1024"}})");
  EXPECT_EQ(shown_.at("/config/clients/c"),
            R"({"version":1,"config":{"request_percentage":"50.0"}})");
  EXPECT_EQ(shown_.at("/config/users/u"), R"({"version":1,"config":{"SCRAM-SHA-256":"[hidden]"}})");
  quota.remove = true;
  apply({quota});
  EXPECT_FALSE(shown_.contains("/config/users/a%20b"));
}

TEST_F(View, AccessControlIsByResource) {
  wire::AccessControlEntryRecord entry;
  entry.id = uuid(1);
  entry.resource_type = 2;
  entry.resource_name = "orders";
  entry.pattern_type = 3;
  entry.principal = "User:alice";
  entry.host = "*";
  entry.operation = 3;
  entry.permission_type = 3;
  wire::AccessControlEntryRecord prefix = entry;
  prefix.id = uuid(2);
  prefix.pattern_type = 4;
  prefix.permission_type = 2;
  apply({entry, prefix});
  EXPECT_EQ(shown_.at("/kafka-acl/Topic/orders"),
            R"({"version":1,"acls":[{"principal":"User:alice","permissionType":"Allow",)"
            R"("operation":"Read","host":"*"}]})");
  EXPECT_TRUE(shown_.contains("/kafka-acl-extended/prefixed/Topic/orders"));
  wire::RemoveAccessControlEntryRecord remove;
  remove.id = prefix.id;
  apply({remove});
  EXPECT_FALSE(shown_.contains("/kafka-acl-extended"));
}

}  // namespace
}  // namespace odradek::metadata::testing
