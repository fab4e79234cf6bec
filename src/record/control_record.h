// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"

// Records that the brokers write for themselves, in batches with the control flag: the key says
// what it is (KIP-98, KIP-595, KIP-630, KIP-853).
namespace odradek::record {

enum class ControlRecordType : std::int16_t {
  kAbort = 0,
  kCommit = 1,
  kLeaderChange = 2,
  kSnapshotHeader = 3,
  kSnapshotFooter = 4,
  kKraftVersion = 5,
  kKraftVoters = 6,
};

// The key: version 0, then the type.
using ControlKey = std::array<std::uint8_t, 4>;
ControlKey control_key(ControlRecordType type);
// INVALID_RECORD where it is too short or its version negative; the type may be one that is not
// known: then nothing.
[[nodiscard]] base::Result<std::optional<ControlRecordType>> parse_control_key(base::ByteView key);

// The value of an ABORT or COMMIT marker.
std::vector<std::uint8_t> end_transaction_value(std::int32_t coordinator_epoch);
[[nodiscard]] base::Result<std::int32_t> parse_end_transaction_value(base::ByteView value);

// A voter of the metadata quorum. The directory id is written where the message has version 1.
struct Voter {
  std::int32_t id = 0;
  base::Uuid directory_id = {};
};
// `version` is 0 or 1.
std::vector<std::uint8_t> leader_change_value(std::int16_t version, std::int32_t leader_id,
                                              std::span<const Voter> voters,
                                              std::span<const Voter> granting_voters);
std::vector<std::uint8_t> snapshot_header_value(std::int64_t last_contained_log_timestamp);
std::vector<std::uint8_t> snapshot_footer_value();
std::vector<std::uint8_t> kraft_version_value(std::int16_t kraft_version);

}  // namespace odradek::record
