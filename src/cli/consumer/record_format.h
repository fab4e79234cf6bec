// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/client_config.h"

namespace odradek::cli {

// A record to be printed. What it views belongs to the caller.
struct ConsumedRecord {
  enum class TimestampType : std::uint8_t { kNone, kCreateTime, kLogAppendTime };

  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  TimestampType timestamp_type = TimestampType::kNone;
  std::int64_t timestamp = -1;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
};

// Writes records as Kafka's DefaultMessageFormatter does: the parts that were asked for
// (`print.timestamp`, `print.partition`, `print.offset`, `print.epoch`, `print.delivery`,
// `print.headers`, `print.key`, `print.value`) with `key.separator` between them,
// `headers.separator`, `null.literal`, `line.separator`, and the deserializers of Kafka's own
// classes for numbers, text and UUIDs (`key.deserializer`, `value.deserializer`,
// `headers.deserializer`).
class RecordFormat {
 public:
  // An INVALID_CONFIG names a deserializer that is not there.
  [[nodiscard]] static base::Result<RecordFormat> make(const ClientConfig& properties);

  // From now on a record is a JSON object on a line, with all of its parts. Of the properties only
  // the deserializers count; what they make is text, and bytes that are no UTF-8 become U+FFFD.
  void use_json() { is_json_ = true; }

  // An INVALID_RECORD where a deserializer cannot read what is there.
  [[nodiscard]] base::Result<> append(const ConsumedRecord& record, std::string& out) const;

 private:
  enum class Deserializer : std::uint8_t {
    kBytes,
    kShort,
    kInteger,
    kLong,
    kFloat,
    kDouble,
    kBoolean,
    kUuid,
  };

  static base::Result<Deserializer> deserializer(const ClientConfig& properties,
                                                 std::string_view key);
  base::Result<> append_part(Deserializer deserializer, std::optional<std::string_view> bytes,
                             std::string& out) const;
  base::Result<> append_json(const ConsumedRecord& record, std::string& out) const;
  base::Result<> append_headers(const ConsumedRecord& record, std::string& out) const;

  bool is_json_ = false;
  bool timestamp_ = false;
  bool partition_ = false;
  bool offset_ = false;
  bool delivery_ = false;
  bool epoch_ = false;
  bool headers_ = false;
  bool key_ = false;
  bool value_ = true;
  std::string key_separator_ = "\t";
  std::string line_separator_ = "\n";
  std::string headers_separator_ = ",";
  std::string null_literal_ = "null";
  Deserializer key_deserializer_ = Deserializer::kBytes;
  Deserializer value_deserializer_ = Deserializer::kBytes;
  Deserializer headers_deserializer_ = Deserializer::kBytes;
};

}  // namespace odradek::cli
