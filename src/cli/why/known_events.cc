// SPDX-License-Identifier: Apache-2.0
#include "cli/why/known_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cli/admin/error_text.h"
#include "config/listeners.h"
#include "net/http/http_get.h"
#include "wire/messages/describe_configs.h"

namespace odradek::cli {
namespace {

using metadata::EventLine;
using metadata::EventQuery;

constexpr std::string_view kListenerKey = "metrics.listener";
constexpr std::int8_t kBrokerResource = 4;

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

std::string target_of(const EventQuery& query) {
  std::string parts;
  const auto add = [&](std::string_view name, std::string_view value) {
    parts += fmt::format("{}{}={}", parts.empty() ? "?" : "&", name, encoded(value));
  };
  if (query.topic) add("topic", *query.topic);
  if (query.broker) add("broker", std::to_string(query.broker->value()));
  if (query.group) add("group", *query.group);
  return "/events" + parts;
}

void take_lines(std::string_view text, const EventQuery& query, KnownEvents& known) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto line = metadata::parse_event_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line && query.matches(*line)) known.lines.push_back(*std::move(line));
  }
}

// What one broker decided is in order; so is what is merged.
void sort(KnownEvents& known) { std::ranges::stable_sort(known.lines, {}, &EventLine::time_ms); }

base::Result<std::string> listener_of(Admin& admin, base::BrokerId broker) {
  wire::DescribeConfigsRequest request;
  request.resources.push_back(
      {kBrokerResource, std::to_string(broker.value()), {{std::string(kListenerKey)}}});
  auto answer = admin.ask<wire::DescribeConfigsResponse>(broker, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->results.empty()) return std::string();
  const auto& result = answer->results.front();
  if (result.error_code != base::ErrorCode::kNone) {
    return base::fail(result.error_code, error_text(result.error_code, result.error_message));
  }
  for (const auto& entry : result.configs) {
    if (entry.name == kListenerKey) return entry.value.value_or("");
  }
  return std::string();
}

base::Result<std::string> ask(Admin& admin, base::BrokerId broker, const env::Address& address,
                              const std::string& target) {
  auto listener = listener_of(admin, broker);
  if (!listener) return listener;
  const auto place = config::parse_host_and_port(*listener);
  if (!place) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("{} is not set there", kListenerKey));
  }
  const bool is_any = place->host.empty() || place->host == "0.0.0.0" || place->host == "::";
  return net::http::get(admin.world().network(), admin.world().loop(0),
                        {is_any ? address.host : place->host, place->port}, target,
                        admin.timeout());
}

}  // namespace

base::Result<KnownEvents> ask_brokers(Admin& admin, const EventQuery& query) {
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  KnownEvents known;
  for (const auto& [broker, address] : (*cluster)->brokers) {
    auto text = ask(admin, broker, address, target_of(query));
    if (!text) {
      known.missing.push_back(fmt::format("broker {} did not say what it decided: {}",
                                          broker.value(), text.error().message));
      continue;
    }
    known.asked.push_back(fmt::format("broker {}", broker.value()));
    take_lines(*text, query, known);
  }
  sort(known);
  return known;
}

base::Result<KnownEvents> read_directories(env::Disk& disk,
                                           const std::vector<std::string>& directories,
                                           const EventQuery& query) {
  KnownEvents known;
  for (const std::string& directory : directories) {
    if (auto listed = disk.list(directory); !listed) return base::fail(std::move(listed));
    known.asked.push_back(directory);
    for (const std::string_view file : {metadata::kOlderEventFile, metadata::kEventFile}) {
      auto text = disk.read_file(fmt::format("{}/{}", directory, file), UINT64_MAX);
      if (text) {
        take_lines(*text, query, known);
      } else if (text.error().os_error != ENOENT) {
        return base::fail(std::move(text));
      }
    }
  }
  sort(known);
  return known;
}

}  // namespace odradek::cli
