// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/clients.h"

#include <gtest/gtest.h>

#include <cmath>

#include "metadata/test_cluster.h"

namespace odradek::metadata::testing {
namespace {

using base::ErrorCode;
using Quota = wire::AlterClientQuotasRequest::EntryData;
using Component = wire::DescribeClientQuotasRequest::ComponentData;

Quota quota(const QuotaEntity& entity, const std::string& key, std::optional<double> value) {
  Quota entry;
  for (const auto& [type, name] : entity) entry.entity.push_back({type, name});
  entry.ops.push_back({key, value.value_or(0), !value});
  return entry;
}

class ClientQuotas : public ::testing::Test {
 protected:
  ErrorCode alter(std::vector<Quota> entries, bool validate_only = false) {
    wire::AlterClientQuotasRequest request;
    request.entries = std::move(entries);
    request.validate_only = validate_only;
    auto decision = alter_client_quotas(cluster_.image(), request);
    records_ = decision.records.size();
    cluster_.apply(decision.records);
    return decision.reply.entries.at(0).error_code;
  }
  ErrorCode set(const QuotaEntity& entity, const std::string& key, double value) {
    return alter({quota(entity, key, value)});
  }
  std::size_t count(std::vector<Component> components, bool strict = false) {
    wire::DescribeClientQuotasRequest request;
    request.components = std::move(components);
    request.strict = strict;
    return describe_client_quotas(cluster_.image(), request).entries.value().size();
  }
  ErrorCode describe_error(std::vector<Component> components) {
    wire::DescribeClientQuotasRequest request;
    request.components = std::move(components);
    const auto response = describe_client_quotas(cluster_.image(), request);
    EXPECT_FALSE(response.entries);
    return response.error_code;
  }

  TestCluster cluster_;
  std::size_t records_ = 0;
};

TEST_F(ClientQuotas, AreSetChangedAndRemoved) {
  const QuotaEntity user{{"user", "k"}};
  EXPECT_EQ(set(user, "producer_byte_rate", 100), ErrorCode::kNone);
  EXPECT_EQ(set(user, "producer_byte_rate", 200), ErrorCode::kNone);
  EXPECT_EQ(cluster_.image().client_quotas.find(user)->at("producer_byte_rate"), 200);
  EXPECT_EQ(set(user, "producer_byte_rate", 200), ErrorCode::kNone);
  EXPECT_EQ(records_, 0U);
  EXPECT_EQ(alter({quota(user, "producer_byte_rate", std::nullopt)}), ErrorCode::kNone);
  EXPECT_EQ(cluster_.image().client_quotas.find(user), nullptr);
  EXPECT_EQ(alter({quota(user, "producer_byte_rate", std::nullopt)}), ErrorCode::kNone);
  EXPECT_EQ(records_, 0U);
}

TEST_F(ClientQuotas, ValidatingChangesNothing) {
  EXPECT_EQ(alter({quota({{"user", "k"}}, "producer_byte_rate", 1)}, true), ErrorCode::kNone);
  EXPECT_EQ(alter({quota({{"user", "k"}}, "producer_byte_rate", -1)}, true),
            ErrorCode::kInvalidRequest);
  EXPECT_TRUE(cluster_.image().client_quotas.empty());
}

TEST_F(ClientQuotas, WhatIsNoQuotaIsRefused) {
  const QuotaEntity user{{"user", "k"}};
  for (const double value : {0.0, -1.0, 1.5, 1e30, std::nan("")}) {
    EXPECT_EQ(set(user, "producer_byte_rate", value), ErrorCode::kInvalidRequest) << value;
  }
  EXPECT_EQ(set(user, "no_such_rate", 1), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set(user, "connection_creation_rate", 1), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set({{"ip", "1.2.3.4"}}, "producer_byte_rate", 1), ErrorCode::kInvalidRequest);
  EXPECT_EQ(set({{"ip", "1.2.3.4"}}, "connection_creation_rate", 2147483648.0),
            ErrorCode::kInvalidRequest);
  for (const QuotaEntity& entity :
       {QuotaEntity{}, QuotaEntity{{"group", "g"}}, QuotaEntity{{"user", ""}},
        QuotaEntity{{"ip", "host"}}, QuotaEntity{{"ip", "::1"}, {"user", "k"}}}) {
    EXPECT_EQ(set(entity, "producer_byte_rate", 1), ErrorCode::kInvalidRequest);
  }
  EXPECT_TRUE(cluster_.image().client_quotas.empty());
}

TEST_F(ClientQuotas, AnEntityThatIsNamedTwiceKeepsItsFirstChange) {
  const QuotaEntity user{{"user", "k"}};
  EXPECT_EQ(alter({quota(user, "producer_byte_rate", 1), quota(user, "producer_byte_rate", 2)}),
            ErrorCode::kInvalidRequest);
  EXPECT_EQ(cluster_.image().client_quotas.find(user)->at("producer_byte_rate"), 1);
}

TEST_F(ClientQuotas, AreDescribedByWhatTheirEntityHas) {
  set({{"user", "a"}}, "producer_byte_rate", 1);
  set({{"user", "a"}, {"client-id", "c"}}, "producer_byte_rate", 1);
  set({{"user", std::nullopt}}, "producer_byte_rate", 1);
  set({{"ip", "::1"}}, "connection_creation_rate", 1);
  EXPECT_EQ(count({}), 4U);
  EXPECT_EQ(count({}, true), 0U);
  EXPECT_EQ(count({{"user", 0, "a"}}), 2U);
  EXPECT_EQ(count({{"user", 0, "a"}}, true), 1U);
  EXPECT_EQ(count({{"user", 1, std::nullopt}}), 1U);
  EXPECT_EQ(count({{"user", 2, std::nullopt}}), 3U);
  EXPECT_EQ(count({{"user", 0, "a"}, {"client-id", 2, std::nullopt}}, true), 1U);
  EXPECT_EQ(count({{"ip", 2, std::nullopt}}), 1U);
}

TEST_F(ClientQuotas, AFilterThatMakesNoSenseIsRefused) {
  EXPECT_EQ(describe_error({{"", 0, "a"}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe_error({{"group", 0, "a"}}), ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(describe_error({{"user", 0, std::nullopt}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe_error({{"user", 1, "a"}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe_error({{"user", 3, std::nullopt}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe_error({{"user", 0, "a"}, {"user", 0, "b"}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(describe_error({{"ip", 2, std::nullopt}, {"user", 0, "b"}}),
            ErrorCode::kInvalidRequest);
}

base::SharedBytes bytes(const std::string& text) {
  return base::SharedBytes::copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

class ScramCredentialChanges : public ::testing::Test {
 protected:
  using Answers = std::map<std::string, ErrorCode>;

  Answers alter(const wire::AlterUserScramCredentialsRequest& request) {
    auto decision = alter_scram_credentials(
        cluster_.image(), request,
        [](ScramMechanism, base::ByteView password) -> base::Result<ScramSecrets> {
          if (password.empty()) return base::fail(ErrorCode::kUnacceptableCredential);
          return ScramSecrets{bytes("stored"), bytes("server")};
        });
    cluster_.apply(decision.records);
    Answers answers;
    for (const auto& result : decision.reply.results) answers[result.user] = result.error_code;
    return answers;
  }
  ErrorCode set(const std::string& user, std::int8_t mechanism, std::int32_t iterations,
                const std::string& password = "p") {
    wire::AlterUserScramCredentialsRequest request;
    request.upsertions.push_back({user, mechanism, iterations, bytes("salt"), bytes(password)});
    return alter(request).at(user);
  }
  ErrorCode remove(const std::string& user, std::int8_t mechanism) {
    wire::AlterUserScramCredentialsRequest request;
    request.deletions.push_back({user, mechanism});
    return alter(request).at(user);
  }

  TestCluster cluster_;
};

TEST_F(ScramCredentialChanges, KeepKeysAndNoPassword) {
  EXPECT_EQ(set("k", 1, 4096), ErrorCode::kNone);
  const auto& kept = cluster_.image().scram_credentials.find("k")->at(ScramMechanism::kSha256);
  EXPECT_EQ(kept.stored_key, bytes("stored"));
  EXPECT_EQ(kept.server_key, bytes("server"));
  EXPECT_EQ(kept.iterations, 4096);
  EXPECT_EQ(remove("k", 2), ErrorCode::kResourceNotFound);
  EXPECT_EQ(remove("k", 1), ErrorCode::kNone);
  EXPECT_TRUE(cluster_.image().scram_credentials.empty());
}

TEST_F(ScramCredentialChanges, WhatIsNoCredentialIsRefused) {
  EXPECT_EQ(set("k", 1, 4095), ErrorCode::kUnacceptableCredential);
  EXPECT_EQ(set("k", 1, 16385), ErrorCode::kUnacceptableCredential);
  EXPECT_EQ(set("", 1, 4096), ErrorCode::kUnacceptableCredential);
  EXPECT_EQ(set("k", 1, 4096, ""), ErrorCode::kUnacceptableCredential);
  EXPECT_EQ(set("k", 3, 4096), ErrorCode::kUnsupportedSaslMechanism);
  EXPECT_TRUE(cluster_.image().scram_credentials.empty());
}

TEST_F(ScramCredentialChanges, AUserThatIsNamedTwiceIsNotChanged) {
  EXPECT_EQ(set("k", 1, 4096), ErrorCode::kNone);
  wire::AlterUserScramCredentialsRequest request;
  request.deletions = {{"k", 1}};
  request.upsertions = {{"k", 2, 4096, {}, bytes("p")}, {"l", 1, 4096, {}, bytes("p")}};
  const Answers answers = alter(request);
  EXPECT_EQ(answers.at("k"), ErrorCode::kDuplicateResource);
  EXPECT_EQ(answers.at("l"), ErrorCode::kNone);
  EXPECT_EQ(cluster_.image().scram_credentials.find("k")->size(), 1U);
}

TEST_F(ScramCredentialChanges, AnOldMetadataVersionHasNoPlaceForThem) {
  wire::FeatureLevelRecord old;
  old.name = "metadata.version";
  old.feature_level = 10;
  cluster_.apply({old});
  EXPECT_EQ(set("k", 1, 4096), ErrorCode::kUnsupportedVersion);
}

TEST_F(ScramCredentialChanges, AreDescribed) {
  set("k", 1, 4096);
  set("k", 2, 8192);
  set("l", 1, 4096);
  wire::DescribeUserScramCredentialsRequest request;
  EXPECT_EQ(describe_scram_credentials(cluster_.image(), request).results.size(), 2U);
  request.users = {{{"k"}, {"nobody"}, {"l"}, {"l"}}};
  const auto results = describe_scram_credentials(cluster_.image(), request).results;
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].credential_infos.size(), 2U);
  EXPECT_EQ(results[0].credential_infos[1].iterations, 8192);
  EXPECT_EQ(results[1].error_code, ErrorCode::kDuplicateResource);
  EXPECT_EQ(results[2].error_code, ErrorCode::kResourceNotFound);
}

}  // namespace
}  // namespace odradek::metadata::testing
