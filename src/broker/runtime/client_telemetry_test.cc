// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/client_telemetry.h"

#include <gtest/gtest.h>

#include <chrono>

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ConfigMap;
using metadata::ConfigResourceType;
using std::chrono::seconds;

class ClientTelemetryTest : public ::testing::Test {
 protected:
  ClientTelemetryTest() {
    client_.instance_id = base::Uuid::from_random(1, 2);
    client_.client_id = "billing-1";
    client_.source_address = "10.0.0.1";
  }

  void configure(const std::string& name, ConfigMap config) {
    image_.configs[{ConfigResourceType::kClientMetrics, name}] =
        std::make_shared<const ConfigMap>(std::move(config));
  }
  ErrorCode subscribe() { return telemetry_.subscribe(image_, client_, now_, subscription_); }
  ErrorCode push(bool is_terminating = false, std::size_t size = 10, std::int8_t compression = 0) {
    return telemetry_.push(image_, client_, {subscription_.id, compression, size, is_terminating},
                           now_);
  }
  void pass(seconds time) { now_ += time; }

  metadata::ClusterImage image_;
  TelemetryClient client_;
  ClientTelemetry telemetry_{1000};
  TelemetrySubscription subscription_;
  env::MonotonicTime now_{};
};

TEST_F(ClientTelemetryTest, NothingIsAskedForByDefault) {
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
  EXPECT_EQ(subscription_.push_interval_ms, 300'000);
  EXPECT_TRUE(subscription_.metrics.empty());
}

TEST_F(ClientTelemetryTest, ASubscriptionIsWhatAllThatMatchAskFor) {
  configure("all", {{"metrics", "a.,b."}, {"interval.ms", "60000"}});
  configure("billing", {{"metrics", "b.,c."}, {"match", "client_id = billing-.*"}});
  configure("others", {{"metrics", "*"}, {"match", "client_id=billing"}});
  configure("unknown", {{"metrics", "*"}, {"match", "client_software_name=odradek"}});
  const auto subscription = make_subscription(image_, client_);
  EXPECT_EQ(subscription.metrics, (std::set<std::string>{"a.", "b.", "c."}));
  EXPECT_EQ(subscription.push_interval_ms, 60'000);
  EXPECT_EQ(make_subscription(image_, client_).id, subscription.id);
  client_.software_name = "odradek";
  EXPECT_EQ(make_subscription(image_, client_).metrics, std::set<std::string>{"*"});
  EXPECT_NE(make_subscription(image_, client_).id, subscription.id);
}

TEST_F(ClientTelemetryTest, AskingAgainBeforeTheIntervalIsThrottledUnlessThereIsNews) {
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
  EXPECT_EQ(subscribe(), ErrorCode::kThrottlingQuotaExceeded);
  configure("news", {{"metrics", "a."}, {"interval.ms", "1000"}});
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
  EXPECT_EQ(subscribe(), ErrorCode::kThrottlingQuotaExceeded);
  pass(seconds(1));
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
  client_.connection_id = 7;
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
}

TEST_F(ClientTelemetryTest, APushComesOnceInAnInterval) {
  subscribe();
  EXPECT_EQ(push(), ErrorCode::kNone);
  EXPECT_EQ(push(), ErrorCode::kThrottlingQuotaExceeded);
  pass(seconds(300));
  EXPECT_EQ(push(), ErrorCode::kNone);
}

TEST_F(ClientTelemetryTest, APushThatDoesNotFitIsRefused) {
  subscribe();
  subscription_.id ^= 1;
  EXPECT_EQ(push(), ErrorCode::kUnknownSubscriptionId);
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
  pass(seconds(300));
  EXPECT_EQ(push(false, 10, 5), ErrorCode::kUnsupportedCompressionType);
  pass(seconds(300));
  EXPECT_EQ(push(false, 1001), ErrorCode::kTelemetryTooLarge);
  pass(seconds(300));
  EXPECT_EQ(push(false, 1000, 4), ErrorCode::kNone);
}

TEST_F(ClientTelemetryTest, NothingComesAfterTheLastPush) {
  subscribe();
  EXPECT_EQ(push(), ErrorCode::kNone);
  EXPECT_EQ(push(true), ErrorCode::kNone);  // the last one need not wait
  pass(seconds(300));
  EXPECT_EQ(push(), ErrorCode::kInvalidRequest);
}

TEST_F(ClientTelemetryTest, AClientThatIsSilentIsForgotten) {
  subscribe();
  pass(seconds(901));
  const base::Uuid silent = client_.instance_id;
  client_.instance_id = base::Uuid::from_random(3, 4);
  subscribe();
  client_.instance_id = silent;
  EXPECT_EQ(subscribe(), ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::broker
