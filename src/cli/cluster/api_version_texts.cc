// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/api_version_texts.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

#include "cli/admin/error_text.h"
#include "wire/api.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/describe_cluster.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Offered = wire::ApiVersionsResponse::ApiVersion;
using Broker = wire::DescribeClusterResponse::DescribeClusterBroker;

struct ApiState {
  std::string_view name;  // empty: not known here
  const wire::ApiDescription* known = nullptr;
  const Offered* offered = nullptr;  // null: not at all
};
using ApiStates = std::map<std::int16_t, ApiState>;

// What clients may ask, and whatever else the broker offers.
ApiStates states_of(const wire::ApiVersionsResponse& answer) {
  ApiStates states;
  for (const auto& api : wire::all_apis()) {
    if (api.on_broker) states[static_cast<std::int16_t>(api.key)] = {api.name, &api};
  }
  for (const Offered& offered : answer.api_keys) {
    ApiState& state = states[offered.api_key];
    state.known = wire::find_api(offered.api_key);
    if (state.known != nullptr) state.name = state.known->name;
    state.offered = &offered;
  }
  return states;
}

// The newest that both sides speak; nothing where there is none.
std::optional<int> usable(const ApiState& state) {
  if (state.known == nullptr || state.offered == nullptr ||
      state.known->latest_stable_version < state.offered->min_version ||
      state.offered->max_version < state.known->min_version) {
    return std::nullopt;
  }
  return std::min<int>(state.known->latest_stable_version, state.offered->max_version);
}

std::string range_text(const Offered& offered) {
  return offered.min_version == offered.max_version
             ? std::to_string(offered.min_version)
             : fmt::format("{} to {}", offered.min_version, offered.max_version);
}

std::string as_kafka(std::int16_t key, const ApiState& state) {
  if (state.offered == nullptr) return fmt::format("{}({}): UNSUPPORTED", state.name, key);
  const std::string range = range_text(*state.offered);
  if (state.known == nullptr) return fmt::format("UNKNOWN({}): {}", key, range);
  const auto newest = usable(state);
  const std::string use =
      newest ? fmt::format("usable: {}", *newest)
             : fmt::format("unusable: node too {}",
                           state.offered->max_version < state.known->min_version ? "old" : "new");
  return fmt::format("{}({}): {} [{}]", state.name, key, range, use);
}

void print_as_kafka(const Broker& broker, const ApiStates& states) {
  std::vector<std::string> lines;
  for (const auto& [key, state] : states) lines.push_back(as_kafka(key, state));
  fmt::print("{}:{} (id: {} rack: {} isFenced: {}) -> (\n\t{}\n)\n", broker.host, broker.port,
             broker.broker_id.value(), broker.rack.value_or("null"), broker.is_fenced,
             fmt::join(lines, ",\n\t"));
}

Document document_of(const Broker& broker, const ApiStates& states) {
  Table table{.columns = {{"api"}, {"key"}, {"from"}, {"to"}, {"usable"}}, .rows = {}};
  for (const auto& [key, state] : states) {
    std::vector<Cell>& row = table.rows.emplace_back();
    row.emplace_back(std::string(state.name));
    row.emplace_back(key);
    std::optional<int> from;
    std::optional<int> to;
    if (state.offered != nullptr) {
      from = state.offered->min_version;
      to = state.offered->max_version;
    }
    row.emplace_back(from);
    row.emplace_back(to);
    row.emplace_back(usable(state));
  }
  return {.facts = {{"broker", broker.broker_id.value()},
                    {"host", broker.host},
                    {"port", broker.port},
                    {"rack", broker.rack}},
          .tables = {{"apis", std::move(table)}}};
}

}  // namespace

base::Result<> print_api_versions(const Invocation& invocation, Admin& admin) {
  auto cluster = admin.ask<wire::DescribeClusterResponse>(wire::DescribeClusterRequest());
  if (!cluster) return base::fail(std::move(cluster));
  if (cluster->error_code != ErrorCode::kNone) {
    return base::fail(cluster->error_code, error_text(cluster->error_code, cluster->error_message));
  }
  std::vector<Document> documents;
  for (const Broker& broker : cluster->brokers) {
    wire::ApiVersionsRequest request;
    request.client_software_name = "odradek";
    request.client_software_version = "1";
    auto answer = admin.ask<wire::ApiVersionsResponse>(broker.broker_id, request);
    if (!answer || answer->error_code != ErrorCode::kNone) {
      const std::string why = answer ? error_text(answer->error_code, {}) : answer.error().message;
      if (invocation.is_native) return base::fail(ErrorCode::kUnknownServerError, why);
      fmt::print("{}:{} (id: {} rack: {} isFenced: {}) -> ERROR: {}\n", broker.host, broker.port,
                 broker.broker_id.value(), broker.rack.value_or("null"), broker.is_fenced, why);
      continue;
    }
    const ApiStates states = states_of(*answer);
    if (invocation.is_native) {
      documents.push_back(document_of(broker, states));
    } else {
      print_as_kafka(broker, states);
    }
  }
  if (invocation.is_native) Output(invocation.output).print(documents);
  return {};
}

}  // namespace odradek::cli
