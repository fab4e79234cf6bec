// SPDX-License-Identifier: Apache-2.0
#include "cli/output/value.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace odradek::cli {
namespace {

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string escaped_controls(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_control(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// Whether a well-formed UTF-8 sequence begins at `at`; its length, or 0.
std::size_t sequence_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool is_overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool is_surrogate = lead == 0xed && byte(1) > 0x9f;
  const bool is_beyond = lead == 0xf4 && byte(1) > 0x8f;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

// What is not UTF-8 becomes U+FFFD, as JSON must be UTF-8.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at);
    const char c = text[at];
    if (length == 0) {
      out += "\\ufffd";
      ++at;
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (is_control(c)) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  out += '"';
}

bool nests(const Value& value) {
  return std::holds_alternative<List>(value.data()) || std::holds_alternative<Object>(value.data());
}

class JsonWriter {
 public:
  explicit JsonWriter(JsonLayout layout) : layout_(layout) {}

  void write(const Value& value) {
    std::visit(Overloaded{[&](std::monostate) { out_ += "null"; },
                          [&](bool truth) { out_ += truth ? "true" : "false"; },
                          [&](std::int64_t number) { out_ += fmt::format("{}", number); },
                          // JSON knows neither infinity nor NaN.
                          [&](double number) {
                            out_ += std::isfinite(number) ? fmt::format("{}", number) : "null";
                          },
                          [&](const std::string& text) { append_json_string(out_, text); },
                          [&](const List& list) { write_list(list); },
                          [&](const Object& object) { write_object(object); }},
               value.data());
  }
  std::string take() { return std::move(out_); }

 private:
  void write_list(const List& list) {
    const bool is_flat = std::ranges::none_of(list, nests);
    out_ += '[';
    ++level_;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += is_flat && layout_ == JsonLayout::kIndented ? ", " : ",";
      if (!is_flat) next_line();
      write(list[i]);
    }
    --level_;
    if (!is_flat) next_line();
    out_ += ']';
  }

  void write_object(const Object& object) {
    out_ += '{';
    ++level_;
    for (std::size_t i = 0; i < object.size(); ++i) {
      if (i > 0) out_ += ',';
      next_line();
      append_json_string(out_, object[i].first);
      out_ += layout_ == JsonLayout::kIndented ? ": " : ":";
      write(object[i].second);
    }
    --level_;
    if (!object.empty()) next_line();
    out_ += '}';
  }

  void next_line() {
    if (layout_ == JsonLayout::kOneLine) return;
    out_ += '\n';
    out_.append(2 * level_, ' ');
  }

  const JsonLayout layout_;
  std::string out_;
  std::size_t level_ = 0;
};

std::string joined(const List& list) {
  std::string out;
  for (const Value& value : list) {
    if (!out.empty()) out += ',';
    out += one_line(value);
  }
  return out.empty() ? "-" : out;
}

std::string joined(const Object& object) {
  std::string out;
  for (const auto& [name, value] : object) {
    if (!out.empty()) out += ',';
    out += fmt::format("{}={}", escaped_controls(name), one_line(value));
  }
  return out.empty() ? "-" : out;
}

}  // namespace

Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

std::string one_line(const Value& value) {
  return std::visit(Overloaded{[](std::monostate) -> std::string { return "-"; },
                               [](bool truth) -> std::string { return truth ? "true" : "false"; },
                               [](std::int64_t number) { return fmt::format("{}", number); },
                               [](double number) { return fmt::format("{:.2f}", number); },
                               [](const std::string& text) { return escaped_controls(text); },
                               [](const List& list) { return joined(list); },
                               [](const Object& object) { return joined(object); }},
                    value.data());
}

std::string to_json(const Value& value, JsonLayout layout) {
  JsonWriter writer(layout);
  writer.write(value);
  return writer.take();
}

}  // namespace odradek::cli
