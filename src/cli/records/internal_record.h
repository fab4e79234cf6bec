// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

// Records of the topics that brokers keep for themselves, as JSON text in the form that Kafka's
// tools print (docs/formats: key = type int16 and body, value = version int16 and body).
namespace odradek::cli {

struct InternalRecord {
  std::int16_t type = 0;
  std::string key;
  // Nothing: a tombstone.
  struct Value {
    std::int16_t version = 0;
    std::string json;
  };
  std::optional<Value> value;
};

// UNSUPPORTED_VERSION where the type is not known, CORRUPT_MESSAGE with the reason where the bytes
// are not such a record.
using DecodeInternalRecord = base::Result<InternalRecord> (*)(base::ByteView key,
                                                              std::optional<base::ByteView> value);

// Of __consumer_offsets. What members of a classic consumer group subscribe to and are assigned is
// taken apart, too.
[[nodiscard]] base::Result<InternalRecord> decode_group_record(base::ByteView key,
                                                               std::optional<base::ByteView> value);
// The same with what members gave as bytes in base64.
[[nodiscard]] base::Result<InternalRecord> decode_raw_group_record(
    base::ByteView key, std::optional<base::ByteView> value);
// Of __transaction_state.
[[nodiscard]] base::Result<InternalRecord> decode_transaction_record(
    base::ByteView key, std::optional<base::ByteView> value);
// Of __share_group_state.
[[nodiscard]] base::Result<InternalRecord> decode_share_state_record(
    base::ByteView key, std::optional<base::ByteView> value);

// The number in front of a key or value; nothing where there are fewer than two bytes.
std::optional<std::int16_t> leading_int16(base::ByteView bytes);

}  // namespace odradek::cli
