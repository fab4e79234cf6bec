// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "metadata/controller/event_line.h"

// A query as text: name=value with & between them, what is not plain encoded as in URLs.
namespace odradek::metadata {
namespace {

std::string encoded(std::string_view text) {
  std::string out;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.';
    out += is_plain ? std::string(1, character) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain += static_cast<char>(value);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

bool take(EventQuery& query, std::string_view name, std::string value) {
  if (name == "topic") {
    query.topic = std::move(value);
  } else if (name == "group") {
    query.group = std::move(value);
  } else if (name == "broker") {
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), id);
    if (error != std::errc() || end != value.data() + value.size()) return false;
    query.broker = base::BrokerId(id);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string to_text(const EventQuery& query) {
  std::string parts;
  const auto add = [&](std::string_view name, std::string_view value) {
    parts += fmt::format("{}{}={}", parts.empty() ? "" : "&", name, encoded(value));
  };
  if (query.topic) add("topic", *query.topic);
  if (query.broker) add("broker", std::to_string(query.broker->value()));
  if (query.group) add("group", *query.group);
  return parts;
}

std::optional<EventQuery> parse_event_query(std::string_view text) {
  EventQuery query;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    if (!take(query, part.substr(0, equals), decoded(part.substr(equals + 1)))) return std::nullopt;
  }
  return query;
}

}  // namespace odradek::metadata
