// SPDX-License-Identifier: Apache-2.0
#include "wire/json.h"

#include <gtest/gtest.h>

#include "wire/records/group.h"
#include "wire/records/metadata.h"
#include "wire/records/transaction.h"

namespace odradek::wire {
namespace {

TEST(Json, FieldsStandInTheOrderOfTheDefinitionAndTagsOnlyWhenSet) {
  TransactionLogValue value;
  value.producer_id = base::ProducerId(7);
  value.transaction_partitions = std::nullopt;
  EXPECT_EQ(to_json(value, 0),
            R"({"producerId":7,"producerEpoch":0,"transactionTimeoutMs":0,"transactionStatus":0,)"
            R"("transactionPartitions":null,"transactionLastUpdateTimestampMs":0,)"
            R"("transactionStartTimestampMs":0})");
  value.previous_producer_id = base::ProducerId(6);
  value.transaction_partitions = {{.topic = "a", .partition_ids = {0, 2}}};
  EXPECT_EQ(to_json(value, 1),
            R"({"producerId":7,"previousProducerId":6,"producerEpoch":0,"transactionTimeoutMs":0,)"
            R"("transactionStatus":0,"transactionPartitions":[{"topic":"a","partitionIds":[0,2]}],)"
            R"("transactionLastUpdateTimestampMs":0,"transactionStartTimestampMs":0})");
}

TEST(Json, BytesAreBase64UnlessSomebodyKnowsBetter) {
  GroupMetadataValue value;
  value.members.resize(1);
  value.members[0].member_id = "m\"\\\n\x01";
  value.members[0].subscription = base::SharedBytes::copy(base::as_bytes("abcd"));
  const std::string plain = to_json(value, 3);
  EXPECT_NE(plain.find(R"("memberId":"m\"\\\n\u0001")"), std::string::npos) << plain;
  EXPECT_NE(plain.find(R"("subscription":"YWJjZA==")"), std::string::npos) << plain;
  const std::string known = to_json(value, 3, [](std::string_view field, base::ByteView bytes) {
    return field == "subscription" ? std::optional(std::to_string(bytes.size())) : std::nullopt;
  });
  EXPECT_NE(known.find(R"("subscription":4,"assignment":"")"), std::string::npos) << known;
}

TEST(Json, UuidsAreText) {
  TopicRecord record;
  record.name = "t";
  record.topic_id = base::Uuid::from_random(1, 2);
  EXPECT_EQ(to_json(record, 0), R"({"name":"t","topicId":")" + record.topic_id.to_string() + "\"}");
}

}  // namespace
}  // namespace odradek::wire
