// SPDX-License-Identifier: Apache-2.0
#include "cli/configs/configs_command.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/configs/config_actions.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "security/scram.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...", "The servers to connect to.", 'b'},
    FlagSpec{"bootstrap-controller", kRequired, "host:port,...", "The controllers to connect to."},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection."},
    FlagSpec{"describe", kNone, "", "Show what is set."},
    FlagSpec{"alter", kNone, "", "Change what is set, without a restart."},
    FlagSpec{"all", kNone, "", "Show defaults and what the server's file sets, too."},
    FlagSpec{
        "entity-type", kRequired, "type",
        "topics, brokers, broker-loggers, users, clients, ips, client-metrics or groups; users "
        "and clients may go together.",
        '\0', true},
    FlagSpec{"entity-name", kRequired, "name", "The one whose configuration it is.", '\0', true},
    FlagSpec{"entity-default", kNone, "", "The default of a type of which nothing else is set."},
    FlagSpec{"topic", kRequired, "topic", "The same as --entity-type topics --entity-name."},
    FlagSpec{"client", kRequired, "id", "A client, by its client.id."},
    FlagSpec{"client-defaults", kNone, "", "Every client that has no quotas of its own."},
    FlagSpec{"user", kRequired, "name", "A user: quotas and SCRAM credentials."},
    FlagSpec{"user-defaults", kNone, "", "Every user that has no quotas of its own."},
    FlagSpec{"broker", kRequired, "id", "A broker."},
    FlagSpec{"broker-defaults", kNone, "", "Every broker that has no setting of its own."},
    FlagSpec{"broker-logger", kRequired, "id", "The loggers of a broker and their levels."},
    FlagSpec{"ip", kRequired, "address", "The connections from an address."},
    FlagSpec{"ip-defaults", kNone, "", "Every address that has no quotas of its own."},
    FlagSpec{"group", kRequired, "group", "A group of consumers."},
    FlagSpec{"client-metrics", kRequired, "name", "A subscription to the metrics of clients."},
    FlagSpec{"add-config", kRequired, "key=value,...",
             "Set these; brackets keep the commas of a value together: "
             "k=[a,b],SCRAM-SHA-256=[iterations=8192,password=secret]."},
    FlagSpec{"add-config-file", kRequired, "file", "Set what this properties file holds."},
    FlagSpec{"delete-config", kRequired, "key,...", "Back to the default.", '\0', true},
};

constexpr std::array<std::string_view, 2> kVerbs = {"describe", "alter"};
constexpr std::array<std::string_view, 4> kQuotaKeys = {
    "producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"};

constexpr std::string_view kExamples =
    "  odradek configs describe --topic orders\n"
    "  odradek configs alter --topic orders --add-config retention.ms=86400000\n"
    "  odradek configs describe --broker 1 --all\n"
    "  odradek configs alter --broker-defaults --add-config log.retention.hours=48\n"
    "  odradek configs alter --user alice --add-config 'SCRAM-SHA-256=[password=secret]'\n"
    "  kafka-configs --bootstrap-server 127.0.0.1:9092 --entity-type topics --describe\n";

base::Result<> check(const Invocation& invocation, const Entities& entities) {
  constexpr std::array<std::string_view, 3> kChanges = {"alter", "add-config", "delete-config"};
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse("Command must include exactly one action: --describe, --alter");
  }
  if (auto ok = exclude(flags, "describe", kChanges); !ok) return ok;
  if (!invocation.is_native && !flags.has("bootstrap-server") &&
      !flags.has("bootstrap-controller")) {
    return misuse("Either --bootstrap-server or --bootstrap-controller must be specified.");
  }
  return check_entities(flags, entities);
}

bool is_quota(std::string_view key) { return std::ranges::count(kQuotaKeys, key) > 0; }
bool is_scram(std::string_view key) { return security::scram_mechanism(key).has_value(); }

struct UserChanges {
  std::vector<std::string> quotas, scram, unknown;
};

UserChanges sorted_out(const std::vector<std::string>& keys) {
  UserChanges changes;
  for (const std::string& key : keys) {
    (is_scram(key)   ? changes.scram
     : is_quota(key) ? changes.quotas
                     : changes.unknown)
        .push_back(key);
  }
  return changes;
}

std::unexpected<base::Error> unexpected_names(std::string_view what, std::string_view change,
                                              std::string_view type, std::string_view collection,
                                              const std::vector<std::string>& names) {
  return misuse(fmt::format(
      "Only {} configs can be {} for '{}' using --bootstrap-server. Unexpected config names: "
      "{}({})",
      what, change, type, collection, fmt::join(names, ", ")));
}

// Kafka words lists of added and of deleted names differently: as a set, and as an array.
base::Result<> check_user_names(const Entities& entities, const UserChanges& changes,
                                std::string_view change, std::string_view collection) {
  if (entities.has_type(kClients)) {
    auto others = changes.unknown;
    others.insert(others.end(), changes.scram.begin(), changes.scram.end());
    if (others.empty()) return {};
    return unexpected_names("quota", change, kClients, collection, others);
  }
  if (changes.unknown.empty()) return {};
  return unexpected_names("quota and SCRAM credential", change, kUsers, collection,
                          changes.unknown);
}

base::Result<> alter_user(ConfigSession& session, const Entities& entities,
                          const ConfigChanges& changes) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : changes.added) keys.push_back(key);
  const UserChanges added = sorted_out(keys);
  const UserChanges deleted = sorted_out(changes.deleted);
  if (auto ok = check_user_names(entities, added, "added", "Set"); !ok) return ok;
  if (auto ok = check_user_names(entities, deleted, "deleted", "ArrayBuffer"); !ok) return ok;
  const bool has_quotas = !added.quotas.empty() || !deleted.quotas.empty();
  if (!added.scram.empty() || !deleted.scram.empty()) {
    if (entities.has_default()) {
      return misuse(
          "The use of --entity-default or --user-defaults is not allowed with User SCRAM "
          "Credentials using --bootstrap-server.");
    }
    if (has_quotas) {
      return misuse(
          "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using "
          "--bootstrap-server.");
    }
    return alter_scram(session, entities.names[0], changes);
  }
  return alter_quotas(session, entities, changes);
}

base::Result<> alter_ip(ConfigSession& session, const Entities& entities,
                        const ConfigChanges& changes) {
  std::vector<std::string> unknown;
  const auto check = [&](const std::string& key) {
    if (key != "connection_creation_rate") unknown.push_back(key);
  };
  for (const auto& [key, value] : changes.added) check(key);
  std::ranges::for_each(changes.deleted, check);
  if (!unknown.empty()) {
    return misuse(
        fmt::format("Only connection quota configs can be added for 'ips' using "
                    "--bootstrap-server. Unexpected config names: {}",
                    fmt::join(unknown, ",")));
  }
  return alter_quotas(session, entities, changes);
}

base::Result<> alter(ConfigSession& session, const Flags& flags, const Entities& entities) {
  if (entities.types.size() != entities.names.size()) {
    return misuse("An entity name must be specified for every entity type");
  }
  auto changes = config_changes_of(flags, session.admin.world().disk());
  if (!changes) return base::fail(std::move(changes));
  const std::string& type = entities.types[0];
  const auto done = type == kUsers || type == kClients ? alter_user(session, entities, *changes)
                    : type == kIps                     ? alter_ip(session, entities, *changes)
                                   : alter_resource(session, entities, *changes);
  if (!done) return done;
  const std::string& name = entities.names[0];
  const auto text =
      name.empty() ? fmt::format("Completed updating default config for {} in the cluster.", type)
                   : fmt::format("Completed updating config for {} {}.", singular(type), name);
  if (session.invocation.is_native) {
    Output(session.invocation.output)
        .print(Message{.text = text, .fields = {{"type", singular(type)}, {"name", name}}});
  } else {
    fmt::print("{}\n", text);
  }
  return {};
}

base::Result<> describe(ConfigSession& session, const Flags& flags, const Entities& entities) {
  const std::string& type = entities.types[0];
  if (type == kIps) return describe_quotas(session, entities);
  if (type != kUsers && type != kClients) {
    return describe_resources(session, entities, flags.has("all"));
  }
  if (auto done = describe_quotas(session, entities); !done) return done;
  if (entities.has_type(kClients) || entities.has_default()) return {};
  return describe_scram(session, entities.names);
}

// What Kafka's tool finds by itself is a sentence; around what the server says it puts more.
int print_failure(const Invocation& invocation, const base::Error& error, bool is_refused) {
  if (invocation.is_native) {
    return failure(invocation, error.message);
  } else if (!is_refused && error.code == base::ErrorCode::kInvalidRequest) {
    return usage_error(invocation, error.message);
  } else {
    fmt::print(stderr, "Error while executing config command with args '{}'\n",
               fmt::join(invocation.words, " "));
    fmt::print(stderr, "java.util.concurrent.ExecutionException: {}: {}\n",
               java_exception(error.code), error.message);
  }
  return 1;
}

// Who names nothing gets a list, of however many.
void show(const ConfigSession& session, const Entities& entities) {
  const auto& documents = session.documents;
  const bool is_one =
      documents.size() == 1 && (!entities.names.empty() || documents[0].facts.empty());
  if (is_one) {
    Output(session.invocation.output).print(documents[0]);
  } else {
    Output(session.invocation.output).print(documents);
  }
}

int run_configs(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  const Entities entities = entities_of(invocation.flags);
  if (auto ok = check(invocation, entities); !ok) {
    return usage_error(invocation, ok.error().message);
  }
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return print_failure(invocation, admin.error(), true);
  ConfigSession session{invocation, **admin};
  const auto done = invocation.flags.has("alter") ? alter(session, invocation.flags, entities)
                                                  : describe(session, invocation.flags, entities);
  if (!done) return print_failure(invocation, done.error(), session.is_refused);
  if (invocation.is_native && invocation.flags.has("describe")) show(session, entities);
  return 0;
}

}  // namespace

Command configs_command() {
  return {.name = "configs",
          .script_name = "kafka-configs",
          .summary =
              "Show and change the configuration of topics, brokers, users, clients and "
              "groups.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_configs,
          .section = Section::kConfiguration,
          .prints_data = true};
}

}  // namespace odradek::cli
