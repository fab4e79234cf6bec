// SPDX-License-Identifier: Apache-2.0
#include "cli/quotas/quotas_command.h"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <optional>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/quotas/quota_table.h"
#include "wire/messages/alter_client_quotas.h"
#include "wire/messages/describe_client_quotas.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using enum Arity;

enum MatchType : std::int8_t { kExact = 0, kDefault = 1, kAnySpecified = 2 };

struct Limit {
  std::string_view flag;
  std::string_view key;
};
constexpr std::array kLimits = {
    Limit{"producer-byte-rate", "producer_byte_rate"},
    Limit{"consumer-byte-rate", "consumer_byte_rate"},
    Limit{"request-percentage", "request_percentage"},
    Limit{"controller-mutation-rate", "controller_mutation_rate"},
    Limit{"connection-creation-rate", "connection_creation_rate"},
};

struct EntityFlag {
  std::string_view flag;
  std::string_view type;
};
constexpr std::array kEntities = {EntityFlag{"user", "user"}, EntityFlag{"client", "client-id"},
                                  EntityFlag{"ip", "ip"}};
// What --user and the like call the default of their kind.
constexpr std::string_view kDefaultName = "(default)";

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"list", kNone, "", "Show every quota, or those of what is named."},
    FlagSpec{"set", kNone, "", "Set quotas of what is named."},
    FlagSpec{"delete", kNone, "", "Delete the quotas named, or all of what is named."},
    FlagSpec{"user", kRequired, "name", "A user; '(default)' is each that has no own quotas."},
    FlagSpec{"client", kRequired, "id", "A client, by its client.id; or '(default)'."},
    FlagSpec{"ip", kRequired, "address", "Connections from an address; or '(default)'."},
    FlagSpec{"producer-byte-rate", kOptional, "bytes", "What may be produced in a second."},
    FlagSpec{"consumer-byte-rate", kOptional, "bytes", "What may be consumed in a second."},
    FlagSpec{"request-percentage", kOptional, "percent", "Of the time of one thread."},
    FlagSpec{"controller-mutation-rate", kOptional, "number",
             "Partitions created and deleted in a second."},
    FlagSpec{"connection-creation-rate", kOptional, "number", "New connections in a second."},
};
constexpr std::array<std::string_view, 3> kVerbs = {"list", "set", "delete"};

constexpr std::string_view kExamples =
    "  odradek quotas list\n"
    "  odradek quotas set --user alice --producer-byte-rate 1048576\n"
    "  odradek quotas set --client '(default)' --request-percentage 50\n"
    "  odradek quotas delete --user alice --producer-byte-rate\n";

using Quotas = std::vector<wire::DescribeClientQuotasResponse::EntryData>;

bool names_entity(const Flags& flags) {
  return flags.has("user") || flags.has("client") || flags.has("ip");
}

base::Result<> check(const Flags& flags) {
  if (count_given(flags, kVerbs) != 1) return misuse("Give one of list, set and delete");
  if (flags.has("ip") && (flags.has("user") || flags.has("client"))) {
    return misuse("--ip stands alone: an address has no user or client");
  }
  if (flags.has("list")) return {};
  if (!names_entity(flags)) return misuse("Name whose quotas: --user, --client or --ip");
  for (const auto& [flag, key] : kLimits) {
    if (flags.has(flag) && flags.has("set") && !flags.value(flag)) {
      return misuse(fmt::format("--{} needs a number to set", flag));
    }
  }
  return {};
}

// Every kind of quota where nothing is named; else of exactly what is named.
base::Result<Quotas> read_quotas(Admin& admin, const Flags& flags) {
  wire::DescribeClientQuotasRequest request;
  request.strict = names_entity(flags);
  for (const auto& [flag, type] : kEntities) {
    const auto name = flags.value(flag);
    if (!name) continue;
    auto& component = request.components.emplace_back();
    component.entity_type = type;
    component.match_type = *name == kDefaultName ? kDefault : kExact;
    component.match.reset();
    if (*name != kDefaultName) component.match = *name;
  }
  auto answer = admin.ask<wire::DescribeClientQuotasResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, answer->error_message));
  }
  return std::move(answer->entries).value_or(Quotas());
}

base::Result<double> parse_limit(std::string_view flag, const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return misuse(fmt::format("--{} is a number above 0, not '{}'", flag, text));
}

using Operations = std::vector<wire::AlterClientQuotasRequest::OpData>;

base::Result<Operations> asked_operations(Admin& admin, const Flags& flags) {
  const bool is_deletion = flags.has("delete");
  Operations operations;
  for (const auto& [flag, key] : kLimits) {
    if (!flags.has(flag)) continue;
    double number = 0;
    if (!is_deletion) {
      auto parsed = parse_limit(flag, flags.value_or(flag, ""));
      if (!parsed) return base::fail(std::move(parsed));
      number = *parsed;
    }
    operations.push_back({std::string(key), number, is_deletion});
  }
  if (!operations.empty()) return operations;
  if (!is_deletion) return misuse("Give a quota to set, as in --producer-byte-rate 1048576");
  auto present = read_quotas(admin, flags);
  if (!present) return base::fail(std::move(present));
  for (const auto& entry : *present) {
    for (const auto& value : entry.values) operations.push_back({value.key, 0, true});
  }
  if (operations.empty()) return misuse("There are no such quotas");
  return operations;
}

base::Result<> change(Admin& admin, const Flags& flags) {
  auto operations = asked_operations(admin, flags);
  if (!operations) return base::fail(std::move(operations));
  wire::AlterClientQuotasRequest request;
  auto& entry = request.entries.emplace_back();
  entry.ops = *std::move(operations);
  for (const auto& [flag, type] : kEntities) {
    const auto name = flags.value(flag);
    if (!name) continue;
    auto& part = entry.entity.emplace_back();
    part.entity_type = type;
    part.entity_name.reset();
    if (*name != kDefaultName) part.entity_name = *name;
  }
  auto answer = admin.ask_controller<wire::AlterClientQuotasResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->entries) {
    if (result.error_code == ErrorCode::kNone) continue;
    return base::fail(result.error_code, error_text(result.error_code, result.error_message));
  }
  return {};
}

base::Result<> act(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return base::fail(std::move(admin));
  if (!invocation.flags.has("list")) {
    if (auto done = change(**admin, invocation.flags); !done) return done;
  }
  // After a change: what holds now.
  auto quotas = read_quotas(**admin, invocation.flags);
  if (!quotas) return base::fail(std::move(quotas));
  Output(invocation.output).print(quota_table(*quotas));
  return {};
}

int run_quotas(const Invocation& invocation) {
  if (auto ok = check(invocation.flags); !ok) return usage_error(invocation, ok.error().message);
  const auto done = act(invocation);
  return done ? 0 : failure(invocation, done.error().message);
}

}  // namespace

Command quotas_command() {
  return {.name = "quotas",
          .script_name = "",
          .summary = "Show and set how much users, clients and addresses may ask of the cluster.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_quotas,
          .section = Section::kConfiguration,
          .prints_data = true};
}

}  // namespace odradek::cli
