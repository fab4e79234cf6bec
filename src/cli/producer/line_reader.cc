// SPDX-License-Identifier: Apache-2.0
#include "cli/producer/line_reader.h"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <utility>

namespace odradek::cli {
namespace {

using base::ErrorCode;

bool is_true(const ClientConfig& properties, std::string_view key) {
  const auto found = properties.find(key);
  return found != properties.end() && ::strcasecmp(found->second.c_str(), "true") == 0;
}

void set(const ClientConfig& properties, std::string_view key, std::string& text) {
  if (const auto found = properties.find(key); found != properties.end()) text = found->second;
}

std::unexpected<base::Error> bad_line(std::string message) {
  return base::fail(ErrorCode::kInvalidRecord, std::move(message));
}

}  // namespace

base::Result<LineReader> LineReader::make(const ClientConfig& properties) {
  LineReader reader;
  reader.parses_key_ = is_true(properties, "parse.key");
  reader.parses_headers_ = is_true(properties, "parse.headers");
  reader.ignores_errors_ = is_true(properties, "ignore.error");
  set(properties, "key.separator", reader.key_separator_);
  set(properties, "headers.delimiter", reader.headers_delimiter_);
  set(properties, "headers.separator", reader.headers_separator_);
  set(properties, "headers.key.separator", reader.headers_key_separator_);
  if (const auto found = properties.find("null.marker"); found != properties.end()) {
    reader.null_marker_ = found->second;
  }
  const std::array<std::pair<std::string_view, const std::string*>, 4> separators = {{
      {"key.separator", &reader.key_separator_},
      {"headers.delimiter", &reader.headers_delimiter_},
      {"headers.separator", &reader.headers_separator_},
      {"headers.key.separator", &reader.headers_key_separator_},
  }};
  const auto clash = [](std::string_view left, std::string_view right) {
    return base::fail(ErrorCode::kInvalidConfig,
                      fmt::format("{} and {} may not be equal", left, right));
  };
  for (std::size_t i = 0; i < separators.size(); ++i) {
    const auto& [name, text] = separators[i];
    if (text->empty()) {
      return base::fail(ErrorCode::kInvalidConfig, fmt::format("{} may not be empty", name));
    }
    if (reader.null_marker_ == *text) return clash("null.marker", name);
    for (std::size_t j = i + 1; i > 0 && j < separators.size(); ++j) {
      if (*text == *separators[j].second) return clash(name, separators[j].first);
    }
  }
  return reader;
}

std::optional<std::string> LineReader::unless_null(std::string_view text) const {
  if (null_marker_ && text == *null_marker_) return std::nullopt;
  return std::string(text);
}

base::Result<std::optional<std::string_view>> LineReader::take(std::string_view line,
                                                               std::size_t& at,
                                                               std::string_view separator,
                                                               std::string_view what,
                                                               std::uint64_t number) const {
  const std::size_t end = line.find(separator, at);
  if (end == std::string_view::npos) {
    if (ignores_errors_) return std::nullopt;
    return bad_line(fmt::format("No {} found on line number {}, from column {} on: '{}'", what,
                                number, at + 1, line));
  }
  const std::string_view text = line.substr(at, end - at);
  at = end + separator.size();
  return text;
}

base::Result<std::vector<LineRecord::Header>> LineReader::parse_headers(
    std::string_view text, std::uint64_t number) const {
  std::vector<LineRecord::Header> headers;
  std::size_t at = 0;
  // A separator at the very end begins no further header.
  while (at < text.size() || at == 0) {
    const std::size_t end = std::min(text.find(headers_separator_, at), text.size());
    const std::string_view pair = text.substr(at, end - at);
    const std::size_t middle = pair.find(headers_key_separator_);
    if (middle == std::string_view::npos) {
      if (!ignores_errors_) {
        return bad_line(
            fmt::format("No header key separator found in pair '{}' on line number {}, column {}",
                        pair, number, at + 1));
      }
      headers.emplace_back(pair, std::nullopt);
    } else {
      const std::string_view key = pair.substr(0, middle);
      if (null_marker_ && key == *null_marker_) {
        return bad_line(fmt::format(
            "Header keys should not be equal to the null marker '{}' as they can't be null "
            "(line number {}, column {})",
            *null_marker_, number, at + 1));
      }
      headers.emplace_back(key, unless_null(pair.substr(middle + headers_key_separator_.size())));
    }
    at = end + headers_separator_.size();
  }
  return headers;
}

base::Result<LineRecord> LineReader::parse(std::string_view line, std::uint64_t number) const {
  LineRecord record;
  std::size_t at = 0;
  if (parses_headers_) {
    auto text = take(line, at, headers_delimiter_, "headers delimiter", number);
    if (!text) return base::fail(std::move(text));
    if (*text && !(null_marker_ && **text == *null_marker_)) {
      auto headers = parse_headers(**text, number);
      if (!headers) return base::fail(std::move(headers));
      record.headers = *std::move(headers);
    }
  }
  if (parses_key_) {
    auto text = take(line, at, key_separator_, "key separator", number);
    if (!text) return base::fail(std::move(text));
    if (*text) record.key = unless_null(**text);
  }
  record.value = unless_null(line.substr(at));
  return record;
}

}  // namespace odradek::cli
