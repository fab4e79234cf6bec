// SPDX-License-Identifier: Apache-2.0
#include "coordinator/group/records.h"

#include <fmt/core.h>

#include <utility>

#include "base/assert.h"
#include "coordinator/group/membership.h"
#include "wire/reader.h"
#include "wire/records/group.h"
#include "wire/writer.h"

namespace odradek::coordinator::group {
namespace {

using base::ErrorCode;

// The versions that Apache Kafka 4.3 writes.
constexpr wire::Version kGroupValueVersion = 3;
constexpr wire::Version kOffsetValueVersion = 4;
// The one that has a time of expiry.
constexpr wire::Version kExpiringOffsetValueVersion = 1;

base::SharedBytes finish(wire::Writer& writer) {
  const base::OutputChain chain = writer.finish();
  ODRADEK_ASSERT(chain.pieces().size() == 1);
  return std::get<base::SharedBytes>(chain.pieces().front());
}

// A key is its type and its body; types have version 0 only.
template <typename Key>
base::SharedBytes encode_key(const Key& key) {
  wire::Writer writer;
  writer.write_int16(Key::kType);
  const auto done = key.encode(writer, 0);
  ODRADEK_ASSERT(done.has_value());
  return finish(writer);
}

template <typename Value>
base::SharedBytes encode_value(const Value& value, wire::Version version) {
  wire::Writer writer;
  writer.write_int16(version);
  const auto done = value.encode(writer, version);
  ODRADEK_ASSERT(done.has_value());
  return finish(writer);
}

base::SharedBytes offset_key_bytes(const std::string& group_id, const OffsetKey& key) {
  wire::OffsetCommitKey body;
  body.group = group_id;
  body.topic = key.first;
  body.partition = key.second;
  return encode_key(body);
}

base::SharedBytes group_key_bytes(const std::string& group_id) {
  wire::GroupMetadataKey body;
  body.group = group_id;
  return encode_key(body);
}

template <typename Value>
base::Result<Value> decode_value(const base::SharedBytes& bytes) {
  wire::Reader reader(bytes, ErrorCode::kCorruptMessage);
  const wire::Version version = reader.read_int16();
  if (!reader.ok()) return base::fail(reader.error());
  if (version < Value::kMinVersion || version > Value::kMaxVersion) {
    return base::fail(ErrorCode::kUnsupportedVersion,
                      fmt::format("a group record has value version {}; {} to {} are known",
                                  version, Value::kMinVersion, Value::kMaxVersion));
  }
  return Value::decode(reader, version);
}

Member to_member(const wire::GroupMetadataValue::MemberMetadata& record,
                 const std::string& protocol) {
  Member member;
  member.id = record.member_id;
  member.instance_id = record.group_instance_id;
  member.client_id = record.client_id;
  member.client_host = record.client_host;
  member.session_timeout_ms = record.session_timeout;
  member.rebalance_timeout_ms =
      record.rebalance_timeout < 0 ? record.session_timeout : record.rebalance_timeout;
  member.protocols.push_back({protocol, record.subscription});
  member.assignment = record.assignment;
  return member;
}

Group to_group(const std::string& id, const wire::GroupMetadataValue& value) {
  Group group;
  group.id = id;
  group.state = value.members.empty() ? GroupState::kEmpty : GroupState::kStable;
  group.state_time = base::Timestamp(value.current_state_timestamp);
  group.protocol_type = value.protocol_type;
  group.protocol_name = value.protocol;
  group.generation = value.generation;
  group.leader = value.leader;
  for (const auto& record : value.members) {
    Member member = to_member(record, value.protocol.value_or(""));
    if (member.instance_id) group.static_members[*member.instance_id] = member.id;
    group.members[record.member_id] = std::move(member);
  }
  return group;
}

CommittedOffset to_offset(const wire::OffsetCommitValue& value) {
  CommittedOffset offset;
  offset.offset = value.offset;
  offset.leader_epoch = value.leader_epoch;
  offset.metadata = value.metadata;
  offset.commit_time = value.commit_timestamp;
  if (value.expire_timestamp != base::kNoTimestamp) offset.expire_time = value.expire_timestamp;
  offset.topic_id = value.topic_id;
  return offset;
}

using Replayed = std::variant<ReplayedGroup, ReplayedOffset, OtherRecord>;

base::Result<Replayed> decode_group(wire::Reader& reader,
                                    const std::optional<base::SharedBytes>& value) {
  auto key = wire::GroupMetadataKey::decode(reader, 0);
  if (!key) return base::fail(std::move(key));
  ReplayedGroup replayed{std::move(key->group), std::nullopt};
  if (value) {
    auto body = decode_value<wire::GroupMetadataValue>(*value);
    if (!body) return base::fail(std::move(body));
    replayed.group = to_group(replayed.group_id, *body);
  }
  return replayed;
}

base::Result<Replayed> decode_offset(wire::Reader& reader,
                                     const std::optional<base::SharedBytes>& value) {
  auto key = wire::OffsetCommitKey::decode(reader, 0);
  if (!key) return base::fail(std::move(key));
  ReplayedOffset replayed{
      std::move(key->group), {std::move(key->topic), key->partition}, std::nullopt};
  if (value) {
    auto body = decode_value<wire::OffsetCommitValue>(*value);
    if (!body) return base::fail(std::move(body));
    replayed.offset = to_offset(*body);
  }
  return replayed;
}

}  // namespace

record::JournalRecord group_record(const Group& group) {
  wire::GroupMetadataValue value;
  value.protocol_type = group.protocol_type;
  value.generation = group.generation;
  value.protocol = group.protocol_name;
  value.leader = group.leader;
  value.current_state_timestamp = group.state_time.value();
  for (const auto& [id, member] : group.members) {
    auto& record = value.members.emplace_back();
    record.member_id = id;
    record.group_instance_id = member.instance_id;
    record.client_id = member.client_id;
    record.client_host = member.client_host;
    record.rebalance_timeout = member.rebalance_timeout_ms;
    record.session_timeout = member.session_timeout_ms;
    record.subscription = member.metadata(group.protocol_name.value_or(""));
    record.assignment = member.assignment;
  }
  return {group_key_bytes(group.id), encode_value(value, kGroupValueVersion)};
}

record::JournalRecord group_tombstone(const std::string& group_id) {
  return {group_key_bytes(group_id), std::nullopt};
}

record::JournalRecord offset_record(const std::string& group_id, const OffsetKey& key,
                                    const CommittedOffset& offset) {
  wire::OffsetCommitValue value;
  value.offset = offset.offset;
  value.metadata = offset.metadata;
  value.commit_timestamp = offset.commit_time;
  if (offset.expire_time) {
    value.expire_timestamp = *offset.expire_time;
    return {offset_key_bytes(group_id, key), encode_value(value, kExpiringOffsetValueVersion)};
  }
  value.leader_epoch = offset.leader_epoch;
  value.topic_id = offset.topic_id;
  return {offset_key_bytes(group_id, key), encode_value(value, kOffsetValueVersion)};
}

record::JournalRecord offset_tombstone(const std::string& group_id, const OffsetKey& key) {
  return {offset_key_bytes(group_id, key), std::nullopt};
}

base::Result<Replayed> decode_record(const base::SharedBytes& key,
                                     const std::optional<base::SharedBytes>& value) {
  wire::Reader reader(key, ErrorCode::kCorruptMessage);
  const std::int16_t type = reader.read_int16();
  if (!reader.ok()) return base::fail(reader.error());
  if (type == wire::GroupMetadataKey::kType) return decode_group(reader, value);
  // Type 0 is an older form of the same key.
  if (type == wire::OffsetCommitKey::kType || type == wire::LegacyOffsetCommitKey::kType) {
    return decode_offset(reader, value);
  }
  return OtherRecord{};
}

}  // namespace odradek::coordinator::group
