// SPDX-License-Identifier: Apache-2.0
#include "record/control_record.h"

#include <gtest/gtest.h>

// The bytes themselves are held against Apache Kafka's in tests/golden/record.
namespace odradek::record {
namespace {

using base::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

TEST(ControlRecordTest, KeysComeBackAndUnknownTypesAreNone) {
  for (std::int16_t type = 0; type <= 6; ++type) {
    const auto known = static_cast<ControlRecordType>(type);
    EXPECT_EQ(parse_control_key(control_key(known)), known);
  }
  EXPECT_EQ(parse_control_key(Bytes{0, 0, 0, 7}), std::nullopt);
  EXPECT_EQ(parse_control_key(Bytes{0, 0, 0xff, 0xff}), std::nullopt);
  // A later version may have more after these fields.
  EXPECT_EQ(parse_control_key(Bytes{0, 1, 0, 1, 9}), ControlRecordType::kCommit);
}

TEST(ControlRecordTest, MalformedKeysAreErrors) {
  EXPECT_EQ(parse_control_key(Bytes{0, 0, 0}).error().code, ErrorCode::kInvalidRecord);
  EXPECT_EQ(parse_control_key(Bytes{0x80, 0, 0, 1}).error().code, ErrorCode::kInvalidRecord);
}

TEST(ControlRecordTest, TransactionMarkersCarryTheCoordinatorsEpoch) {
  EXPECT_EQ(parse_end_transaction_value(end_transaction_value(70000)), 70000);
  EXPECT_EQ(parse_end_transaction_value(Bytes{0, 1, 0, 0, 0, 3, 0xff}), 3);
  EXPECT_EQ(parse_end_transaction_value(Bytes{0, 0, 0, 0, 0}).error().code,
            ErrorCode::kInvalidRecord);
  EXPECT_EQ(parse_end_transaction_value(Bytes{0xff, 0xff, 0, 0, 0, 0}).error().code,
            ErrorCode::kInvalidRecord);
}

TEST(ControlRecordTest, LeaderChangesNameDirectoriesFromVersion1On) {
  const std::vector<Voter> voters = {{.id = 1, .directory_id = base::Uuid::from_random(1, 2)}};
  const Bytes without = leader_change_value(0, 1, voters, voters);
  const Bytes with = leader_change_value(1, 1, voters, voters);
  EXPECT_EQ(with.size(), without.size() + 2 * sizeof(voters[0].directory_id.bytes));
  EXPECT_EQ(with[1], 1);
}

}  // namespace
}  // namespace odradek::record
