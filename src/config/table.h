// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The one table of settings: what exists, of what type, with which default and range, and what this
// server does with it. Parsing, validation, help, DescribeConfigs and the documentation read it.
namespace odradek::config {

enum class Type : std::uint8_t {
  kBoolean,
  kString,
  kShort,
  kInt,
  kLong,
  kDouble,
  kList,
  kClass,
  kPassword,
};

enum class Status : std::uint8_t {
  kHonoured,  // does what Kafka documents
  kAccepted,  // taken, and changes nothing here; `note` says the difference
  kRefused,   // stops the server; `note` says why
};

struct Setting {
  std::string_view name;
  Type type;
  // Nothing: Kafka's null, or a key without a default.
  std::optional<std::string_view> default_value;
  // "1..": at least 1; "1..9": between; "a|b": one of (for a list: each); "1..9|-1": between, or
  // -1; empty: any.
  std::string_view range;
  Status status;
  std::string_view note;
};

std::span<const Setting> broker_settings();
std::span<const Setting> topic_settings();

// Nothing when there is no such key.
const Setting* find_broker_setting(std::string_view name);
const Setting* find_topic_setting(std::string_view name);

// Whether `value` is one of the setting's type and range. INVALID_CONFIG with a sentence that names
// the key, the value and what is allowed.
[[nodiscard]] base::Result<> check_value(const Setting& setting, std::string_view value);

// The elements of a list value, white space around them dropped, empty ones left out.
std::vector<std::string> split_list(std::string_view value);

}  // namespace odradek::config
