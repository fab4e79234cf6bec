// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/table.h"

// Values as text: whether they are what a setting takes, and what they say. Read as Kafka's JVM
// reads them: white space around a value is dropped; a number is decimal digits with an optional
// sign, without separators and units.
namespace odradek::config {

// Whether `value` is one of the setting's type and range. INVALID_CONFIG with a sentence that names
// the key, the value and what is allowed.
[[nodiscard]] base::Result<> check_value(const Setting& setting, std::string_view value);

// Whether `value` asks for something that this server has not got (`harmless`; of a list each
// element). INVALID_CONFIG with a sentence that gives the reason.
[[nodiscard]] base::Result<> check_available(const Setting& setting, std::string_view value);

// The setting's range in words: "at least 1", "1 to 9, or -1", "one of a, b"; empty: any.
std::string allowed_words(const Setting& setting);

// A valid value in the form that Kafka prints: no white space around it or a list's elements, each
// of these once, a boolean in lower case, a number without a plus sign or leading zeros.
std::string normalized(const Setting& setting, std::string_view value);

// The value for people and logs: what is secret is hidden.
std::string shown(const Setting& setting, std::string_view value);

// Nothing when it is none that fits.
std::optional<std::int64_t> parse_whole(std::string_view value);
std::optional<double> parse_ratio(std::string_view value);

// The elements of a list value, white space around them dropped, empty ones left out.
std::vector<std::string> split_list(std::string_view value);

// Without Java's white space (all up to U+0020) at both ends.
std::string_view trim(std::string_view text);

}  // namespace odradek::config
