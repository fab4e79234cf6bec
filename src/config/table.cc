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
  const auto found = std::ranges::find(settings, name, &Setting::name);
  return found == settings.end() ? nullptr : &*found;
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
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

base::Result<> check_choices(const Setting& setting, std::string_view value) {
  if (setting.range.empty()) return {};
  const bool is_list = setting.type == Type::kList;
  const auto elements = is_list ? split_list(value) : std::vector<std::string>{std::string(value)};
  for (const std::string& element : elements) {
    if (!is_choice(element, setting.range)) {
      return invalid(
          setting, value,
          fmt::format("allowed {} {}", is_list ? "elements are" : "is one of", setting.range));
    }
  }
  return {};
}

}  // namespace

const Setting* find_broker_setting(std::string_view name) { return find(broker_settings(), name); }
const Setting* find_topic_setting(std::string_view name) { return find(topic_settings(), name); }

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
      return check_choices(setting, value);
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
