// SPDX-License-Identifier: Apache-2.0
#include "record/control_record.h"

#include <fmt/core.h>

#include "base/assert.h"

namespace odradek::record {
namespace {

using base::ErrorCode;

constexpr std::int16_t kVersion = 0;
constexpr std::size_t kEndTransactionValueSize = 6;
// The flexible messages end with their count of tagged fields: none.
constexpr std::uint8_t kNoTaggedFields = 0;

template <typename Number>
void append(std::vector<std::uint8_t>& bytes, Number number) {
  bytes.resize(bytes.size() + sizeof(Number));
  base::store_big_endian(bytes.data() + bytes.size() - sizeof(Number), number);
}

void append_voters(std::vector<std::uint8_t>& bytes, std::int16_t version,
                   std::span<const Voter> voters) {
  // A compact array: its length plus one as an unsigned varint.
  std::size_t rest = voters.size() + 1;
  for (; rest >= 0x80; rest >>= 7) bytes.push_back(static_cast<std::uint8_t>(rest | 0x80));
  bytes.push_back(static_cast<std::uint8_t>(rest));
  for (const Voter& voter : voters) {
    append(bytes, voter.id);
    if (version >= 1) {
      bytes.insert(bytes.end(), voter.directory_id.bytes.begin(), voter.directory_id.bytes.end());
    }
    bytes.push_back(kNoTaggedFields);
  }
}

}  // namespace

ControlKey control_key(ControlRecordType type) {
  ControlKey key{};
  base::store_big_endian(key.data(), kVersion);
  base::store_big_endian(key.data() + 2, static_cast<std::int16_t>(type));
  return key;
}

base::Result<std::optional<ControlRecordType>> parse_control_key(base::ByteView key) {
  if (key.size() < sizeof(ControlKey)) {
    return base::fail(ErrorCode::kInvalidRecord,
                      fmt::format("a control record's key has {} bytes; it has at least {}",
                                  key.size(), sizeof(ControlKey)));
  }
  const auto version = base::load_big_endian<std::int16_t>(key.data());
  if (version < 0) {
    return base::fail(ErrorCode::kInvalidRecord,
                      fmt::format("a control record's key has the version {}", version));
  }
  const auto type = base::load_big_endian<std::int16_t>(key.data() + 2);
  if (type < 0 || type > static_cast<std::int16_t>(ControlRecordType::kKraftVoters)) {
    return std::nullopt;
  }
  return static_cast<ControlRecordType>(type);
}

std::vector<std::uint8_t> end_transaction_value(std::int32_t coordinator_epoch) {
  std::vector<std::uint8_t> value;
  append(value, kVersion);
  append(value, coordinator_epoch);
  return value;
}

base::Result<std::int32_t> parse_end_transaction_value(base::ByteView value) {
  // A later version may have more fields after these.
  if (value.size() < kEndTransactionValueSize ||
      base::load_big_endian<std::int16_t>(value.data()) < kVersion) {
    return base::fail(
        ErrorCode::kInvalidRecord,
        fmt::format("a transaction marker's value of {} bytes is not one", value.size()));
  }
  return base::load_big_endian<std::int32_t>(value.data() + 2);
}

std::vector<std::uint8_t> leader_change_value(std::int16_t version, std::int32_t leader_id,
                                              std::span<const Voter> voters,
                                              std::span<const Voter> granting_voters) {
  ODRADEK_ASSERT(version == 0 || version == 1);
  std::vector<std::uint8_t> value;
  append(value, version);
  append(value, leader_id);
  append_voters(value, version, voters);
  append_voters(value, version, granting_voters);
  value.push_back(kNoTaggedFields);
  return value;
}

std::vector<std::uint8_t> snapshot_header_value(std::int64_t last_contained_log_timestamp) {
  std::vector<std::uint8_t> value;
  append(value, kVersion);
  append(value, last_contained_log_timestamp);
  value.push_back(kNoTaggedFields);
  return value;
}

std::vector<std::uint8_t> snapshot_footer_value() {
  std::vector<std::uint8_t> value;
  append(value, kVersion);
  value.push_back(kNoTaggedFields);
  return value;
}

std::vector<std::uint8_t> kraft_version_value(std::int16_t kraft_version) {
  std::vector<std::uint8_t> value;
  append(value, kVersion);
  append(value, kraft_version);
  value.push_back(kNoTaggedFields);
  return value;
}

}  // namespace odradek::record
