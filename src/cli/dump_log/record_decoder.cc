// SPDX-License-Identifier: Apache-2.0
#include "cli/dump_log/record_decoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/records/internal_record.h"
#include "cli/records/metadata_record.h"
#include "cli/records/remote_log_record.h"
#include "record/control_record.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/reader.h"
#include "wire/records/control.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

using DecodePlain = base::Result<std::string> (*)(base::ByteView);

template <typename Number>
base::Result<std::string> number_text(base::ByteView bytes) {
  if (bytes.size() != sizeof(Number)) {
    return base::fail(
        base::ErrorCode::kCorruptMessage,
        fmt::format("{} bytes where a number of {} is expected", bytes.size(), sizeof(Number)));
  }
  return fmt::format("{}", base::load_big_endian<Number>(bytes.data()));
}

base::Result<std::string> text(base::ByteView bytes) { return printable_text(bytes); }

struct PlainDecoder {
  std::string_view name;
  DecodePlain decode;
};
// In org.apache.kafka.tools.api, or in kafka.serializer before Kafka 4.
constexpr std::array kPlainDecoders = {
    PlainDecoder{"StringDecoder", text},
    PlainDecoder{"DefaultDecoder", text},
    PlainDecoder{"IntegerDecoder", number_text<std::int32_t>},
    PlainDecoder{"LongDecoder", number_text<std::int64_t>},
};

base::Result<DecodePlain> find_plain(std::string_view class_name) {
  const std::string_view name = class_name.substr(class_name.rfind('.') + 1);
  for (const PlainDecoder& decoder : kPlainDecoders) {
    if (decoder.name == name) return decoder.decode;
  }
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("Failed to load decoder class {}: there are StringDecoder, "
                                "IntegerDecoder and LongDecoder of org.apache.kafka.tools.api",
                                class_name));
}

base::Result<std::optional<std::string>> decode_plain(DecodePlain decode,
                                                      const std::optional<base::ByteView>& bytes) {
  if (!bytes) return std::nullopt;
  auto decoded = decode(*bytes);
  if (!decoded) return base::fail(std::move(decoded));
  return *std::move(decoded);
}

DecodedRecord failed(const record::Record& record, std::string_view reason) {
  return {fmt::format("Error at offset {}, skipping. {}", record.offset.value(), reason),
          std::nullopt};
}

RecordDecoder internal_decoder(DecodeInternalRecord decode) {
  return [decode](const record::Record& record) -> base::Result<DecodedRecord> {
    if (!record.key) {
      return base::fail(base::ErrorCode::kCorruptMessage,
                        fmt::format("Failed to decode message at offset {} using the specified "
                                    "decoder (message had a missing key)",
                                    record.offset.value()));
    }
    const auto decoded = decode(*record.key, record.value);
    if (!decoded) {
      if (decoded.error().code != base::ErrorCode::kUnsupportedVersion) {
        return failed(record, decoded.error().message);
      }
      return DecodedRecord{
          fmt::format("Unknown record type {} at offset {}, skipping.",
                      leading_int16(*record.key).value_or(-1), record.offset.value()),
          std::nullopt};
    }
    DecodedRecord out;
    out.key = fmt::format(R"({{"type":"{}","data":{}}})", decoded->type, decoded->key);
    out.value = decoded->value ? fmt::format(R"({{"version":"{}","data":{}}})",
                                             decoded->value->version, decoded->value->json)
                               : "<DELETE>";
    return out;
  };
}

// A decoder of values alone; what cannot be read is said in place of the value.
RecordDecoder value_decoder(base::Result<std::string> (*decode)(base::ByteView),
                            std::string_view place) {
  return [decode, place](const record::Record& record) -> base::Result<DecodedRecord> {
    const auto decoded = decode(record.value.value_or(base::ByteView()));
    if (decoded) return DecodedRecord{std::nullopt, *decoded};
    return DecodedRecord{std::nullopt, fmt::format("Error at {}{}, skipping. {}", place,
                                                   record.offset.value(), decoded.error().message)};
  };
}

// The message begins with the version that it is written in.
template <typename Message>
base::Result<std::string> control_json(base::ByteView value) {
  const wire::Version version =
      std::clamp(leading_int16(value).value_or(0), Message::kMinVersion, Message::kMaxVersion);
  wire::Reader reader(base::SharedBytes::copy(value), base::ErrorCode::kCorruptMessage);
  const auto message = wire::decode_as<Message>(reader, version);
  if (!message) return base::fail(message.error());
  return wire::to_json(*message, version);
}

base::Result<std::string> named(std::string_view name, base::Result<std::string> json) {
  if (!json) return json;
  return fmt::format(" {} {}", name, *json);
}

base::Result<std::string> end_marker(std::string_view type, base::ByteView value) {
  const auto epoch = record::parse_end_transaction_value(value);
  if (!epoch) return base::fail(epoch.error());
  return fmt::format(" endTxnMarker: {} coordinatorEpoch: {}", type, *epoch);
}

// How many bytes of `bytes` make one character of UTF-8; 0 where they make none.
std::size_t character_size(base::ByteView bytes) {
  const std::uint8_t first = bytes[0];
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((bytes[i] & 0xC0U) != 0x80) return 0;
  }
  const bool is_overlong = (first == 0xE0 && bytes[1] < 0xA0) || (first == 0xF0 && bytes[1] < 0x90);
  const bool is_surrogate = first == 0xED && bytes[1] >= 0xA0;
  const bool is_beyond = first == 0xF4 && bytes[1] >= 0x90;
  return is_overlong || is_surrogate || is_beyond ? 0 : size;
}

}  // namespace

base::Result<RecordDecoder> plain_decoder(std::string_view key_class,
                                          std::string_view value_class) {
  const auto key = find_plain(key_class);
  if (!key) return base::fail(key.error());
  const auto value = find_plain(value_class);
  if (!value) return base::fail(value.error());
  return [decode_key = *key,
          decode_value = *value](const record::Record& record) -> base::Result<DecodedRecord> {
    auto key_text = decode_plain(decode_key, record.key);
    if (!key_text) return base::fail(std::move(key_text));
    auto value_text = decode_plain(decode_value, record.value);
    if (!value_text) return base::fail(std::move(value_text));
    return DecodedRecord{*std::move(key_text), *std::move(value_text)};
  };
}

RecordDecoder group_decoder() { return internal_decoder(decode_group_record); }
RecordDecoder transaction_decoder() { return internal_decoder(decode_transaction_record); }
RecordDecoder share_state_decoder() { return internal_decoder(decode_share_state_record); }
RecordDecoder metadata_decoder() { return value_decoder(metadata_record_json, ""); }
RecordDecoder remote_log_metadata_decoder() {
  return value_decoder(remote_log_record_text, "offset ");
}

base::Result<std::string> control_record_text(const record::Record& record) {
  using enum record::ControlRecordType;
  const base::ByteView key = record.key.value_or(base::ByteView());
  const base::ByteView value = record.value.value_or(base::ByteView());
  const auto type = record::parse_control_key(key);
  if (!type) return base::fail(type.error());
  if (!*type) {
    return fmt::format(" controlType: UNKNOWN({})",
                       base::load_big_endian<std::int16_t>(key.data() + sizeof(std::int16_t)));
  }
  switch (**type) {
    case kAbort:
      return end_marker("ABORT", value);
    case kCommit:
      return end_marker("COMMIT", value);
    case kLeaderChange:
      return named("LeaderChange:", control_json<wire::LeaderChangeMessage>(value));
    case kSnapshotHeader:
      return named("SnapshotHeader", control_json<wire::SnapshotHeaderRecord>(value));
    case kSnapshotFooter:
      return named("SnapshotFooter", control_json<wire::SnapshotFooterRecord>(value));
    case kKraftVersion:
      return named("KRaftVersion", control_json<wire::KRaftVersionRecord>(value));
    case kKraftVoters:
      return named("KRaftVoters", control_json<wire::VotersRecord>(value));
  }
  std::unreachable();
}

std::string printable_text(base::ByteView bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t size = character_size(bytes);
    if (size == 0) {
      out += kReplacement;
    } else {
      out += base::as_text(bytes.first(size));
    }
    bytes = bytes.subspan(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace odradek::cli
