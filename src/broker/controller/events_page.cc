// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/events_page.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "broker/controller/event_log.h"

namespace odradek::broker {
namespace {

using metadata::EventQuery;

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

std::optional<EventQuery> parse(std::string_view text) {
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

}  // namespace

net::http::Response events_page(const EventLog& events, std::string_view query) {
  const auto parsed = parse(query);
  if (!parsed) return {.status = 400, .body = "try /events?topic=NAME, ?broker=ID, ?group=ID\n"};
  return {.body = events.find(*parsed)};
}

}  // namespace odradek::broker
