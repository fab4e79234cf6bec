// SPDX-License-Identifier: Apache-2.0
#include "cli/delegation_tokens/delegation_tokens_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/admin/connection_flags.h"
#include "cli/delegation_tokens/token_actions.h"
#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kCommandConfigFlag,
    FlagSpec{"create", kNone, "", "Make a token."},
    FlagSpec{"renew", kNone, "", "Let a token live on."},
    FlagSpec{"expire", kNone, "", "Let a token end sooner."},
    FlagSpec{"describe", kNone, "", "Show tokens."},
    FlagSpec{"owner-principal", kOptional, "User:name", "Whose token it is.", '\0', true},
    FlagSpec{"renewer-principal", kOptional, "User:name", "Who else may renew it.", '\0', true},
    FlagSpec{"max-life-time-period", kRequired, "milliseconds",
             "How long it can live at most; -1: as the server has it."},
    FlagSpec{"renew-time-period", kRequired, "milliseconds",
             "How long it lives on; -1: as the "
             "server has it."},
    FlagSpec{"expiry-time-period", kRequired, "milliseconds", "When it ends; -1: at once."},
    FlagSpec{"hmac", kOptional, "base64", "The secret of the token."},
};
constexpr std::array<std::string_view, 4> kVerbs = {"create", "renew", "expire", "describe"};

constexpr std::string_view kExamples =
    "  odradek delegation-tokens create --max-life-time-period -1 --renewer-principal User:bob\n"
    "  odradek delegation-tokens describe\n"
    "  kafka-delegation-tokens --bootstrap-server 127.0.0.1:9092 --command-config "
    "client.properties --describe\n";

// A flag that may be there for another action only.
struct Rule {
  std::string_view action;
  std::vector<std::string_view> required;
  std::vector<std::string_view> others;
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {"create", {"max-life-time-period"}, {"hmac", "renew-time-period", "expiry-time-period"}},
      {"renew",
       {"hmac", "renew-time-period"},
       {"renewer-principal", "max-life-time-period", "expiry-time-period", "owner-principal"}},
      {"expire",
       {"hmac", "expiry-time-period"},
       {"renew", "max-life-time-period", "renew-time-period", "owner-principal"}},
      {"describe", {}, {"renew-time-period", "max-life-time-period", "hmac", "expiry-time-period"}},
  };
  return kRules;
}

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (count_given(flags, kVerbs) != 1) {
    return misuse(
        "Command must include exactly one action: --create, --renew, --expire or --describe");
  }
  if (!invocation.is_native) {
    if (auto ok = require(flags, {"bootstrap-server", "command-config"}); !ok) return ok;
  }
  for (const Rule& rule : rules()) {
    if (!flags.has(rule.action)) continue;
    for (const std::string_view name : rule.required) {
      if (auto ok = require(flags, {name}); !ok) return ok;
    }
  }
  for (const Rule& rule : rules()) {
    if (auto ok = exclude(flags, rule.action, rule.others); !ok) return ok;
  }
  for (const char* name : {"max-life-time-period", "renew-time-period", "expiry-time-period"}) {
    if (auto number = flags.number(name); !number) return base::fail(number.error());
  }
  return {};
}

base::Result<> act(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "describeDelegationToken");
  if (!admin) return base::fail(std::move(admin));
  if (invocation.flags.has("create")) return create_token(invocation, **admin);
  if (invocation.flags.has("renew")) return renew_token(invocation, **admin);
  if (invocation.flags.has("expire")) return expire_token(invocation, **admin);
  return describe_tokens(invocation, **admin);
}

int run_delegation_tokens(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  const auto done = act(invocation);
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print(stderr, "{}\n", done.error().message);
  return 1;
}

}  // namespace

Command delegation_tokens_command() {
  return {.name = "delegation-tokens",
          .script_name = "kafka-delegation-tokens",
          .summary = "Make, renew, end and show delegation tokens.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_delegation_tokens,
          .section = Section::kConfiguration,
          .prints_data = true};
}

}  // namespace odradek::cli
