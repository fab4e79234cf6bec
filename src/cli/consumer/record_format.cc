// SPDX-License-Identifier: Apache-2.0
#include "cli/consumer/record_format.h"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

#include "base/java_double.h"
#include "cli/output/value.h"

namespace odradek::cli {
namespace {

void set(const ClientConfig& properties, std::string_view key, bool& flag) {
  const auto found = properties.find(key);
  if (found != properties.end()) flag = ::strcasecmp(found->second.c_str(), "true") == 0;
}

void set(const ClientConfig& properties, std::string_view key, std::string& text) {
  if (const auto found = properties.find(key); found != properties.end()) text = found->second;
}

template <typename Number>
std::optional<Number> read(std::string_view bytes) {
  if (bytes.size() != sizeof(Number)) return std::nullopt;
  Number number = 0;
  for (const char byte : bytes) {
    number = static_cast<Number>(number << 8U | static_cast<std::uint8_t>(byte));
  }
  return number;
}

template <typename Number>
std::optional<std::string> signed_text(std::string_view bytes) {
  const auto number = read<std::make_unsigned_t<Number>>(bytes);
  if (!number) return std::nullopt;
  return fmt::format("{}", static_cast<Number>(*number));
}

std::optional<std::string> float_text(std::string_view bytes) {
  const auto bits = read<std::uint32_t>(bytes);
  if (!bits) return std::nullopt;
  return base::java_float(std::bit_cast<float>(*bits));
}

std::optional<std::string> double_text(std::string_view bytes) {
  const auto bits = read<std::uint64_t>(bytes);
  if (!bits) return std::nullopt;
  return base::java_double(std::bit_cast<double>(*bits));
}

std::optional<std::string> boolean_text(std::string_view bytes) {
  if (bytes.size() != 1 || static_cast<std::uint8_t>(bytes[0]) > 1) return std::nullopt;
  return bytes[0] == 1 ? "true" : "false";
}

}  // namespace

base::Result<RecordFormat> RecordFormat::make(const ClientConfig& properties) {
  RecordFormat format;
  set(properties, "print.timestamp", format.timestamp_);
  set(properties, "print.partition", format.partition_);
  set(properties, "print.offset", format.offset_);
  set(properties, "print.delivery", format.delivery_);
  set(properties, "print.epoch", format.epoch_);
  set(properties, "print.headers", format.headers_);
  set(properties, "print.key", format.key_);
  set(properties, "print.value", format.value_);
  set(properties, "key.separator", format.key_separator_);
  set(properties, "line.separator", format.line_separator_);
  set(properties, "headers.separator", format.headers_separator_);
  set(properties, "null.literal", format.null_literal_);
  const std::array<std::pair<std::string_view, Deserializer*>, 3> deserializers = {{
      {"key.deserializer", &format.key_deserializer_},
      {"value.deserializer", &format.value_deserializer_},
      {"headers.deserializer", &format.headers_deserializer_},
  }};
  for (const auto& [key, wanted] : deserializers) {
    auto found = deserializer(properties, key);
    if (!found) return base::fail(std::move(found));
    *wanted = *found;
  }
  return format;
}

base::Result<RecordFormat::Deserializer> RecordFormat::deserializer(const ClientConfig& properties,
                                                                    std::string_view key) {
  using enum Deserializer;
  constexpr std::array<std::pair<std::string_view, Deserializer>, 11> kKnown = {{
      {"StringDeserializer", kBytes},
      {"ByteArrayDeserializer", kBytes},
      {"BytesDeserializer", kBytes},
      {"ByteBufferDeserializer", kBytes},
      {"ShortDeserializer", kShort},
      {"IntegerDeserializer", kInteger},
      {"LongDeserializer", kLong},
      {"FloatDeserializer", kFloat},
      {"DoubleDeserializer", kDouble},
      {"BooleanDeserializer", kBoolean},
      {"UUIDDeserializer", kUuid},
  }};
  const auto given = properties.find(key);
  if (given == properties.end() || given->second.empty()) return kBytes;
  std::string_view name = given->second;
  if (name.starts_with("org.apache.kafka.common.serialization.")) {
    name.remove_prefix(name.rfind('.') + 1);
  }
  for (const auto& [known, deserializer] : kKnown) {
    if (name == known) return deserializer;
  }
  return base::fail(base::ErrorCode::kInvalidConfig,
                    fmt::format("{}={}: there is no JVM here; the deserializers of "
                                "org.apache.kafka.common.serialization are known",
                                key, given->second));
}

base::Result<> RecordFormat::append_part(Deserializer deserializer,
                                         std::optional<std::string_view> bytes,
                                         std::string& out) const {
  if (!bytes) {
    out += null_literal_;
    return {};
  }
  std::optional<std::string> text;
  switch (deserializer) {
    case Deserializer::kBytes:
    case Deserializer::kUuid:  // written as text
      out += *bytes;
      return {};
    case Deserializer::kShort:
      text = signed_text<std::int16_t>(*bytes);
      break;
    case Deserializer::kInteger:
      text = signed_text<std::int32_t>(*bytes);
      break;
    case Deserializer::kLong:
      text = signed_text<std::int64_t>(*bytes);
      break;
    case Deserializer::kFloat:
      text = float_text(*bytes);
      break;
    case Deserializer::kDouble:
      text = double_text(*bytes);
      break;
    case Deserializer::kBoolean:
      text = boolean_text(*bytes);
      break;
  }
  if (!text) {
    return base::fail(base::ErrorCode::kInvalidRecord,
                      fmt::format("{} bytes are not what the deserializer reads", bytes->size()));
  }
  out += *text;
  return {};
}

base::Result<> RecordFormat::append_headers(const ConsumedRecord& record, std::string& out) const {
  if (record.headers.empty()) out += "NO_HEADERS";
  bool is_first = true;
  for (const auto& [key, value] : record.headers) {
    if (!std::exchange(is_first, false)) out += headers_separator_;
    out += key;
    out += ':';
    if (auto ok = append_part(headers_deserializer_, value, out); !ok) return ok;
  }
  return {};
}

base::Result<> RecordFormat::append_json(const ConsumedRecord& record, std::string& out) const {
  using enum ConsumedRecord::TimestampType;
  base::Result<> done;
  const auto part = [&](Deserializer deserializer, std::optional<std::string_view> bytes) -> Value {
    if (!bytes) return {};
    std::string text;
    if (auto ok = append_part(deserializer, bytes, text); !ok) done = std::move(ok);
    return text;
  };
  List headers;
  for (const auto& [key, value] : record.headers) {
    headers.emplace_back(Object{{"key", key}, {"value", part(headers_deserializer_, value)}});
  }
  const bool has_time = record.timestamp_type != kNone;
  const Object object = {
      {"topic", record.topic},
      {"partition", record.partition},
      {"offset", record.offset},
      {"timestamp", has_time ? Value(record.timestamp) : Value()},
      {"timestamp_type",
       has_time ? Value(record.timestamp_type == kCreateTime ? "CreateTime" : "LogAppendTime")
                : Value()},
      {"key", part(key_deserializer_, record.key)},
      {"value", part(value_deserializer_, record.value)},
      {"headers", std::move(headers)}};
  if (done) out += to_json(object, JsonLayout::kOneLine) + "\n";
  return done;
}

base::Result<> RecordFormat::append(const ConsumedRecord& record, std::string& out) const {
  using enum ConsumedRecord::TimestampType;
  if (is_json_) return append_json(record, out);
  // Each part is followed by the separator when another comes, else by the line's end.
  int left = timestamp_ + partition_ + offset_ + delivery_ + epoch_ + headers_ + key_ + value_;
  const auto separate = [&] { out += --left > 0 ? key_separator_ : line_separator_; };
  if (timestamp_) {
    out += record.timestamp_type == kNone
               ? std::string("NO_TIMESTAMP")
               : fmt::format("{}:{}",
                             record.timestamp_type == kCreateTime ? "CreateTime" : "LogAppendTime",
                             record.timestamp);
    separate();
  }
  if (partition_) {
    out += fmt::format("Partition:{}", record.partition);
    separate();
  }
  if (offset_) {
    out += fmt::format("Offset:{}", record.offset);
    separate();
  }
  if (delivery_) {
    out += "Delivery:NOT_PRESENT";
    separate();
  }
  if (epoch_) {
    out += "Epoch:NOT_PRESENT";
    separate();
  }
  if (headers_) {
    if (auto ok = append_headers(record, out); !ok) return ok;
    separate();
  }
  if (key_) {
    if (auto ok = append_part(key_deserializer_, record.key, out); !ok) return ok;
    separate();
  }
  if (value_) {
    if (auto ok = append_part(value_deserializer_, record.value, out); !ok) return ok;
    separate();
  }
  return {};
}

}  // namespace odradek::cli
