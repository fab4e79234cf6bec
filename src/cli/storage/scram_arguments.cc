// SPDX-License-Identifier: Apache-2.0
#include "cli/storage/scram_arguments.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <charconv>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "cli/flag_checks.h"
#include "config/value.h"
#include "security/scram.h"

namespace odradek::cli {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Parts = std::map<std::string, std::string>;

// "name=alice,salt="N3E=""
base::Result<Parts> parse_parts(std::string_view text) {
  Parts parts;
  for (const auto range : std::views::split(text, ',')) {
    const std::string_view part(range.begin(), range.end());
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      return misuse(fmt::format("No equals sign found in SCRAM component: {}", part));
    }
    std::string_view value = part.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
      value = value.substr(1, value.size() - 2);
    }
    parts[std::string(part.substr(0, equals))] = value;
  }
  return parts;
}

std::optional<std::string> take(Parts& parts, const std::string& name) {
  auto node = parts.extract(name);
  if (node.empty()) return std::nullopt;
  return std::move(node.mapped());
}

base::Result<std::int32_t> parse_iterations(const std::optional<std::string>& text,
                                            std::string_view mechanism) {
  if (!text) return metadata::kMinScramIterations;
  std::int32_t number = 0;
  const char* end = text->data() + text->size();
  if (const auto done = std::from_chars(text->data(), end, number);
      done.ec != std::errc() || done.ptr != end) {
    return misuse(fmt::format("Failed to parse iterations count: {}", *text));
  }
  if (number < metadata::kMinScramIterations) {
    return misuse(fmt::format("The 'iterations' value must be >= {} for add-scram using {}",
                              metadata::kMinScramIterations, mechanism));
  }
  if (number > metadata::kMaxScramIterations) {
    return misuse(fmt::format("The 'iterations' value must be <= {} for add-scram using {}",
                              metadata::kMaxScramIterations, mechanism));
  }
  return number;
}

struct Secret {
  std::optional<std::string> password;
  base::SharedBytes salted_password;
};

base::Result<Secret> take_secret(Parts& parts, bool has_salt) {
  Secret secret{take(parts, "password"), {}};
  const auto salted = take(parts, "saltedpassword");
  if (secret.password) return secret;
  if (!salted) {
    return misuse("You must supply one of 'password' or 'saltedpassword' to add-scram");
  }
  if (!has_salt) return misuse("You must supply 'salt' with 'saltedpassword' to add-scram");
  auto decoded = base::decode_base64(*salted);
  if (!decoded) return misuse(fmt::format("Failed to decode given saltedPassword: {}", *salted));
  secret.salted_password = base::SharedBytes::copy(*decoded);
  return secret;
}

struct Mechanism {
  security::ScramMechanism mechanism;
  std::string_view configuration;
};

base::Result<Mechanism> parse_mechanism(std::string_view argument) {
  argument = config::trim(argument);
  const auto equals = argument.find('=');
  if (equals == std::string_view::npos) {
    return misuse(fmt::format("Failed to find equals sign in SCRAM argument '{}'", argument));
  }
  const std::string_view name = argument.substr(0, equals);
  const std::string_view configuration = argument.substr(equals + 1);
  const auto mechanism = security::scram_mechanism(name);
  if (!mechanism) {
    return misuse(fmt::format("The add-scram mechanism {} is not supported.", name));
  }
  if (!configuration.starts_with('[')) {
    return misuse("Expected configuration string to start with [");
  }
  if (!configuration.ends_with(']')) return misuse("Expected configuration string to end with ]");
  return Mechanism{*mechanism, configuration.substr(1, configuration.size() - 2)};
}

}  // namespace

std::vector<std::uint8_t> new_scram_salt(env::Random& random) {
  std::vector<std::uint8_t> salt(24);
  for (std::size_t i = 0; i < salt.size(); i += 8) {
    const std::uint64_t bits = random.next();
    for (std::size_t j = 0; j < 8; ++j) salt[i + j] = static_cast<std::uint8_t>(bits >> (8 * j));
  }
  return salt;
}

base::Result<wire::UserScramCredentialRecord> parse_scram_argument(std::string_view argument,
                                                                   env::Random& random) {
  const auto parsed = parse_mechanism(argument);
  if (!parsed) return base::fail(parsed.error());
  auto parts = parse_parts(parsed->configuration);
  if (!parts) return base::fail(std::move(parts));
  wire::UserScramCredentialRecord record;
  auto name = take(*parts, "name");
  if (!name) return misuse("You must supply 'name' to add-scram");
  record.name = *std::move(name);
  record.mechanism = static_cast<std::int8_t>(parsed->mechanism);
  const auto salt_text = take(*parts, "salt");
  const auto given_salt = salt_text ? base::decode_base64(*salt_text) : std::nullopt;
  if (salt_text && !given_salt) {
    return misuse(fmt::format("Failed to decode given salt: {}", *salt_text));
  }
  const auto iterations_text = take(*parts, "iterations");
  auto secret = take_secret(*parts, salt_text.has_value());
  if (!secret) return base::fail(std::move(secret));
  if (!parts->empty()) {
    return misuse(
        fmt::format("Unknown SCRAM configurations: {}", fmt::join(std::views::keys(*parts), ", ")));
  }
  const bool is_256 = parsed->mechanism == security::ScramMechanism::kSha256;
  auto iterations = parse_iterations(iterations_text, is_256 ? "SCRAM_SHA_256" : "SCRAM_SHA_512");
  if (!iterations) return base::fail(std::move(iterations));
  record.iterations = *iterations;
  const Bytes salt = given_salt ? *given_salt : new_scram_salt(random);
  if (secret->password) {
    secret->salted_password =
        security::salted_password(parsed->mechanism, *secret->password, salt, *iterations);
  }
  auto keys = security::scram_keys(parsed->mechanism, secret->salted_password);
  if (!keys) return base::fail(std::move(keys));
  record.salt = base::SharedBytes::copy(salt);
  record.stored_key = std::move(keys->stored_key);
  record.server_key = std::move(keys->server_key);
  return record;
}

}  // namespace odradek::cli
