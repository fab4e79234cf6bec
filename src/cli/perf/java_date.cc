// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/java_date.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <ctime>
#include <span>

namespace odradek::cli {
namespace {

constexpr std::string_view kLetters = "yMdHhmsSaEDzZXkK";
constexpr std::int64_t kMillisPerSecond = 1000;

struct Moment {
  std::tm day;
  int millis;
};

Moment moment_of(base::Timestamp time) {
  auto seconds = static_cast<std::time_t>(time.value() / kMillisPerSecond);
  auto millis = static_cast<int>(time.value() % kMillisPerSecond);
  if (millis < 0) {
    millis += kMillisPerSecond;
    --seconds;
  }
  Moment moment{{}, millis};
  ::localtime_r(&seconds, &moment.day);
  return moment;
}

std::string named(const std::tm& day, const char* format) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &day)};
}

std::string zone(const std::tm& day, std::size_t width, char letter) {
  if (letter == 'z') return named(day, "%Z");
  const std::string offset = named(day, "%z");  // +0130
  if (letter == 'Z') return offset;
  if (offset == "+0000") return "Z";
  if (width == 1) return offset.substr(0, 3);
  return width == 2 ? offset : fmt::format("{}:{}", offset.substr(0, 3), offset.substr(3));
}

std::string part(const Moment& moment, char letter, std::size_t width) {
  const std::tm& day = moment.day;
  const auto number = [&](int value) { return fmt::format("{:0{}}", value, width); };
  switch (letter) {
    case 'y':
      return width == 2 ? fmt::format("{:02}", day.tm_year % 100) : number(day.tm_year + 1900);
    case 'M':
      if (width >= 3) return named(day, width == 3 ? "%b" : "%B");
      return number(day.tm_mon + 1);
    case 'd':
      return number(day.tm_mday);
    case 'D':
      return number(day.tm_yday + 1);
    case 'H':
      return number(day.tm_hour);
    case 'k':
      return number(day.tm_hour == 0 ? 24 : day.tm_hour);
    case 'K':
      return number(day.tm_hour % 12);
    case 'h':
      return number(day.tm_hour % 12 == 0 ? 12 : day.tm_hour % 12);
    case 'm':
      return number(day.tm_min);
    case 's':
      return number(day.tm_sec);
    case 'S':
      return number(moment.millis);
    case 'a':
      return day.tm_hour < 12 ? "AM" : "PM";
    case 'E':
      return named(day, width <= 3 ? "%a" : "%A");
    default:
      return zone(day, width, letter);
  }
}

// The text within quotes that begins at `at`, which is moved behind it.
std::string quoted(std::string_view pattern, std::size_t& at) {
  std::string text;
  if (pattern.substr(at).starts_with("''")) {
    at += 2;
    return "'";
  }
  for (++at; at < pattern.size(); ++at) {
    if (pattern[at] != '\'') {
      text += pattern[at];
    } else if (pattern.substr(at).starts_with("''")) {
      text += pattern[at++];
    } else {
      ++at;
      break;
    }
  }
  return text;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

base::Result<JavaDate> JavaDate::make(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '\'') {
      quoted(pattern, at);
      continue;
    }
    const char letter = pattern[at++];
    if (!is_letter(letter) || kLetters.find(letter) != std::string_view::npos) continue;
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("Illegal pattern character '{}'", letter));
  }
  return JavaDate(pattern);
}

std::string JavaDate::format(base::Timestamp time) const {
  const Moment moment = moment_of(time);
  const std::string_view pattern = pattern_;
  std::string out;
  for (std::size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '\'') {
      out += quoted(pattern, at);
    } else if (!is_letter(pattern[at])) {
      out += pattern[at++];
    } else {
      const std::size_t end = std::min(pattern.find_first_not_of(pattern[at], at), pattern.size());
      out += part(moment, pattern[at], end - at);
      at = end;
    }
  }
  return out;
}

}  // namespace odradek::cli
