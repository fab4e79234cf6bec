// SPDX-License-Identifier: Apache-2.0
#include "config/properties.h"

#include <fmt/core.h>

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
  std::string_view take_line() {
    ++line_;
    const auto end = rest_.find('\n');
    std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
  }

  std::string_view rest_;
  int line_ = 0;
  int first_line_ = 0;
};

void append_utf8(std::string& text, unsigned code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xc0 | (code >> 6));
    text += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    text += static_cast<char>(0xe0 | (code >> 12));
    text += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::optional<std::string> unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
      continue;
    }
    const char escaped = text[++i];
    if (escaped == 't') {
      plain += '\t';
    } else if (escaped == 'n') {
      plain += '\n';
    } else if (escaped == 'r') {
      plain += '\r';
    } else if (escaped == 'f') {
      plain += '\f';
    } else if (escaped == 'u') {
      if (i + 4 >= text.size()) return std::nullopt;
      const std::string digits(text.substr(i + 1, 4));
      if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        return std::nullopt;
      }
      append_utf8(plain, static_cast<unsigned>(std::stoul(digits, nullptr, 16)));
      i += 4;
    } else {
      plain += escaped;
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
