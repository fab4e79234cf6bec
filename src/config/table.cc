// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace odradek::config {
namespace {

using base::ErrorCode;

const Setting* find(std::span<const Setting> settings, std::string_view name) {
  const auto found = std::ranges::lower_bound(settings, name, {}, &Setting::name);
  return found == settings.end() || found->name != name ? nullptr : &*found;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

Bounds type_bounds(Type type) {
  if (type == Type::kShort) return {-32768, 32767};
  if (type == Type::kInt) return {-2147483648.0, 2147483647.0};
  return {};
}

// "1..", "1..9" or "1..9|-1".
bool lies_in(double number, std::string_view range) {
  const auto bar = range.find('|');
  if (bar != std::string_view::npos) {
    if (parse_number<double>(range.substr(bar + 1)) == number) return true;
    range = range.substr(0, bar);
  }
  const auto dots = range.find("..");
  if (dots == std::string_view::npos) return true;
  const auto low = parse_number<double>(range.substr(0, dots));
  const auto high = parse_number<double>(range.substr(dots + 2));
  return (!low || number >= *low) && (!high || number <= *high);
}

bool is_choice(std::string_view value, std::string_view choices) {
  const bool ignore_case = choices.starts_with('~');
  if (ignore_case) choices.remove_prefix(1);
  while (!choices.empty()) {
    const auto bar = choices.find('|');
    const std::string_view choice = choices.substr(0, bar);
    const bool equal =
        choice.size() == value.size() &&
        std::ranges::equal(choice, value, [ignore_case](char left, char right) {
          return left == right ||
                 (ignore_case && std::tolower(static_cast<unsigned char>(left)) ==
                                     std::tolower(static_cast<unsigned char>(right)));
        });
    if (equal) return true;
    if (bar == std::string_view::npos) break;
    choices.remove_prefix(bar + 1);
  }
  return false;
}

std::unexpected<base::Error> invalid(const Setting& setting, std::string_view value,
                                     std::string_view allowed) {
  const bool is_secret = setting.type == Type::kPassword;
  return base::fail(ErrorCode::kInvalidConfig,
                    fmt::format("Invalid value {} for configuration {}: {}",
                                is_secret ? "[hidden]" : value, setting.name, allowed));
}

base::Result<> check_number(const Setting& setting, std::string_view value) {
  const bool is_whole = setting.type != Type::kDouble;
  const auto whole = parse_number<std::int64_t>(value);
  const auto number = is_whole ? (whole ? std::optional(static_cast<double>(*whole)) : std::nullopt)
                               : parse_number<double>(value);
  if (!number) {
    return invalid(setting, value, is_whole ? "a whole number is needed" : "a number is needed");
  }
  const Bounds bounds = type_bounds(setting.type);
  if (*number < bounds.low || *number > bounds.high) {
    return invalid(setting, value, "the number does not fit its type");
  }
  if (!lies_in(*number, setting.range)) {
    return invalid(setting, value, fmt::format("allowed is {}", setting.range));
  }
  return {};
}

// Takes `word` and the blank behind it from the front of `range`.
bool take_word(std::string_view& range, std::string_view word) {
  if (!range.starts_with(word)) return false;
  range.remove_prefix(word.size());
  if (range.starts_with(' ')) range.remove_prefix(1);
  return true;
}

// An element that is there twice counts once, as in Kafka; one that says nothing is a mistake.
base::Result<> check_elements(const Setting& setting, std::string_view value,
                              const std::vector<std::string>& elements) {
  const auto commas = static_cast<std::size_t>(std::ranges::count(value, ','));
  if (value.empty() || elements.size() == commas + 1) return {};
  return invalid(setting, value, "an element is empty");
}

bool is_partition_and_broker(std::string_view element) {
  const auto colon = element.find(':');
  return colon != std::string_view::npos &&
         parse_number<std::int32_t>(element.substr(0, colon)).has_value() &&
         parse_number<std::int32_t>(element.substr(colon + 1)).has_value();
}

base::Result<> check_replicas(const Setting& setting, std::string_view value,
                              const std::vector<std::string>& elements) {
  if (value == "*" || std::ranges::all_of(elements, is_partition_and_broker)) return {};
  return invalid(setting, value, "each element is partition:broker, or the whole value is *");
}

base::Result<> check_texts(const Setting& setting, std::string_view value) {
  const bool is_list = setting.type == Type::kList;
  const auto elements = is_list ? split_list(value) : std::vector<std::string>{std::string(value)};
  std::string_view range = setting.range;
  if (take_word(range, "distinct")) {
    if (auto valid = check_elements(setting, value, elements); !valid) return valid;
  }
  if (take_word(range, "non-empty") && (value.empty() || elements.empty())) {
    return invalid(setting, value, "it must not be empty");
  }
  if (range == "partition:broker") return check_replicas(setting, value, elements);
  for (const std::string& element : elements) {
    if (!range.empty() && !is_choice(element, range)) {
      return invalid(setting, value,
                     fmt::format("allowed {} {}", is_list ? "elements are" : "is one of", range));
    }
  }
  return {};
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::span<const Setting> settings_of(Scope scope) {
  switch (scope) {
    case Scope::kBroker:
      return broker_settings();
    case Scope::kTopic:
      return topic_settings();
    case Scope::kGroup:
      return group_settings();
    case Scope::kClientMetrics:
      return client_metrics_settings();
    case Scope::kQuota:
      return quota_settings();
  }
  return {};
}

const Setting* find_setting(Scope scope, std::string_view name) {
  return find(settings_of(scope), name);
}
const Setting* find_broker_setting(std::string_view name) { return find(broker_settings(), name); }
const Setting* find_topic_setting(std::string_view name) { return find(topic_settings(), name); }
const Setting* find_dynamic_only_setting(std::string_view name) {
  return find(dynamic_only_settings(), name);
}
const Setting* find_dropped_setting(std::string_view name) {
  return find(dropped_settings(), name);
}

std::span<const std::string_view> synonyms_of(const std::string_view& broker_key) {
  const Setting* setting = find_broker_setting(broker_key);
  if (setting == nullptr || setting->synonyms.empty()) return {&broker_key, 1};
  return setting->synonyms;
}

base::Result<> check_available(const Setting& setting, std::string_view value) {
  value = trim(value);
  if (setting.reason.empty() || value.empty()) return {};
  const bool ignores_case = setting.type == Type::kBoolean;
  const auto asks_nothing = [value, ignores_case](std::string_view harmless) {
    return value == harmless || (ignores_case && is_choice(value, fmt::format("~{}", harmless)));
  };
  if (std::ranges::any_of(setting.harmless, asks_nothing)) return {};
  return base::fail(ErrorCode::kInvalidConfig,
                    fmt::format("{}={} is refused: {}", setting.name,
                                setting.is_sensitive() ? "[hidden]" : value, setting.reason));
}

base::Result<> check_value(const Setting& setting, std::string_view value) {
  value = trim(value);
  switch (setting.type) {
    case Type::kBoolean:
      if (is_choice(value, "~true|false")) return {};
      return invalid(setting, value, "true or false is needed");
    case Type::kShort:
    case Type::kInt:
    case Type::kLong:
    case Type::kDouble:
      return check_number(setting, value);
    default:
      return check_texts(setting, value);
  }
}

std::vector<std::string> split_list(std::string_view value) {
  std::vector<std::string> elements;
  while (!value.empty()) {
    const auto comma = value.find(',');
    const std::string_view element = trim(value.substr(0, comma));
    if (!element.empty()) elements.emplace_back(element);
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  return elements;
}

}  // namespace odradek::config
