// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/cluster_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/cluster/api_version_texts.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/subcommands.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/unregister_broker.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using enum Arity;

constexpr std::int8_t kBrokers = 1;
constexpr std::int8_t kControllers = 2;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    FlagSpec{"bootstrap-controller", kRequired, "host:port,...", "The controllers to connect to.",
             'C'},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection.", 'c'},
    FlagSpec{"config", kRequired, "file", ""},
    FlagSpec{"id", kRequired, "id", "The broker to unregister.", 'i'},
    FlagSpec{"include-fenced-brokers", kNone, "", "List brokers that do not run, too."},
};
constexpr std::array<std::string_view, 4> kVerbs = {"cluster-id", "unregister", "list-endpoints",
                                                    "api-versions"};
constexpr std::array<std::string_view, 4> kCommon = {"bootstrap-server", "bootstrap-controller",
                                                     "command-config", "config"};

constexpr std::string_view kExamples =
    "  odradek cluster cluster-id\n"
    "  odradek cluster list-endpoints --include-fenced-brokers\n"
    "  odradek cluster unregister --id 7\n"
    "  kafka-cluster cluster-id --bootstrap-server 127.0.0.1:9092\n";

const std::vector<Subcommand>& subcommands() {
  static const std::vector<Subcommand> kSubcommands = {
      {"cluster-id", {}, {}},
      {"unregister", {"id"}, {}},
      {"list-endpoints", {}, {"include-fenced-brokers"}},
      {"api-versions", {}, {}},
  };
  return kSubcommands;
}

base::Result<wire::DescribeClusterResponse> describe_cluster(Admin& admin, std::int8_t endpoints,
                                                             bool includes_fenced) {
  wire::DescribeClusterRequest request;
  request.endpoint_type = endpoints;
  request.include_fenced_brokers = includes_fenced;
  auto answer = admin.ask<wire::DescribeClusterResponse>(std::move(request));
  if (!answer || answer->error_code == ErrorCode::kNone) return answer;
  return base::fail(answer->error_code, error_text(answer->error_code, answer->error_message));
}

base::Result<> print_cluster_id(const Invocation& invocation, Admin& admin) {
  auto cluster = describe_cluster(admin, kBrokers, false);
  if (!cluster) return base::fail(std::move(cluster));
  if (invocation.is_native) {
    Output(invocation.output)
        .print(
            Message{.text = cluster->cluster_id, .fields = {{"cluster_id", cluster->cluster_id}}});
  } else {
    fmt::print("Cluster ID: {}\n", cluster->cluster_id);
  }
  return {};
}

void print_endpoints_as_kafka(const wire::DescribeClusterResponse& cluster, bool is_controllers) {
  std::size_t host_width = cluster.brokers.empty() ? 100 : 0;
  std::size_t rack_width = 0;
  for (const auto& broker : cluster.brokers) {
    host_width = std::max(host_width, broker.host.size());
    if (broker.rack) rack_width = std::max(rack_width, broker.rack->size());
  }
  if (rack_width == 0) rack_width = 10;
  const auto line = [&](std::string_view id, std::string_view host, std::string_view port,
                        std::string_view rack, std::string_view state, std::string_view type) {
    fmt::print("{:<10} {:<{}} {:<10} {:<{}} ", id, host, host_width, port, rack, rack_width);
    if (!is_controllers) fmt::print("{:<10} ", state);
    fmt::print("{:<15}\n", type);
  };
  line("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE");
  for (const auto& broker : cluster.brokers) {
    line(std::to_string(broker.broker_id.value()), broker.host, std::to_string(broker.port),
         broker.rack.value_or("null"), broker.is_fenced ? "fenced" : "unfenced",
         is_controllers ? "controller" : "broker");
  }
}

base::Result<> print_endpoints(const Invocation& invocation, Admin& admin) {
  const bool is_controllers = invocation.flags.has("bootstrap-controller");
  const bool includes_fenced = invocation.flags.has("include-fenced-brokers");
  if (is_controllers && includes_fenced) {
    return misuse(
        "The option --include-fenced-brokers is only supported with --bootstrap-server option");
  }
  auto cluster = describe_cluster(admin, is_controllers ? kControllers : kBrokers, includes_fenced);
  if (!cluster) return base::fail(std::move(cluster));
  if (!invocation.is_native) {
    print_endpoints_as_kafka(*cluster, is_controllers);
    return {};
  }
  Table table{.columns = {{"id"}, {"host"}, {"port"}, {"rack"}, {"state"}, {"endpoint_type"}},
              .rows = {}};
  for (const auto& broker : cluster->brokers) {
    table.rows.push_back({broker.broker_id.value(),
                          broker.host,
                          broker.port,
                          broker.rack,
                          {broker.is_fenced ? "fenced" : "unfenced",
                           broker.is_fenced ? Tone::kWarning : Tone::kGood},
                          is_controllers ? "controller" : "broker"});
  }
  Output(invocation.output).print(table);
  return {};
}

base::Result<> unregister(const Invocation& invocation, Admin& admin) {
  auto id = integer_of(invocation, "id");
  if (!id) return base::fail(std::move(id));
  wire::UnregisterBrokerRequest request;
  request.broker_id = base::BrokerId(*id);
  auto answer = admin.ask<wire::UnregisterBrokerResponse>(std::move(request));
  if (!answer && answer.error().code == ErrorCode::kUnsupportedVersion && !invocation.is_native) {
    fmt::print("The target cluster does not support the broker unregistration API.\n");
    return {};
  }
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    const std::string text = error_text(answer->error_code, answer->error_message);
    // Kafka's tool prints the exception whole.
    return base::fail(answer->error_code,
                      invocation.is_native
                          ? text
                          : fmt::format("{}: {}", java_exception(answer->error_code), text));
  }
  const std::string text = fmt::format("Broker {} is no longer registered.", *id);
  if (invocation.is_native) {
    Output(invocation.output).print(Message{.text = text, .fields = {{"broker", *id}}});
  } else {
    fmt::print("{}\n", text);
  }
  return {};
}

base::Result<> act(const Invocation& invocation, std::string_view subcommand) {
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "listNodes");
  if (!admin) return base::fail(std::move(admin));
  if (subcommand == "cluster-id") return print_cluster_id(invocation, **admin);
  if (subcommand == "list-endpoints") return print_endpoints(invocation, **admin);
  if (subcommand == "unregister") return unregister(invocation, **admin);
  return print_api_versions(invocation, **admin);
}

base::Result<std::string_view> check(const Invocation& invocation) {
  auto subcommand = chosen_subcommand(invocation, subcommands(), kCommon);
  if (!subcommand) return subcommand;
  const Flags& flags = invocation.flags;
  if (flags.has("bootstrap-server") && flags.has("bootstrap-controller")) {
    return misuse(fmt::format("argument {}: not allowed with argument {}",
                              flag_title(invocation, "bootstrap-controller"),
                              flag_title(invocation, "bootstrap-server")));
  }
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse(fmt::format("one of the arguments {} {} is required",
                              flag_title(invocation, "bootstrap-server"),
                              flag_title(invocation, "bootstrap-controller")));
  }
  if (flags.has("id")) {
    if (auto id = integer_of(invocation, "id"); !id) return base::fail(std::move(id));
  }
  return subcommand;
}

int run_cluster(const Invocation& invocation) {
  const auto subcommand = check(invocation);
  if (!subcommand) return argparse_error(invocation, subcommand.error().message);
  if (const auto file = invocation.flags.value("config")) {
    if (invocation.flags.has("command-config")) {
      return terse_failure(invocation,
                           "--config and --command-config cannot be specified together.");
    }
    fmt::print(
        "Option --config has been deprecated and will be removed in a future version. Use "
        "--command-config instead.\n");
    Invocation renamed = invocation;
    renamed.flags.set("command-config", *file);
    const auto done = act(renamed, *subcommand);
    return done ? 0 : terse_failure(invocation, done.error().message);
  }
  const auto done = act(invocation, *subcommand);
  return done ? 0 : terse_failure(invocation, done.error().message);
}

}  // namespace

Command cluster_command() {
  return {.name = "cluster",
          .script_name = "kafka-cluster",
          .summary = "Show the cluster's id, its nodes and what they speak; unregister a broker.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_cluster,
          .section = Section::kCluster,
          .prints_data = true,
          .refuse = argparse_error,
          .has_subcommands = true};
}

}  // namespace odradek::cli
