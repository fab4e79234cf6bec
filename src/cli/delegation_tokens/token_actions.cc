// SPDX-License-Identifier: Apache-2.0
#include "cli/delegation_tokens/token_actions.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <vector>

#include "base/base64.h"
#include "cli/admin/error_text.h"
#include "cli/admin/time_text.h"
#include "cli/flag_checks.h"
#include "wire/messages/create_delegation_token.h"
#include "wire/messages/describe_delegation_token.h"
#include "wire/messages/expire_delegation_token.h"
#include "wire/messages/renew_delegation_token.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

struct Principal {
  std::string type;
  std::string name;

  std::string text() const { return type + ':' + name; }
};

struct Token {
  std::string id;
  std::string hmac;  // base64
  std::string owner;
  std::string requester;
  std::vector<std::string> renewers;
  std::int64_t issued_ms = 0;
  std::int64_t expires_ms = 0;
  std::int64_t max_ms = 0;
};

std::unexpected<base::Error> refused(const Invocation& invocation, ErrorCode code) {
  const std::string text = error_text(code, std::nullopt);
  return base::fail(
      code, invocation.is_native ? text : fmt::format("{}: {}", java_exception(code), text));
}

base::Result<std::vector<Principal>> principals(const Flags& flags, std::string_view flag) {
  std::vector<Principal> principals;
  for (const std::string& text : flags.values(flag)) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) {
      return misuse(
          fmt::format("expected a string in format principalType:principalName but got {}", text));
    }
    principals.push_back({text.substr(0, colon), text.substr(colon + 1)});
  }
  return principals;
}

std::string list_text(const std::vector<Principal>& principals) {
  std::vector<std::string> texts;
  for (const Principal& principal : principals) texts.push_back(principal.text());
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

std::int64_t period(const Flags& flags, std::string_view flag) {
  return flags.number(flag).value_or(std::nullopt).value_or(-1);
}

void print_tokens(const Invocation& invocation, const std::vector<Token>& tokens) {
  if (invocation.is_native) {
    Table table{.columns = {{"token_id"},
                            {"owner"},
                            {"requester"},
                            {"renewers"},
                            {"issued"},
                            {"expires"},
                            {"max"},
                            {"hmac", true}},
                .rows = {},
                .when_empty = "There are no tokens."};
    for (const Token& token : tokens) {
      table.rows.push_back({token.id, token.owner, token.requester,
                            List(token.renewers.begin(), token.renewers.end()),
                            minute_text(token.issued_ms), minute_text(token.expires_ms),
                            minute_text(token.max_ms), token.hmac});
    }
    Output(invocation.output).print(table);
    return;
  }
  const auto line = [](const auto&... texts) {
    fmt::print("\n{:<15} {:<30} {:<15} {:<15} {:<25} {:<15} {:<15} {:<15}\n", texts...);
  };
  line("TOKENID", "HMAC", "OWNER", "REQUESTER", "RENEWERS", "ISSUEDATE", "EXPIRYDATE", "MAXDATE");
  for (const Token& token : tokens) {
    line(token.id, token.hmac, token.owner, token.requester,
         fmt::format("[{}]", fmt::join(token.renewers, ", ")), minute_text(token.issued_ms),
         minute_text(token.expires_ms), minute_text(token.max_ms));
  }
}

void say_call(const Invocation& invocation, const std::string& text) {
  if (!invocation.is_native) fmt::print("{}\n", text);
}

base::Result<base::SharedBytes> asked_hmac(const Flags& flags) {
  auto bytes = base::decode_base64(flags.value_or("hmac", ""));
  if (!bytes) return misuse("--hmac is no base64");
  return base::SharedBytes::copy(*bytes);
}

void say_expiry(const Invocation& invocation, std::string_view operation, std::int64_t time_ms) {
  const auto text =
      fmt::format("Completed {} operation. New expiry date : {}", operation, minute_text(time_ms));
  if (invocation.is_native) {
    Output(invocation.output)
        .print(Message{.text = text, .fields = {{"expires", minute_text(time_ms)}}});
  } else {
    fmt::print("{}", text);
  }
}

}  // namespace

base::Result<> create_token(const Invocation& invocation, Admin& admin) {
  auto renewers = principals(invocation.flags, "renewer-principal");
  if (!renewers) return base::fail(std::move(renewers));
  auto owners = principals(invocation.flags, "owner-principal");
  if (!owners) return base::fail(std::move(owners));
  wire::CreateDelegationTokenRequest request;
  request.max_lifetime_ms = period(invocation.flags, "max-life-time-period");
  say_call(invocation,
           fmt::format("Calling create token operation with renewers :{} , max-life-time-period "
                       ":{}",
                       list_text(*renewers), request.max_lifetime_ms));
  request.owner_principal_type.reset();
  request.owner_principal_name.reset();
  if (!owners->empty()) {
    request.owner_principal_type = (*owners)[0].type;
    request.owner_principal_name = (*owners)[0].name;
  }
  Token token;
  for (const Principal& renewer : *renewers) {
    request.renewers.push_back({renewer.type, renewer.name});
    token.renewers.push_back(renewer.text());
  }
  auto answer = admin.ask_controller<wire::CreateDelegationTokenResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return refused(invocation, answer->error_code);
  token.id = answer->token_id;
  token.hmac = base::encode_base64(answer->hmac.view());
  token.owner = Principal{answer->principal_type, answer->principal_name}.text();
  token.requester =
      Principal{answer->token_requester_principal_type, answer->token_requester_principal_name}
          .text();
  token.issued_ms = answer->issue_timestamp_ms;
  token.expires_ms = answer->expiry_timestamp_ms;
  token.max_ms = answer->max_timestamp_ms;
  say_call(invocation, fmt::format("Created delegation token with tokenId : {}", token.id));
  print_tokens(invocation, {token});
  return {};
}

base::Result<> renew_token(const Invocation& invocation, Admin& admin) {
  auto hmac = asked_hmac(invocation.flags);
  if (!hmac) return base::fail(std::move(hmac));
  wire::RenewDelegationTokenRequest request;
  request.hmac = *std::move(hmac);
  request.renew_period_ms = period(invocation.flags, "renew-time-period");
  say_call(invocation,
           fmt::format("Calling renew token operation with hmac :{} , renew-time-period :{}",
                       invocation.flags.value_or("hmac", ""), request.renew_period_ms));
  auto answer = admin.ask_controller<wire::RenewDelegationTokenResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return refused(invocation, answer->error_code);
  say_expiry(invocation, "renew", answer->expiry_timestamp_ms);
  return {};
}

base::Result<> expire_token(const Invocation& invocation, Admin& admin) {
  auto hmac = asked_hmac(invocation.flags);
  if (!hmac) return base::fail(std::move(hmac));
  wire::ExpireDelegationTokenRequest request;
  request.hmac = *std::move(hmac);
  request.expiry_time_period_ms = period(invocation.flags, "expiry-time-period");
  say_call(invocation,
           fmt::format("Calling expire token operation with hmac :{} , expire-time-period :{}",
                       invocation.flags.value_or("hmac", ""), request.expiry_time_period_ms));
  auto answer = admin.ask_controller<wire::ExpireDelegationTokenResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return refused(invocation, answer->error_code);
  say_expiry(invocation, "expire", answer->expiry_timestamp_ms);
  return {};
}

base::Result<> describe_tokens(const Invocation& invocation, Admin& admin) {
  auto owners = principals(invocation.flags, "owner-principal");
  if (!owners) return base::fail(std::move(owners));
  say_call(invocation, owners->empty()
                           ? "Calling describe token operation for current user."
                           : fmt::format("Calling describe token operation for owners: {}",
                                         list_text(*owners)));
  wire::DescribeDelegationTokenRequest request;
  request.owners.reset();
  if (!owners->empty()) request.owners.emplace();
  for (const Principal& owner : *owners) request.owners->push_back({owner.type, owner.name});
  auto answer = admin.ask<wire::DescribeDelegationTokenResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return refused(invocation, answer->error_code);
  std::vector<Token> tokens;
  for (const auto& found : answer->tokens) {
    Token token{
        found.token_id,
        base::encode_base64(found.hmac.view()),
        Principal{found.principal_type, found.principal_name}.text(),
        Principal{found.token_requester_principal_type, found.token_requester_principal_name}
            .text(),
        {},
        found.issue_timestamp,
        found.expiry_timestamp,
        found.max_timestamp.value()};
    for (const auto& renewer : found.renewers) {
      token.renewers.push_back(Principal{renewer.principal_type, renewer.principal_name}.text());
    }
    tokens.push_back(std::move(token));
  }
  if (!invocation.is_native) fmt::print("Total number of tokens : {}", tokens.size());
  print_tokens(invocation, tokens);
  return {};
}

}  // namespace odradek::cli
