// SPDX-License-Identifier: Apache-2.0
#include "config/properties.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace odradek::config {
namespace {

bool is_blank(char character) { return character == ' ' || character == '\t' || character == '\f'; }

// Hands out logical lines: comments and blank lines dropped, continued lines joined.
class LogicalLines {
 public:
  explicit LogicalLines(std::string_view text) : rest_(text) {}

  std::optional<std::string> next() {
    while (!rest_.empty()) {
      std::string_view line = take_line();
      first_line_ = line_;
      line = skip_blanks(line);
      if (line.empty() || line[0] == '#' || line[0] == '!') continue;
      std::string logical(line);
      while (ends_in_continuation(logical)) {
        logical.pop_back();
        if (rest_.empty()) break;
        logical += skip_blanks(take_line());
      }
      return logical;
    }
    return std::nullopt;
  }
  int first_line() const { return first_line_; }

 private:
  static std::string_view skip_blanks(std::string_view line) {
    std::size_t start = 0;
    while (start < line.size() && is_blank(line[start])) ++start;
    return line.substr(start);
  }
  static bool ends_in_continuation(const std::string& line) {
    std::size_t backslashes = 0;
    while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') ++backslashes;
    return backslashes % 2 == 1;
  }
  // A line ends in \n, \r or \r\n, as in Java.
  std::string_view take_line() {
    ++line_;
    const auto end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end);
    if (rest_.starts_with("\r\n")) {
      rest_.remove_prefix(2);
    } else if (!rest_.empty()) {
      rest_.remove_prefix(1);
    }
    return line;
  }

  std::string_view rest_;
  int line_ = 0;
  int first_line_ = 0;
};

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xe0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | (code >> 18));
    text += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  }
}

constexpr std::uint32_t kReplacement = 0xfffd;

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The unit of UTF-16 behind "\u" at the front of `text`.
std::optional<std::uint32_t> take_unit(std::string_view& text) {
  if (!text.starts_with("\\u") || text.size() < 6) return std::nullopt;
  std::uint32_t unit = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  if (error != std::errc{} || end != text.data() + 6) return std::nullopt;
  text.remove_prefix(6);
  return unit;
}

// "\uXXXX" at the front of `text`, two of them where they are one character.
bool take_unicode(std::string_view& text, std::string& plain) {
  const auto first = take_unit(text);
  if (!first) return false;
  std::uint32_t code = *first;
  if (is_high_surrogate(code)) {
    std::string_view ahead = text;
    const auto second = take_unit(ahead);
    code = kReplacement;
    if (second && is_low_surrogate(*second)) {
      code = 0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00);
      text = ahead;
    }
  } else if (is_low_surrogate(code)) {
    code = kReplacement;
  }
  append_utf8(plain, code);
  return true;
}

char unescaped(char escaped) {
  switch (escaped) {
    case 't':
      return '\t';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'f':
      return '\f';
    default:
      return escaped;
  }
}

// Nothing: a malformed \u.
std::optional<std::string> unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.starts_with("\\u")) {
      if (!take_unicode(text, plain)) return std::nullopt;
    } else if (text[0] == '\\' && text.size() > 1) {
      plain += unescaped(text[1]);
      text.remove_prefix(2);
    } else {
      plain += text[0];
      text.remove_prefix(1);
    }
  }
  return plain;
}

// Where the key ends: at the first separator that no backslash escapes.
std::size_t key_end(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '=' || line[i] == ':' || is_blank(line[i])) {
      return i;
    }
  }
  return line.size();
}

std::string_view value_of(std::string_view line, std::size_t from) {
  while (from < line.size() && is_blank(line[from])) ++from;
  if (from < line.size() && (line[from] == '=' || line[from] == ':')) ++from;
  while (from < line.size() && is_blank(line[from])) ++from;
  return line.substr(from);
}

}  // namespace

base::Result<std::vector<Property>> parse_properties(std::string_view text) {
  std::vector<Property> properties;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  LogicalLines lines(text);
  while (const auto line = lines.next()) {
    const std::size_t end = key_end(*line);
    auto key = unescape(std::string_view(*line).substr(0, end));
    auto value = unescape(value_of(*line, end));
    if (!key || !value) {
      return base::fail(base::ErrorCode::kInvalidConfig,
                        fmt::format("line {}: \\u must be followed by four hexadecimal digits",
                                    lines.first_line()));
    }
    properties.push_back({std::move(*key), std::move(*value), lines.first_line()});
  }
  return properties;
}

}  // namespace odradek::config
