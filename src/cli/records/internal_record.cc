// SPDX-License-Identifier: Apache-2.0
#include "cli/records/internal_record.h"

#include <fmt/core.h>

#include "cli/records/record_table.h"
#include "wire/messages/consumer_protocol.h"
#include "wire/records/group.h"
#include "wire/records/share.h"
#include "wire/records/transaction.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kConsumerProtocolType = "consumer";

std::span<const RecordType> group_types() {
  using namespace wire;
  static const std::array kTypes = {
      record_type<LegacyOffsetCommitKey, LegacyOffsetCommitValue>(),
      record_type<OffsetCommitKey, OffsetCommitValue>(),
      record_type<GroupMetadataKey, GroupMetadataValue>(),
      record_type<ConsumerGroupMetadataKey, ConsumerGroupMetadataValue>(),
      record_type<ConsumerGroupPartitionMetadataKey, ConsumerGroupPartitionMetadataValue>(),
      record_type<ConsumerGroupMemberMetadataKey, ConsumerGroupMemberMetadataValue>(),
      record_type<ConsumerGroupTargetAssignmentMetadataKey,
                  ConsumerGroupTargetAssignmentMetadataValue>(),
      record_type<ConsumerGroupTargetAssignmentMemberKey,
                  ConsumerGroupTargetAssignmentMemberValue>(),
      record_type<ConsumerGroupCurrentMemberAssignmentKey,
                  ConsumerGroupCurrentMemberAssignmentValue>(),
      record_type<ShareGroupMemberMetadataKey, ShareGroupMemberMetadataValue>(),
      record_type<ShareGroupMetadataKey, ShareGroupMetadataValue>(),
      record_type<ShareGroupTargetAssignmentMetadataKey, ShareGroupTargetAssignmentMetadataValue>(),
      record_type<ShareGroupTargetAssignmentMemberKey, ShareGroupTargetAssignmentMemberValue>(),
      record_type<ShareGroupCurrentMemberAssignmentKey, ShareGroupCurrentMemberAssignmentValue>(),
      record_type<ShareGroupStatePartitionMetadataKey, ShareGroupStatePartitionMetadataValue>(),
      record_type<ConsumerGroupRegularExpressionKey, ConsumerGroupRegularExpressionValue>(),
      record_type<StreamsGroupMetadataKey, StreamsGroupMetadataValue>(),
      record_type<StreamsGroupMemberMetadataKey, StreamsGroupMemberMetadataValue>(),
      record_type<StreamsGroupTargetAssignmentMetadataKey,
                  StreamsGroupTargetAssignmentMetadataValue>(),
      record_type<StreamsGroupTargetAssignmentMemberKey, StreamsGroupTargetAssignmentMemberValue>(),
      record_type<StreamsGroupCurrentMemberAssignmentKey,
                  StreamsGroupCurrentMemberAssignmentValue>(),
      record_type<StreamsGroupTopologyKey, StreamsGroupTopologyValue>(),
  };
  return kTypes;
}

std::span<const RecordType> transaction_types() {
  static const std::array kTypes = {
      record_type<wire::TransactionLogKey, wire::TransactionLogValue>()};
  return kTypes;
}

std::span<const RecordType> share_state_types() {
  static const std::array kTypes = {record_type<wire::ShareSnapshotKey, wire::ShareSnapshotValue>(),
                                    record_type<wire::ShareUpdateKey, wire::ShareUpdateValue>()};
  return kTypes;
}

std::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(base::ErrorCode::kCorruptMessage, std::move(message));
}

base::Result<std::string> decode_body(BodyAsJson decode, base::ByteView body, std::int16_t version,
                                      const char* part, const wire::BytesAsJson& bytes_as_json) {
  wire::Reader reader(base::SharedBytes::copy(body), base::ErrorCode::kCorruptMessage);
  auto json = decode(reader, version, bytes_as_json);
  if (json) return json;
  return corrupt(fmt::format("Could not read record with version {} from {}'s buffer due to: {}.",
                             version, part, json.error().message));
}

base::Result<InternalRecord> decode(std::span<const RecordType> types, base::ByteView key,
                                    std::optional<base::ByteView> value,
                                    const wire::BytesAsJson& bytes_as_json) {
  const auto type = leading_int16(key);
  if (!type) return corrupt("Could not read version from key's buffer.");
  const RecordType* known = find_type(types, *type);
  if (known == nullptr) {
    return base::fail(base::ErrorCode::kUnsupportedVersion,
                      fmt::format("Found an unknown record type {}", *type));
  }
  // Keys have one version each; the number in front of them is the type.
  auto key_json = decode_body(known->key, key.subspan(sizeof(*type)), 0, "key", {});
  if (!key_json) return base::fail(std::move(key_json));
  InternalRecord record{*type, *std::move(key_json), std::nullopt};
  if (!value) return record;
  const auto version = leading_int16(*value);
  if (!version) return corrupt("Could not read version from value's buffer.");
  if (!known->value_layout().versions.contains(*version)) {
    return corrupt(fmt::format("Found an unknown record version {} for {} type", *version, *type));
  }
  auto json =
      decode_body(known->value, value->subspan(sizeof(*version)), *version, "value", bytes_as_json);
  if (!json) return base::fail(std::move(json));
  record.value = {*version, *std::move(json)};
  return record;
}

template <typename Message>
std::optional<std::string> protocol_as_json(base::ByteView bytes) {
  const auto version = leading_int16(bytes);
  if (!version) return std::nullopt;
  wire::Reader reader(base::SharedBytes::copy(bytes.subspan(sizeof(*version))));
  const auto message = wire::decode_as<Message>(reader, *version);
  if (!message) return std::nullopt;
  return wire::to_json(*message, *version);
}

// What the members of a classic consumer group gave their coordinator as bytes.
std::optional<std::string> consumer_protocol(std::string_view field, base::ByteView bytes) {
  if (field == "subscription") return protocol_as_json<wire::ConsumerProtocolSubscription>(bytes);
  if (field == "assignment") return protocol_as_json<wire::ConsumerProtocolAssignment>(bytes);
  return std::nullopt;
}

bool is_consumer_group(base::ByteView value) {
  const auto version = leading_int16(value);
  if (!version) return false;
  wire::Reader reader(base::SharedBytes::copy(value.subspan(sizeof(*version))));
  const auto group = wire::decode_as<wire::GroupMetadataValue>(reader, *version);
  return group && group->protocol_type == kConsumerProtocolType;
}

}  // namespace

std::optional<std::int16_t> leading_int16(base::ByteView bytes) {
  if (bytes.size() < sizeof(std::int16_t)) return std::nullopt;
  return base::load_big_endian<std::int16_t>(bytes.data());
}

base::Result<InternalRecord> decode_group_record(base::ByteView key,
                                                 std::optional<base::ByteView> value) {
  const bool takes_apart =
      value && leading_int16(key) == wire::GroupMetadataKey::kType && is_consumer_group(*value);
  return decode(group_types(), key, value,
                takes_apart ? wire::BytesAsJson(consumer_protocol) : wire::BytesAsJson());
}

base::Result<InternalRecord> decode_raw_group_record(base::ByteView key,
                                                     std::optional<base::ByteView> value) {
  return decode(group_types(), key, value, {});
}

base::Result<InternalRecord> decode_transaction_record(base::ByteView key,
                                                       std::optional<base::ByteView> value) {
  return decode(transaction_types(), key, value, {});
}

base::Result<InternalRecord> decode_share_state_record(base::ByteView key,
                                                       std::optional<base::ByteView> value) {
  return decode(share_state_types(), key, value, {});
}

}  // namespace odradek::cli
