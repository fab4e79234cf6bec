// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "cli/admin/admin.h"
#include "cli/flag_checks.h"
#include "cli/reassign/reassign_actions.h"

namespace odradek::cli::reassign {
namespace {

base::Result<Replicas> parse_brokers(std::string_view list, const Admin::Cluster& cluster) {
  Replicas brokers;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(part.size() + 1, list.size()));
    std::int32_t id = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), id);
    if (error != std::errc() || end != part.data() + part.size()) {
      return misuse(fmt::format("For input string: \"{}\"", part));
    }
    if (!cluster.brokers.contains(base::BrokerId(id))) {
      return misuse(fmt::format("Unknown broker id {}", id));
    }
    if (std::ranges::count(brokers, base::BrokerId(id)) > 0) {
      return misuse(fmt::format("Broker list contains duplicate entries: [{}]", id));
    }
    brokers.push_back(base::BrokerId(id));
  }
  return brokers;
}

}  // namespace

base::Result<> generate(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  const auto text = read(*flags.value("topics-to-move-json-file"));
  if (!text) return base::fail(text.error());
  const auto topics = parse_topics(*text);
  if (!topics) return base::fail(topics.error());
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  const auto brokers = parse_brokers(*flags.value("broker-list"), **cluster);
  if (!brokers) return base::fail(brokers.error());
  const auto current =
      current_assignment(admin, std::set<std::string>(topics->begin(), topics->end()));
  if (!current) return base::fail(current.error());
  Assignment proposed;
  std::size_t next = 0;
  for (const auto& [partition, replicas] : *current) {
    if (replicas.size() > brokers->size()) {
      return misuse(
          fmt::format("The target replication factor of {} cannot be reached because "
                      "only {} broker(s) are registered.",
                      replicas.size(), brokers->size()));
    }
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      proposed[partition].push_back((*brokers)[(next + i) % brokers->size()]);
    }
    ++next;
  }
  if (is_json(invocation)) {
    Output(invocation.output)
        .print(
            Document{.facts = {{"current", as_value(*current)}, {"proposed", as_value(proposed)}}});
    return {};
  }
  const auto log_dirs = replica_log_dirs(admin, *current);
  fmt::print("Current partition replica assignment\n{}\n\n", assignment_json(*current, log_dirs));
  fmt::print("Proposed partition reassignment configuration\n{}\n", assignment_json(proposed, {}));
  return {};
}

}  // namespace odradek::cli::reassign
