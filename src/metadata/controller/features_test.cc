// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/features.h"

#include <gtest/gtest.h>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::BrokerId;
using base::ErrorCode;

constexpr std::int8_t kUpgrade = 1;
constexpr std::int8_t kSafe = 2;
constexpr std::int8_t kUnsafe = 3;

class Features : public ::testing::Test {
 protected:
  using Update = wire::UpdateFeaturesRequest::FeatureUpdateKey;

  ErrorCode update(std::vector<Update> updates, bool validate_only = false) {
    wire::UpdateFeaturesRequest request;
    request.feature_updates = std::move(updates);
    request.validate_only = validate_only;
    auto decision = update_features(cluster_.image(), BrokerId(1), request);
    cluster_.apply(decision.records);
    return decision.reply.error_code;
  }
  ErrorCode set(const std::string& feature, std::int16_t level, std::int8_t type) {
    Update one;
    one.feature = feature;
    one.max_version_level = level;
    one.upgrade_type = type;
    return update({one});
  }
  int level(const std::string& feature) {
    const auto& features = cluster_.image().features;
    const auto found = features.find(feature);
    return found == features.end() ? 0 : found->second;
  }

  TestCluster cluster_;
};

TEST_F(Features, GoDownOnlyWhereThatIsAskedFor) {
  EXPECT_EQ(set("group.version", 0, kUpgrade), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(level("group.version"), 1);
  EXPECT_EQ(set("group.version", 0, kSafe), ErrorCode::kNone);
  EXPECT_EQ(level("group.version"), 0);
  EXPECT_EQ(set("group.version", 1, kSafe), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("group.version", 1, kUpgrade), ErrorCode::kNone);
  EXPECT_EQ(level("group.version"), 1);
}

TEST_F(Features, AreChangedTogetherOrNotAtAll) {
  Update right{.feature = "group.version", .max_version_level = 0, .upgrade_type = kSafe};
  Update wrong{.feature = "share.version", .max_version_level = 99};
  EXPECT_EQ(update({right, wrong}), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(level("group.version"), 1);
  EXPECT_EQ(update({right}, true), ErrorCode::kNone);
  EXPECT_EQ(level("group.version"), 1);
}

TEST_F(Features, ThatNobodyKnowsAreRefused) {
  EXPECT_EQ(set("no.version", 1, kUpgrade), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("no.version", 0, kUpgrade), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("group.version", -1, kSafe), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("group.version", 1, 0), ErrorCode::kInvalidUpdateVersion);
}

TEST_F(Features, TheQuorumsVersionOnlyGoesUp) {
  EXPECT_EQ(set("kraft.version", 1, kUpgrade), ErrorCode::kNone);
  EXPECT_EQ(level("kraft.version"), 1);
  EXPECT_EQ(set("kraft.version", 0, kSafe), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("kraft.version", 0, kUnsafe), ErrorCode::kInvalidUpdateVersion);
}

TEST_F(Features, ThatARegisteredBrokerDoesNotKnowAreRefused) {
  cluster_.add_broker(1);  // supports nothing
  EXPECT_EQ(set("share.version", 2, kUpgrade), ErrorCode::kInvalidUpdateVersion);
}

TEST_F(Features, TheMetadataVersionGoesDownWhereTheLogStaysTheSame) {
  EXPECT_EQ(set("metadata.version", 29, kSafe), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(set("metadata.version", 29, kUnsafe), ErrorCode::kInvalidUpdateVersion);
  wire::FeatureLevelRecord older;
  older.name = "metadata.version";
  older.feature_level = 29;
  cluster_.apply({older});
  EXPECT_EQ(set("metadata.version", 24, kSafe), ErrorCode::kNone);
  EXPECT_EQ(set("metadata.version", 22, kSafe), ErrorCode::kInvalidUpdateVersion);
  EXPECT_EQ(level("metadata.version"), 24);
}

TEST_F(Features, EligibleLeaderReplicasNeedAMetadataVersion) {
  wire::FeatureLevelRecord older;
  older.name = "metadata.version";
  older.feature_level = 22;
  cluster_.apply({older});
  EXPECT_EQ(set("eligible.leader.replicas.version", 0, kSafe), ErrorCode::kNone);
  EXPECT_EQ(set("eligible.leader.replicas.version", 1, kUpgrade), ErrorCode::kInvalidUpdateVersion);
}

}  // namespace
}  // namespace odradek::metadata::testing
