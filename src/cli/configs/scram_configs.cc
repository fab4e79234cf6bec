// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/configs/config_actions.h"
#include "cli/flag_checks.h"
#include "cli/storage/scram_arguments.h"
#include "security/scram.h"
#include "wire/messages/alter_user_scram_credentials.h"
#include "wire/messages/describe_user_scram_credentials.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using security::ScramMechanism;
using UserCredentials =
    wire::DescribeUserScramCredentialsResponse::DescribeUserScramCredentialsResult;

struct Credential {
  std::int32_t iterations = metadata::kMinScramIterations;
  std::string password;
};

// The name of Kafka's enum, which its message shows.
std::string_view enum_name(ScramMechanism mechanism) {
  return mechanism == ScramMechanism::kSha256 ? "SCRAM_SHA_256" : "SCRAM_SHA_512";
}

// "iterations=8192,password=secret"; the first part may be missing, and -1 is the default.
base::Result<Credential> parse_credential(ScramMechanism mechanism, std::string_view text) {
  constexpr std::string_view kIterations = "iterations=";
  constexpr std::string_view kPassword = "password=";
  const auto invalid = [&, whole = text] {
    return misuse(fmt::format("Invalid credential property {}={}", enum_name(mechanism), whole));
  };
  Credential credential;
  if (text.starts_with(kIterations)) {
    text.remove_prefix(kIterations.size());
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return invalid();
    const std::string_view digits = text.substr(0, comma);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), credential.iterations);
    if (error != std::errc() || end != digits.data() + digits.size()) return invalid();
    if (credential.iterations == -1) credential.iterations = metadata::kMinScramIterations;
    text.remove_prefix(comma + 1);
  }
  if (!text.starts_with(kPassword)) return invalid();
  credential.password = text.substr(kPassword.size());
  if (credential.iterations >= metadata::kMinScramIterations) return credential;
  return misuse(fmt::format("Iterations {} is less than the minimum {} required for {}",
                            credential.iterations, metadata::kMinScramIterations,
                            security::scram_mechanism_name(mechanism)));
}

std::string_view mechanism_text(std::int8_t number) {
  const auto mechanism = security::scram_mechanism(number);
  return mechanism ? security::scram_mechanism_name(*mechanism) : "UNKNOWN";
}

std::string credentials_text(const UserCredentials& result) {
  std::string text;
  for (const auto& info : result.credential_infos) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{}=iterations={}", mechanism_text(info.mechanism), info.iterations);
  }
  return text;
}

// Beside the quotas of the users.
void add_table(ConfigSession& session, const std::vector<UserCredentials>& users) {
  Table table{.columns = {{"user"}, {"mechanism"}, {"iterations"}},
              .rows = {},
              .when_empty = "There are no SCRAM credentials."};
  for (const auto& user : users) {
    for (const auto& info : user.credential_infos) {
      table.rows.push_back({user.user, mechanism_text(info.mechanism), info.iterations});
    }
  }
  if (session.documents.empty()) session.documents.emplace_back();
  session.documents[0].tables.emplace_back("scram_credentials", std::move(table));
}

}  // namespace

base::Result<> describe_scram(ConfigSession& session, const std::vector<std::string>& users) {
  wire::DescribeUserScramCredentialsRequest request;
  if (users.empty()) {
    request.users.reset();
  } else {
    request.users.emplace();
    for (const std::string& user : users) request.users->push_back({user});
  }
  auto answer = session.admin.ask<wire::DescribeUserScramCredentialsResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) {
    return session.refused(answer->error_code, answer->error_message);
  }
  if (session.invocation.is_native) {
    add_table(session, answer->results);
    return {};
  }
  for (const auto& result : answer->results) {
    if (result.error_code == ErrorCode::kResourceNotFound) continue;
    if (result.error_code == ErrorCode::kNone) {
      fmt::print("SCRAM credential configs for user-principal '{}' are {}\n", result.user,
                 credentials_text(result));
    } else {
      fmt::print(
          "Error retrieving SCRAM credential configs for user-principal '{}': "
          "ExecutionException: {}: {}\n",
          result.user, java_exception(result.error_code),
          error_text(result.error_code, result.error_message));
    }
  }
  return {};
}

base::Result<> alter_scram(ConfigSession& session, const std::string& user,
                           const ConfigChanges& changes) {
  wire::AlterUserScramCredentialsRequest request;
  for (const std::string& name : changes.deleted) {
    const auto mechanism = security::scram_mechanism(name);
    if (mechanism) request.deletions.push_back({user, static_cast<std::int8_t>(*mechanism)});
  }
  for (const auto& [name, text] : changes.added) {
    const auto mechanism = security::scram_mechanism(name);
    if (!mechanism) continue;
    auto credential = parse_credential(*mechanism, text);
    if (!credential) return base::fail(std::move(credential));
    const auto salt = new_scram_salt(session.admin.world().random());
    auto salted =
        security::salted_password(*mechanism, credential->password, salt, credential->iterations);
    request.upsertions.push_back({user, static_cast<std::int8_t>(*mechanism),
                                  credential->iterations, base::SharedBytes::copy(salt),
                                  std::move(salted)});
  }
  auto answer =
      session.admin.ask_controller<wire::AlterUserScramCredentialsResponse>(std::move(request));
  if (!answer) return session.failed(std::move(answer));
  for (const auto& result : answer->results) {
    if (result.error_code != ErrorCode::kNone) {
      return session.refused(result.error_code, result.error_message);
    }
  }
  return {};
}

}  // namespace odradek::cli
