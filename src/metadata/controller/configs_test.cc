// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/configs.h"

#include <gtest/gtest.h>

#include <functional>

#include "config/dynamic.h"
#include "metadata/test_cluster.h"

namespace odradek::metadata {
namespace {

using base::BrokerId;
using base::ErrorCode;
using testing::new_topic;
using testing::TestCluster;
using wire::AlterConfigsRequest;
using wire::IncrementalAlterConfigsRequest;

constexpr std::int8_t kTopic = 2;
constexpr std::int8_t kBroker = 4;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;
constexpr std::int8_t kAppend = 2;
constexpr std::int8_t kSubtract = 3;

using Op = IncrementalAlterConfigsRequest::AlterableConfig;
using Answer = wire::IncrementalAlterConfigsResponse::AlterConfigsResourceResponse;

// A node of its own with a topic "t".
class Configs : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_.add_broker(1);
    ASSERT_EQ(cluster_.create(new_topic("t")).error_code, ErrorCode::kNone);
  }

  std::vector<Answer> alter(const IncrementalAlterConfigsRequest& request) {
    const auto layers = settings_.layers();
    auto decision = incremental_alter_configs(cluster_.image(), {*layers, BrokerId(1)}, request);
    records_ = decision.records.size();
    cluster_.apply(decision.records);
    follow();
    return std::move(decision.reply.responses);
  }
  Answer alter(std::int8_t type, const std::string& name, const std::vector<Op>& ops,
               bool validate_only = false) {
    IncrementalAlterConfigsRequest request;
    request.resources.push_back({type, name, ops});
    request.validate_only = validate_only;
    return alter(request).at(0);
  }
  ErrorCode replace(std::int8_t type, const std::string& name,
                    const std::vector<AlterConfigsRequest::AlterableConfig>& configs) {
    AlterConfigsRequest request;
    request.resources.push_back({type, name, configs});
    const auto layers = settings_.layers();
    auto decision = alter_configs(cluster_.image(), {*layers, BrokerId(1)}, request);
    cluster_.apply(decision.records);
    follow();
    return decision.reply.responses.at(0).error_code;
  }

  ConfigMap configs(ConfigResourceType type, const std::string& name) const {
    const ConfigMap* found = cluster_.image().find_config(type, name);
    return found == nullptr ? ConfigMap{} : *found;
  }
  ConfigMap of_topic() const { return configs(ConfigResourceType::kTopic, "t"); }
  ConfigMap of_broker() const { return configs(ConfigResourceType::kBroker, "1"); }

  // As the broker follows its image.
  void follow() {
    std::vector<std::string> ignored;
    settings_.set_dynamic(
        config::usable_dynamic(configs(ConfigResourceType::kBroker, ""),
                               config::DynamicScope::kClusterDefault, ignored),
        config::usable_dynamic(of_broker(), config::DynamicScope::kBroker, ignored));
  }

  TestCluster cluster_;
  config::LiveSettings settings_{config::Settings()};
  std::size_t records_ = 0;
};

TEST_F(Configs, SetAndDeleteChangeOneKey) {
  EXPECT_EQ(alter(kTopic, "t", {{"retention.ms", kSet, "5"}, {"flush.ms", kSet, "6"}}).error_code,
            ErrorCode::kNone);
  EXPECT_EQ(of_topic(), (ConfigMap{{"retention.ms", "5"}, {"flush.ms", "6"}}));
  EXPECT_EQ(alter(kTopic, "t", {{"retention.ms", kDelete, std::nullopt}}).error_code,
            ErrorCode::kNone);
  EXPECT_EQ(of_topic(), (ConfigMap{{"flush.ms", "6"}}));
}

TEST_F(Configs, WhatIsTheSameIsNotWrittenAgainButForABroker) {
  alter(kTopic, "t", {{"retention.ms", kSet, "5"}});
  EXPECT_EQ(records_, 1U);
  alter(kTopic, "t", {{"retention.ms", kSet, "5"}});
  EXPECT_EQ(records_, 0U);
  alter(kBroker, "1", {{"log.segment.bytes", kSet, "2097152"}});
  alter(kBroker, "1", {{"log.segment.bytes", kSet, "2097152"}});
  EXPECT_EQ(records_, 1U);
}

TEST_F(Configs, AListBeginsWithTheDefaultAndHasEachElementOnce) {
  alter(kTopic, "t", {{"cleanup.policy", kAppend, "compact"}});
  EXPECT_EQ(of_topic().at("cleanup.policy"), "delete,compact");
  alter(kTopic, "t", {{"cleanup.policy", kAppend, "compact,delete"}});
  EXPECT_EQ(of_topic().at("cleanup.policy"), "delete,compact");
  alter(kTopic, "t", {{"cleanup.policy", kSubtract, "delete"}});
  EXPECT_EQ(of_topic().at("cleanup.policy"), "compact");
}

TEST_F(Configs, OnlyListsAreAppendedTo) {
  for (const std::int8_t operation : {kAppend, kSubtract}) {
    for (const char* key : {"retention.ms", "no.such.key"}) {
      EXPECT_EQ(alter(kTopic, "t", {{key, operation, "1"}}).error_code, ErrorCode::kInvalidConfig);
    }
  }
}

TEST_F(Configs, OneBadKeyRefusesItsResourceAndNoOther) {
  ASSERT_EQ(cluster_.create(new_topic("other")).error_code, ErrorCode::kNone);
  IncrementalAlterConfigsRequest request;
  request.resources = {{kTopic, "t", {{"retention.ms", kSet, "5"}, {"x", kSet, "1"}}},
                       {kTopic, "other", {{"retention.ms", kSet, "7"}}},
                       {kTopic, "none", {{"retention.ms", kSet, "7"}}},
                       {kBroker, "7", {{"log.segment.bytes", kSet, "2097152"}}},
                       {1, "t", {}}};
  std::vector<ErrorCode> codes;
  for (const Answer& answer : alter(request)) codes.push_back(answer.error_code);
  EXPECT_EQ(codes, (std::vector{ErrorCode::kInvalidConfig, ErrorCode::kNone,
                                ErrorCode::kUnknownTopicOrPartition, ErrorCode::kInvalidRequest,
                                ErrorCode::kInvalidRequest}));
  EXPECT_TRUE(of_topic().empty());
  EXPECT_EQ(configs(ConfigResourceType::kTopic, "other"), (ConfigMap{{"retention.ms", "7"}}));
}

TEST_F(Configs, AResourceOrAKeyTwiceIsRefused) {
  IncrementalAlterConfigsRequest request;
  request.resources = {{kTopic, "t", {{"retention.ms", kSet, "5"}}}, {kTopic, "t", {}}};
  for (const Answer& answer : alter(request)) {
    EXPECT_EQ(answer.error_code, ErrorCode::kInvalidRequest);
  }
  EXPECT_EQ(
      alter(kTopic, "t", {{"flush.ms", kSet, "1"}, {"flush.ms", kDelete, std::nullopt}}).error_code,
      ErrorCode::kInvalidRequest);
  EXPECT_EQ(alter(kTopic, "t", {{"flush.ms", kSet, std::nullopt}}).error_code,
            ErrorCode::kInvalidRequest);
  EXPECT_TRUE(of_topic().empty());
}

TEST_F(Configs, ValidateOnlyAnswersTheSameAndChangesNothing) {
  EXPECT_EQ(alter(kTopic, "t", {{"retention.ms", kSet, "5"}}, true).error_code, ErrorCode::kNone);
  EXPECT_EQ(alter(kTopic, "t", {{"retention.ms", kSet, "x"}}, true).error_code,
            ErrorCode::kInvalidConfig);
  EXPECT_TRUE(of_topic().empty());
}

TEST_F(Configs, ReplacingDropsWhatIsNotNamed) {
  EXPECT_EQ(replace(kTopic, "t", {{"retention.ms", "5"}, {"flush.ms", "6"}}), ErrorCode::kNone);
  EXPECT_EQ(replace(kTopic, "t", {{"flush.ms", "7"}}), ErrorCode::kNone);
  EXPECT_EQ(of_topic(), (ConfigMap{{"flush.ms", "7"}}));
  EXPECT_EQ(replace(kTopic, "t", {{"flush.ms", "x"}}), ErrorCode::kInvalidConfig);
  EXPECT_EQ(of_topic(), (ConfigMap{{"flush.ms", "7"}}));
  EXPECT_EQ(replace(kTopic, "t", {}), ErrorCode::kNone);
  EXPECT_TRUE(of_topic().empty());
}

TEST_F(Configs, ABrokerMayNotChangeWhatIsReadAtStart) {
  const auto answer = alter(kBroker, "1", {{"log.dirs", kSet, "/x"}});
  EXPECT_EQ(answer.error_code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(answer.error_message, "Cannot update these configs dynamically: [log.dirs]");
}

TEST_F(Configs, ThreadsAreHalvedOrDoubledAtMost) {
  const auto set = [this](const char* threads) {
    return alter(kBroker, "1", {{"num.io.threads", kSet, threads}}).error_code;
  };
  EXPECT_EQ(set("17"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("16"), ErrorCode::kNone);
  EXPECT_EQ(set("32"), ErrorCode::kNone);
  EXPECT_EQ(set("15"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set("0"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(of_broker().at("num.io.threads"), "32");
}

TEST_F(Configs, ABrokersOwnValueWinsOverTheClustersDefault) {
  alter(kBroker, "", {{"log.segment.bytes", kSet, "2097152"}});
  EXPECT_EQ(settings_.number("log.segment.bytes"), 2097152);
  alter(kBroker, "1", {{"log.segment.bytes", kSet, "3145728"}});
  EXPECT_EQ(settings_.number("log.segment.bytes"), 3145728);
  alter(kBroker, "1", {{"log.segment.bytes", kDelete, std::nullopt}});
  EXPECT_EQ(settings_.number("log.segment.bytes"), 2097152);
}

TEST_F(Configs, OneBrokersKeysAreNotTheClustersDefault) {
  EXPECT_EQ(alter(kBroker, "", {{"cordoned.log.dirs", kSet, ""}}).error_code,
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(alter(kBroker, "", {{"listener.name.a.max.connections", kSet, "5"}}).error_code,
            ErrorCode::kNone);
}

TEST_F(Configs, ALongValueIsRefused) {
  const auto answer =
      alter(kTopic, "t",
            {{"leader.replication.throttled.replicas", kSet, "1:1" + std::string(33'000, ' ')}});
  EXPECT_EQ(answer.error_code, ErrorCode::kInvalidConfig);
}

TEST_F(Configs, AStoredKeyThatNobodyKnowsDoesNotStandInTheWay) {
  wire::ConfigRecord record;
  record.resource_type = kTopic;
  record.resource_name = "t";
  record.name = "dropped.key";
  record.value = "1";
  cluster_.apply({record});
  EXPECT_EQ(alter(kTopic, "t", {{"flush.ms", kSet, "5"}}).error_code, ErrorCode::kNone);
  EXPECT_EQ(of_topic(), (ConfigMap{{"dropped.key", "1"}, {"flush.ms", "5"}}));
}

TEST_F(Configs, AnotherMinimumClearsTheEligibleReplicas) {
  IncrementalAlterConfigsRequest request;
  request.resources = {{kTopic, "t", {{"min.insync.replicas", kSet, "2"}}}};
  const auto layers = settings_.layers();
  const auto decision =
      incremental_alter_configs(cluster_.image(), {*layers, BrokerId(1)}, request);
  ASSERT_EQ(decision.records.size(), 2U);
  EXPECT_EQ(std::get<wire::ClearElrRecord>(decision.records[1]).topic_name, "t");
}

TEST_F(Configs, APartitionThatWaitsForItsEligibleReplicasKeepsThem) {
  cluster_.add_broker(2);
  cluster_.create(new_topic("waits"));
  wire::PartitionChangeRecord offline;
  offline.topic_id = cluster_.topic("waits").id;
  offline.partition_id = 0;
  offline.leader = base::kNoBroker;
  offline.isr.emplace();
  offline.eligible_leader_replicas = {BrokerId(2)};
  wire::PartitionChangeRecord led;
  led.topic_id = cluster_.topic("t").id;
  led.partition_id = 0;
  led.eligible_leader_replicas = {BrokerId(2)};
  cluster_.apply({offline, led});
  EXPECT_EQ(alter(kBroker, "", {{"min.insync.replicas", kSet, "2"}}).error_code, ErrorCode::kNone);
  EXPECT_EQ(cluster_.topic("waits").partitions[0].eligible_leader_replicas,
            std::vector{BrokerId(2)});
  EXPECT_TRUE(cluster_.topic("t").partitions[0].eligible_leader_replicas.empty());
}

TEST_F(Configs, WithEligibleReplicasTheMinimumIsTheClusters) {
  EXPECT_EQ(alter(kBroker, "1", {{"min.insync.replicas", kSet, "2"}}).error_code,
            ErrorCode::kInvalidConfig);
  EXPECT_EQ(alter(kBroker, "", {{"min.insync.replicas", kSet, "2"}}).error_code, ErrorCode::kNone);
  EXPECT_EQ(alter(kBroker, "", {{"min.insync.replicas", kDelete, std::nullopt}}).error_code,
            ErrorCode::kInvalidConfig);
}

TEST_F(Configs, OfAnotherBrokerThatWasAskedAreHeldAgainstItsOwn) {
  cluster_.add_broker(2);
  const auto change = [this](const char* threads) {
    IncrementalAlterConfigsRequest request;
    request.resources.push_back({kBroker, "2", {{"log.cleaner.threads", kSet, threads}}});
    const auto layers = settings_.layers();
    auto decision = incremental_alter_configs(cluster_.image(), {*layers, std::nullopt}, request);
    cluster_.apply(decision.records);
    return decision.reply.responses.at(0).error_code;
  };
  EXPECT_EQ(change("3"), ErrorCode::kInvalidRequest) << "more than doubled";
  EXPECT_EQ(change("2"), ErrorCode::kNone);
  EXPECT_EQ(change("4"), ErrorCode::kNone) << "though it is 1 where this is decided";
  EXPECT_EQ(settings_.number("log.cleaner.threads"), 1);
}

}  // namespace
}  // namespace odradek::metadata
