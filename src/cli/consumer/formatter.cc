// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/formatter.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "cli/records/internal_record.h"
#include "wire/codec.h"
#include "wire/reader.h"
#include "wire/records/group.h"

namespace odradek::cli {
namespace {

base::ByteView view(std::string_view text) { return base::as_bytes(text); }

// JSON of a coordinator's record, if it is of one of the types; all where none is named.
Formatter coordinator_formatter(DecodeInternalRecord decode,
                                std::initializer_list<std::int16_t> types, std::string_view end) {
  return [decode, allowed = std::vector<std::int16_t>(types), end](
             const ConsumedRecord& record, std::string& out) -> base::Result<> {
    if (!record.key) return {};
    std::optional<base::ByteView> value;
    if (record.value) value = view(*record.value);
    const auto decoded = decode(view(*record.key), value);
    if (!decoded) {
      if (decoded.error().code == base::ErrorCode::kUnsupportedVersion) return {};
      return base::fail(base::ErrorCode::kInvalidRecord,
                        fmt::format("Could not read record at offset {} due to: {}", record.offset,
                                    decoded.error().message));
    }
    if (!allowed.empty() && std::ranges::count(allowed, decoded->type) == 0) return {};
    out += fmt::format(R"({{"key":{{"type":{},"data":{}}},"value":)", decoded->type, decoded->key);
    out += decoded->value ? fmt::format(R"({{"version":{},"data":{}}}}})", decoded->value->version,
                                        decoded->value->json)
                          : "null}";
    out += end;
    return {};
  };
}

// What follows the number in front of a key or a value.
template <typename Message>
base::Result<Message> read_body(std::string_view bytes, wire::Version version) {
  if (version < Message::kMinVersion || version > Message::kMaxVersion) {
    return base::fail(base::ErrorCode::kUnsupportedVersion,
                      fmt::format("version {} is not known", version));
  }
  wire::Reader reader(base::SharedBytes::copy(view(bytes.substr(sizeof(std::int16_t)))),
                      base::ErrorCode::kCorruptMessage);
  return wire::decode_as<Message>(reader, version);
}

std::string offset_text(const wire::OffsetCommitValue& value) {
  const auto epoch = value.leader_epoch.value();
  const auto expires = value.expire_timestamp.value();
  return fmt::format(
      "OffsetAndMetadata(offset={}, leaderEpoch={}, metadata={}, commitTimestamp={}, "
      "expireTimestamp={})",
      value.offset.value(),
      epoch < 0 ? std::string("Optional.empty") : fmt::format("Optional[{}]", epoch),
      value.metadata, value.commit_timestamp.value(),
      expires < 0 ? std::string("None") : fmt::format("Some({})", expires));
}

// "[group,topic,partition]::OffsetAndMetadata(…)", as before Kafka 4.
base::Result<> append_offset_text(const ConsumedRecord& record, std::string& out) {
  if (!record.key) return {};
  // 0 was the number of offsets, too.
  const auto type = leading_int16(view(*record.key));
  if (type != wire::OffsetCommitKey::kType && type != 0) return {};
  const auto key = read_body<wire::OffsetCommitKey>(*record.key, 0);
  if (!key) return base::fail(base::ErrorCode::kInvalidRecord, key.error().message);
  std::string text = "NULL";
  if (record.value) {
    const auto value = read_body<wire::OffsetCommitValue>(
        *record.value, leading_int16(view(*record.value)).value_or(-1));
    if (!value) return base::fail(base::ErrorCode::kInvalidRecord, value.error().message);
    text = offset_text(*value);
  }
  out += fmt::format("[{},{},{}]::{}\n", key->group, key->topic, key->partition, text);
  return {};
}

base::Result<Formatter> default_formatter(const ClientConfig& properties) {
  auto format = RecordFormat::make(properties);
  if (!format) return base::fail(std::move(format));
  return [made = *std::move(format)](const ConsumedRecord& record, std::string& out) {
    return made.append(record, out);
  };
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::count(names, name) > 0;
}

}  // namespace

base::Result<Formatter> make_formatter(std::string_view class_name,
                                       const ClientConfig& properties) {
  // A logging formatter prints, too; what it logs nobody sees with Kafka's own settings.
  if (class_name.empty() ||
      is_one_of(class_name,
                {"org.apache.kafka.tools.consumer.DefaultMessageFormatter",
                 "org.apache.kafka.tools.consumer.LoggingMessageFormatter",
                 "kafka.tools.DefaultMessageFormatter", "kafka.tools.LoggingMessageFormatter"})) {
    return default_formatter(properties);
  }
  if (is_one_of(class_name, {"org.apache.kafka.tools.consumer.NoOpMessageFormatter",
                             "kafka.tools.NoOpMessageFormatter"})) {
    return [](const ConsumedRecord&, std::string&) { return base::Result<>(); };
  }
  if (class_name == "org.apache.kafka.tools.consumer.OffsetsMessageFormatter") {
    return coordinator_formatter(decode_raw_group_record, {0, 1}, "");
  }
  if (is_one_of(class_name, {"kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter",
                             "kafka.coordinator.GroupMetadataManager$OffsetsMessageFormatter",
                             "kafka.server.OffsetManager$OffsetsMessageFormatter"})) {
    return append_offset_text;
  }
  if (class_name == "org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter") {
    return coordinator_formatter(decode_raw_group_record, {2}, "");
  }
  if (is_one_of(class_name,
                {"kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter",
                 "kafka.coordinator.GroupMetadataManager$GroupMetadataMessageFormatter"})) {
    return coordinator_formatter(decode_raw_group_record, {2}, "\n");
  }
  if (class_name == "org.apache.kafka.tools.consumer.ShareGroupMessageFormatter") {
    return coordinator_formatter(decode_raw_group_record, {10, 11, 12, 13, 14, 15}, "");
  }
  if (class_name == "org.apache.kafka.tools.consumer.TransactionLogMessageFormatter") {
    return coordinator_formatter(decode_transaction_record, {}, "");
  }
  if (class_name == "kafka.coordinator.transaction.TransactionLog$TransactionLogMessageFormatter") {
    return coordinator_formatter(decode_transaction_record, {}, "\n");
  }
  if (class_name.ends_with("ChecksumMessageFormatter")) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("{}: records have no checksum of their own any more (message "
                                  "format 2), and Kafka has no such formatter since 3.0",
                                  class_name));
  }
  return base::fail(
      base::ErrorCode::kInvalidConfig,
      fmt::format("--formatter {}: there is no JVM here; the formatters of "
                  "org.apache.kafka.tools.consumer are known (DefaultMessageFormatter, "
                  "LoggingMessageFormatter, NoOpMessageFormatter, OffsetsMessageFormatter, "
                  "GroupMetadataMessageFormatter, TransactionLogMessageFormatter, "
                  "ShareGroupMessageFormatter)",
                  class_name));
}

}  // namespace odradek::cli
