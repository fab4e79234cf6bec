// SPDX-License-Identifier: Apache-2.0
#include "cli/why/known_events.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "cli/admin/error_text.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_configs.h"

namespace odradek::cli {
namespace {

using metadata::EventLine;
using metadata::EventQuery;

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

base::Result<> ask(Admin& admin, base::BrokerId broker, const EventQuery& query,
                   KnownEvents& known) {
  wire::DescribeConfigsRequest request;
  request.resources.push_back({metadata::kEventResource, to_text(query), std::nullopt});
  auto answer = admin.ask<wire::DescribeConfigsResponse>(broker, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->results) {
    if (result.error_code != base::ErrorCode::kNone) {
      return base::fail(result.error_code, error_text(result.error_code, result.error_message));
    }
    for (const auto& entry : result.configs) take_lines(entry.value.value_or(""), query, known);
  }
  return {};
}

// Those that are fenced are not among the brokers of Metadata; what they decided is wanted, too.
void name_the_fenced(Admin& admin, const Admin::Cluster& asked, KnownEvents& known) {
  wire::DescribeClusterRequest request;
  request.include_fenced_brokers = true;
  const auto answer = admin.ask<wire::DescribeClusterResponse>(std::move(request));
  if (!answer) return;  // an older server knows no fenced ones
  for (const auto& broker : answer->brokers) {
    if (asked.brokers.contains(broker.broker_id)) continue;
    known.missing.push_back(fmt::format("broker {} is fenced and was not asked what it decided",
                                        broker.broker_id.value()));
  }
}

}  // namespace

base::Result<KnownEvents> ask_brokers(Admin& admin, const EventQuery& query) {
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  KnownEvents known;
  for (const auto& [broker, address] : (*cluster)->brokers) {
    if (auto asked = ask(admin, broker, query, known); !asked) {
      known.missing.push_back(fmt::format("broker {} did not say what it decided: {}",
                                          broker.value(), asked.error().message));
      continue;
    }
    known.asked.push_back(fmt::format("broker {}", broker.value()));
  }
  name_the_fenced(admin, **cluster, known);
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
