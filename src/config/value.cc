// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <utility>

#include "base/java_double.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

char lower(char character) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
}

bool equal_in_any_case(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

std::unexpected<base::Error> invalid(const Setting& setting, std::string_view value,
                                     std::string_view allowed) {
  return base::fail(ErrorCode::kInvalidConfig,
                    fmt::format("Invalid value {} for configuration {}: {}", shown(setting, value),
                                setting.name, allowed));
}

bool is_number(Type type) {
  return type == Type::kShort || type == Type::kInt || type == Type::kLong || type == Type::kDouble;
}

struct Bounds {
  std::int64_t low;
  std::int64_t high;
};

Bounds type_bounds(Type type) {
  if (type == Type::kShort) return {INT16_MIN, INT16_MAX};
  if (type == Type::kInt) return {INT32_MIN, INT32_MAX};
  return {INT64_MIN, INT64_MAX};
}

// "1..", "1..9", "1..9|-1".
struct NumberRange {
  std::string_view low;
  std::string_view high;
  std::string_view or_else;
};

std::optional<NumberRange> number_range(std::string_view range) {
  const auto dots = range.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto bar = std::min(range.find('|'), range.size());
  return NumberRange{range.substr(0, dots), range.substr(dots + 2, bar - dots - 2),
                     range.substr(std::min(bar + 1, range.size()))};
}

template <typename Number, typename Parse>
bool lies_in(Number number, std::string_view range, Parse parse) {
  const auto bounds = number_range(range);
  if (!bounds) return true;
  if (!bounds->or_else.empty() && parse(bounds->or_else) == number) return true;
  const auto low = parse(bounds->low);
  const auto high = parse(bounds->high);
  return (!low || number >= *low) && (!high || number <= *high);
}

// What is needed, and the allowed range where there is one.
std::string needed(const Setting& setting, std::string_view what) {
  const std::string allowed = allowed_words(setting);
  return allowed.empty() ? std::string(what) : fmt::format("{}; allowed is {}", what, allowed);
}

// A sign and digits: a whole number, though perhaps more than fits.
bool is_whole(std::string_view value) {
  value = trim(value);
  if (value.starts_with('+') || value.starts_with('-')) value.remove_prefix(1);
  return !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
}

base::Result<> check_whole(const Setting& setting, std::string_view value) {
  if (!is_whole(value)) {
    return invalid(
        setting, value,
        needed(setting, "a whole number is needed, in digits without unit or separator"));
  }
  const Bounds bounds = type_bounds(setting.type);
  const auto number = parse_whole(value);
  if (!number || *number < bounds.low || *number > bounds.high) {
    const auto fitting = fmt::format("{} to {} is what fits", bounds.low, bounds.high);
    return invalid(setting, value, needed(setting, fitting));
  }
  if (lies_in(*number, setting.range, parse_whole)) return {};
  return invalid(setting, value, fmt::format("allowed is {}", allowed_words(setting)));
}

base::Result<> check_double(const Setting& setting, std::string_view value) {
  const auto number = parse_ratio(value);
  if (!number) return invalid(setting, value, needed(setting, "a number is needed, such as 0.5"));
  if (lies_in(*number, setting.range, parse_ratio)) return {};
  return invalid(setting, value, fmt::format("allowed is {}", allowed_words(setting)));
}

// Takes `word` and the blank behind it from the front of `range`.
bool take_word(std::string_view& range, std::string_view word) {
  if (!range.starts_with(word)) return false;
  range.remove_prefix(word.size());
  if (range.starts_with(' ')) range.remove_prefix(1);
  return true;
}

// "a|b" or "~a|b"; an entry that ends in a colon is a beginning.
bool is_choice(std::string_view value, std::string_view choices) {
  const bool any_case = take_word(choices, "~");
  while (!choices.empty()) {
    const auto bar = std::min(choices.find('|'), choices.size());
    const std::string_view choice = choices.substr(0, bar);
    if (value == choice || (any_case && equal_in_any_case(value, choice)) ||
        (choice.ends_with(':') && value.starts_with(choice))) {
      return true;
    }
    choices.remove_prefix(std::min(bar + 1, choices.size()));
  }
  return false;
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
  return colon != std::string_view::npos && parse_whole(element.substr(0, colon)) &&
         parse_whole(element.substr(colon + 1));
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
      return invalid(setting, value, fmt::format("allowed is {}", allowed_words(setting)));
    }
  }
  return {};
}

std::string comma_separated(std::string_view choices) {
  std::string words;
  for (const char character : choices) {
    if (character == '|') {
      words += ", ";
    } else {
      words += character;
    }
  }
  return words;
}

// Without doubles.
std::string joined(std::vector<std::string> elements) {
  std::vector<std::string> once;
  for (std::string& element : elements) {
    if (std::ranges::find(once, element) == once.end()) once.push_back(std::move(element));
  }
  return fmt::format("{}", fmt::join(once, ","));
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto is_white = [](char character) { return static_cast<unsigned char>(character) <= ' '; };
  while (!text.empty() && is_white(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_white(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> parse_whole(std::string_view value) {
  value = trim(value);
  if (value.starts_with('+') && !value.starts_with("+-")) value.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number;
}

std::optional<double> parse_ratio(std::string_view value) {
  value = trim(value);
  if (value.starts_with('+') && !value.starts_with("+-")) value.remove_prefix(1);
  // Java's marks of the type.
  if (value.size() > 1 && std::string_view("dDfF").contains(value.back())) value.remove_suffix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return number == number ? std::optional(number) : std::nullopt;
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
      return check_whole(setting, value);
    case Type::kDouble:
      return check_double(setting, value);
    default:
      return check_texts(setting, value);
  }
}

base::Result<> check_available(const Setting& setting, std::string_view value) {
  if (setting.reason.empty()) return {};
  const std::string plain = normalized(setting, value);
  const auto asks_nothing = [&setting](std::string_view element) {
    return std::ranges::find(setting.harmless, element) != setting.harmless.end();
  };
  const bool is_harmless = setting.type == Type::kList
                               ? std::ranges::all_of(split_list(plain), asks_nothing)
                               : plain.empty() || asks_nothing(plain);
  if (is_harmless) return {};
  return base::fail(ErrorCode::kInvalidConfig, fmt::format("{}={} is refused: {}", setting.name,
                                                           shown(setting, plain), setting.reason));
}

std::string allowed_words(const Setting& setting) {
  std::string_view range = setting.range;
  take_word(range, "distinct");
  const bool must_be_there = take_word(range, "non-empty");
  if (range.empty()) return must_be_there ? "anything but nothing" : "";
  if (const auto bounds = number_range(range)) {
    std::string words = bounds->high.empty() ? fmt::format("at least {}", bounds->low)
                                             : fmt::format("{} to {}", bounds->low, bounds->high);
    if (!bounds->or_else.empty()) words += fmt::format(", or {}", bounds->or_else);
    return words;
  }
  if (range == "partition:broker") return "partition:broker,…, or *";
  const bool any_case = take_word(range, "~");
  return fmt::format("{} {}{}", setting.type == Type::kList ? "a list of" : "one of",
                     comma_separated(range), any_case ? ", in any case" : "");
}

std::string normalized(const Setting& setting, std::string_view value) {
  value = trim(value);
  std::string plain(value);
  if (setting.type == Type::kList) return joined(split_list(value));
  if (setting.type == Type::kBoolean) std::ranges::transform(plain, plain.begin(), lower);
  if (is_number(setting.type) && setting.type != Type::kDouble) {
    if (const auto number = parse_whole(value)) plain = std::to_string(*number);
  }
  if (setting.type == Type::kDouble) {
    if (const auto number = parse_ratio(value)) plain = base::java_double(*number);
  }
  return plain;
}

std::string shown(const Setting& setting, std::string_view value) {
  return setting.is_sensitive() ? "[hidden]" : std::string(value);
}

std::vector<std::string> split_list(std::string_view value) {
  std::vector<std::string> elements;
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const std::string_view element = trim(value.substr(0, comma));
    if (!element.empty()) elements.emplace_back(element);
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
  return elements;
}

}  // namespace odradek::config
