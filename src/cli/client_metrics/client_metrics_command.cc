// SPDX-License-Identifier: Apache-2.0
#include "cli/client_metrics/client_metrics_command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_config_resources.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using enum Arity;
using Entry = wire::DescribeConfigsResponse::DescribeConfigsResourceResult;

// As the protocol numbers them.
constexpr std::int8_t kClientMetrics = 16;
constexpr std::int8_t kSet = 0;
constexpr std::int8_t kDelete = 1;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "List the subscriptions."},
    FlagSpec{"describe", kNone, "", "Show what is subscribed to."},
    FlagSpec{"alter", kNone, "", "Set up or change a subscription."},
    FlagSpec{"delete", kNone, "", "Delete a subscription."},
    FlagSpec{"name", kRequired, "name", "The subscription."},
    FlagSpec{"generate-name", kNone, "", "Give the subscription a name nobody has."},
    FlagSpec{"interval", kRequired, "milliseconds", "How often clients push; empty: the default."},
    FlagSpec{"match", kRequired, "key=value,...",
             "Which clients: client_id, client_instance_id, client_software_name, "
             "client_software_version, client_source_address, client_source_port.",
             '\0', true},
    FlagSpec{"metrics", kRequired, "prefix,...", "What the names of the metrics begin with.", '\0',
             true},
};
constexpr std::array<std::string_view, 4> kVerbs = {"list", "describe", "alter", "delete"};
constexpr std::array<std::string_view, 4> kSettings = {"generate-name", "interval", "match",
                                                       "metrics"};

constexpr std::string_view kExamples =
    "  odradek client-metrics alter often --interval 10000 --metrics org.apache.kafka.producer.\n"
    "  odradek client-metrics describe often\n"
    "  kafka-client-metrics --bootstrap-server 127.0.0.1:9092 --list\n";

// Kafka throws what is wrong, or says it and shows the usage: the sentence is the same.
base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse(
        "Command must include exactly one action: --alter, --delete, --describe or --list.");
  }
  if (!invocation.is_native && !flags.has("bootstrap-server")) {
    return misuse("--bootstrap-server must be specified.");
  }
  for (const std::string_view verb : {"delete", "describe"}) {
    if (auto ok = exclude(flags, verb, kSettings); !ok) return ok;
  }
  constexpr std::array<std::string_view, 5> kNotListed = {"name", "generate-name", "interval",
                                                          "match", "metrics"};
  if (auto ok = exclude(flags, "list", kNotListed); !ok) return ok;
  if (flags.has("alter") && flags.has("name") == flags.has("generate-name")) {
    return misuse("One of --name or --generate-name must be specified with --alter.");
  }
  if (flags.has("alter") && !flags.value_or("interval", "").empty()) {
    if (auto number = flags.number("interval", INT32_MIN, INT32_MAX); !number) {
      return misuse("Invalid interval value. Enter an integer, or leave empty to reset.");
    }
  }
  if (flags.has("delete") && !flags.has("name")) {
    return misuse("A client metrics resource name must be specified with --delete.");
  }
  return {};
}

base::Result<std::vector<std::string>> subscriptions(Admin& admin) {
  wire::ListConfigResourcesRequest request;
  request.resource_types = {kClientMetrics};
  auto answer = admin.ask<wire::ListConfigResourcesResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, {}));
  }
  std::vector<std::string> names;
  for (auto& resource : answer->config_resources) {
    names.push_back(std::move(resource.resource_name));
  }
  std::ranges::sort(names);
  return names;
}

base::Result<std::vector<Entry>> configs_of(Admin& admin, const std::string& name) {
  wire::DescribeConfigsRequest request;
  request.resources.push_back({kClientMetrics, name, std::nullopt});
  auto answer = admin.ask<wire::DescribeConfigsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->results.empty()) return std::vector<Entry>();
  auto& result = answer->results[0];
  if (result.error_code == ErrorCode::kNone) return std::move(result.configs);
  return base::fail(result.error_code, error_text(result.error_code, result.error_message));
}

struct Change {
  std::string key;
  std::string value;
  bool is_deletion = false;
};

base::Result<> apply(Admin& admin, const std::string& name, const std::vector<Change>& changes) {
  wire::IncrementalAlterConfigsRequest request;
  auto& resource = request.resources.emplace_back();
  resource.resource_type = kClientMetrics;
  resource.resource_name = name;
  for (const Change& change : changes) {
    resource.configs.push_back({change.key, change.is_deletion ? kDelete : kSet, change.value});
  }
  auto answer = admin.ask<wire::IncrementalAlterConfigsResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->responses) {
    if (result.error_code == ErrorCode::kNone) continue;
    return base::fail(result.error_code, error_text(result.error_code, result.error_message));
  }
  return {};
}

void say(const Invocation& invocation, const std::string& text, const std::string& name) {
  if (invocation.is_native) {
    Output(invocation.output).print(Message{.text = text, .fields = {{"name", name}}});
  } else {
    fmt::print("{}\n", text);
  }
}

base::Result<> alter(const Invocation& invocation, Admin& admin) {
  const Flags& flags = invocation.flags;
  env::Random& random = admin.world().random();
  const std::uint64_t high = random.next();
  const std::string name =
      flags.value_or("name", base::Uuid::from_random(high, random.next()).to_string());
  std::vector<Change> changes;
  const auto add = [&](std::string_view flag, std::string_view key) {
    if (!flags.has(flag)) return;
    const auto value = fmt::format("{}", fmt::join(flags.values(flag), ","));
    changes.push_back({std::string(key), value, value.empty()});
  };
  add("interval", "interval.ms");
  add("metrics", "metrics");
  add("match", "match");
  if (auto done = apply(admin, name, changes); !done) return done;
  say(invocation, fmt::format("Altered client metrics config for {}.", name), name);
  return {};
}

base::Result<> erase(const Invocation& invocation, Admin& admin) {
  const std::string name = invocation.flags.value_or("name", "");
  auto configs = configs_of(admin, name);
  if (!configs) return base::fail(std::move(configs));
  std::vector<Change> changes;
  for (const Entry& entry : *configs) {
    changes.push_back({entry.name, entry.value.value_or(""), true});
  }
  if (auto done = apply(admin, name, changes); !done) return done;
  say(invocation, fmt::format("Deleted client metrics config for {}.", name), name);
  return {};
}

base::Result<> describe(const Invocation& invocation, Admin& admin) {
  auto names = subscriptions(admin);
  if (!names) return base::fail(std::move(names));
  if (const auto name = invocation.flags.value("name")) {
    if (std::ranges::count(*names, *name) == 0) {
      const auto text = fmt::format(
          "The client metric resource {} doesn't exist and doesn't have dynamic config.", *name);
      if (invocation.is_native) return base::fail(ErrorCode::kResourceNotFound, text);
      fmt::print("{}\n", text);
      return {};
    }
    names = {*name};
  }
  std::vector<Document> documents;
  for (const std::string& name : *names) {
    auto configs = configs_of(admin, name);
    if (!configs) return base::fail(std::move(configs));
    if (!invocation.is_native) fmt::print("Client metrics configs for {} are:\n", name);
    Object settings;
    for (const Entry& entry : *configs) {
      const std::string value = entry.value.value_or("null");
      if (!invocation.is_native) fmt::print("  {}={}\n", entry.name, value);
      settings.emplace_back(entry.name, value);
    }
    documents.push_back(
        {.facts = {{"name", name}, {"configs", std::move(settings)}}, .tables = {}});
  }
  if (invocation.is_native) Output(invocation.output).print(documents);
  return {};
}

base::Result<> list(const Invocation& invocation, Admin& admin) {
  auto names = subscriptions(admin);
  if (!names) return base::fail(std::move(names));
  if (!invocation.is_native) {
    fmt::print("{}\n", fmt::join(*names, "\n"));
    return {};
  }
  Table table{.columns = {{"name"}}, .rows = {}, .when_empty = "There are no subscriptions."};
  for (const std::string& name : *names) table.rows.push_back({name});
  Output(invocation.output).print(table);
  return {};
}

base::Result<> act(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(30);
  auto admin = Admin::connect(invocation, kTimeout, "listConfigResources");
  if (!admin) return base::fail(std::move(admin));
  if (invocation.flags.has("alter")) return alter(invocation, **admin);
  if (invocation.flags.has("delete")) return erase(invocation, **admin);
  if (invocation.flags.has("describe")) return describe(invocation, **admin);
  return list(invocation, **admin);
}

int run_client_metrics(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  const auto done = act(invocation);
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print("Error while executing client metrics command : {}\n", done.error().message);
  return 1;
}

}  // namespace

Command client_metrics_command() {
  return {
      .name = "client-metrics",
      .script_name = "kafka-client-metrics",
      .summary = "Show and change which metrics clients push to the cluster.",
      .verbs = kVerbs,
      .subject = "name",
      .flags = kFlags,
      .examples = kExamples,
      .run = run_client_metrics,
      .section = Section::kConfiguration,
      .prints_data = true,
      .explanation = "This tool helps to manipulate and describe client metrics configurations."};
}

}  // namespace odradek::cli
