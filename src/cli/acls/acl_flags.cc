// SPDX-License-Identifier: Apache-2.0
#include "cli/acls/acl_flags.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "cli/flag_checks.h"
#include "config/value.h"

namespace odradek::cli {
namespace {

using enum AclOperation;
using Operations = std::set<AclOperation>;

struct ResourceFlag {
  std::string_view flag;
  AclResource resource;
};
constexpr std::array kResourceFlags = {
    ResourceFlag{"topic", AclResource::kTopic},
    ResourceFlag{"group", AclResource::kGroup},
    ResourceFlag{"transactional-id", AclResource::kTransactionalId},
    ResourceFlag{"delegation-token", AclResource::kDelegationToken},
    ResourceFlag{"user-principal", AclResource::kUser},
};

const AclPattern kClusterPattern{AclResource::kCluster, "kafka-cluster", AclPatternType::kLiteral};

// Every address where none is named for a principal.
std::set<std::string> hosts(const Flags& flags, std::string_view host_flag,
                            std::string_view principal_flag) {
  std::set<std::string> hosts;
  for (const std::string& host : flags.values(host_flag)) hosts.emplace(config::trim(host));
  if (!flags.has(host_flag) && flags.has(principal_flag)) hosts.insert("*");
  return hosts;
}

base::Result<std::set<AclEntry>> entries(const Flags& flags, const Operations& operations) {
  struct Side {
    std::string_view principals, hosts;
    AclPermission permission;
  };
  constexpr std::array kSides = {Side{"allow-principal", "allow-host", AclPermission::kAllow},
                                 Side{"deny-principal", "deny-host", AclPermission::kDeny}};
  std::set<AclEntry> entries;
  for (const Side& side : kSides) {
    auto principals = asked_principals(flags, side.principals);
    if (!principals) return base::fail(std::move(principals));
    for (const std::string& host : hosts(flags, side.hosts, side.principals)) {
      for (const std::string& principal : *principals) {
        for (const AclOperation operation : operations) {
          entries.insert({principal, host, operation, side.permission});
        }
      }
    }
  }
  return entries;
}

base::Result<std::set<AclPattern>> named_patterns(const Flags& flags) {
  auto patterns = asked_patterns(flags);
  if (!patterns || !patterns->empty()) return patterns;
  return misuse(
      "You must provide at least one resource: --topic <topic> or --cluster or --group <group> or "
      "--delegation-token <Delegation Token ID>");
}

base::Result<> add_for(const Flags& flags, const std::set<AclPattern>& patterns,
                       AclResource resource, const Operations& operations, Acls& acls) {
  auto added = entries(flags, operations);
  if (!added) return base::fail(std::move(added));
  for (const AclPattern& pattern : patterns) {
    if (pattern.resource == resource) acls[pattern].insert(added->begin(), added->end());
  }
  return {};
}

// What a producer and a consumer need.
base::Result<Acls> role_acls(const Flags& flags) {
  auto patterns = named_patterns(flags);
  if (!patterns) return base::fail(std::move(patterns));
  Acls acls;
  base::Result<> done;
  const auto add = [&](AclResource resource, const Operations& operations) {
    if (done) done = add_for(flags, *patterns, resource, operations, acls);
  };
  if (flags.has("producer")) {
    add(AclResource::kTopic, {kWrite, kDescribe, kCreate});
    add(AclResource::kTransactionalId, {kWrite, kDescribe});
    if (flags.has("idempotent")) {
      patterns->insert(kClusterPattern);
      add(AclResource::kCluster, {kIdempotentWrite});
    }
  }
  if (flags.has("consumer")) {
    add(AclResource::kTopic, {kRead, kDescribe});
    add(AclResource::kGroup, {kRead});
  }
  if (!done) return base::fail(std::move(done));
  return acls;
}

base::Result<Acls> plain_acls(const Flags& flags) {
  Operations operations;
  for (const std::string& name : flags.values("operation")) {
    operations.insert(parse_acl_operation(config::trim(name)));
  }
  if (!flags.has("operation")) operations.insert(kAll);
  auto added = entries(flags, operations);
  if (!added) return base::fail(std::move(added));
  auto patterns = named_patterns(flags);
  if (!patterns) return base::fail(std::move(patterns));
  Acls acls;
  for (const AclPattern& pattern : *patterns) acls[pattern] = *added;
  return acls;
}

base::Result<> check_operations(const Acls& acls) {
  for (const auto& [pattern, entries] : acls) {
    const auto valid = operations_on(pattern.resource);
    const bool is_valid = std::ranges::all_of(entries, [&](const AclEntry& entry) {
      return std::ranges::count(valid, entry.operation) > 0;
    });
    if (is_valid) continue;
    std::string names;
    for (const AclOperation operation : valid) {
      names += fmt::format("{}{}", names.empty() ? "" : ", ", to_text(operation));
    }
    return misuse(fmt::format("ResourceType {} only supports operations [{}]",
                              to_text(pattern.resource), names));
  }
  return {};
}

}  // namespace

base::Result<AclPatternType> asked_pattern_type(const Flags& flags) {
  const std::string given = flags.value_or("resource-pattern-type", "LITERAL");
  std::string name = given;
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  for (const auto type : {AclPatternType::kAny, AclPatternType::kMatch, AclPatternType::kLiteral,
                          AclPatternType::kPrefixed}) {
    if (to_text(type) == name) return type;
  }
  // Kafka's tool finds out late: it is no wrong usage there.
  return base::fail(
      base::ErrorCode::kInvalidConfig,
      fmt::format("Cannot parse argument '{}' of option resource-pattern-type", given));
}

base::Result<std::set<AclPattern>> asked_patterns(const Flags& flags) {
  auto type = asked_pattern_type(flags);
  if (!type) return base::fail(std::move(type));
  std::set<AclPattern> patterns;
  for (const auto& [flag, resource] : kResourceFlags) {
    for (const std::string& name : flags.values(flag)) {
      patterns.insert({resource, std::string(config::trim(name)), *type});
    }
  }
  if (*type == AclPatternType::kLiteral && (flags.has("cluster") || flags.has("idempotent"))) {
    patterns.insert(kClusterPattern);
  }
  return patterns;
}

base::Result<std::set<std::string>> asked_principals(const Flags& flags, std::string_view flag) {
  std::set<std::string> principals;
  for (const std::string& text : flags.values(flag)) {
    const std::string principal(config::trim(text));
    if (principal.find(':') == std::string::npos) {
      return base::fail(base::ErrorCode::kInvalidPrincipalType,
                        fmt::format("expected a string in format principalType:principalName but "
                                    "got {}",
                                    principal));
    }
    principals.insert(principal);
  }
  return principals;
}

base::Result<Acls> asked_acls(const Flags& flags) {
  const bool is_role = flags.has("producer") || flags.has("consumer");
  auto acls = is_role ? role_acls(flags) : plain_acls(flags);
  if (!acls) return acls;
  if (auto ok = check_operations(*acls); !ok) return base::fail(std::move(ok));
  return acls;
}

base::Result<Acls> asked_new_acls(const Flags& flags) {
  auto type = asked_pattern_type(flags);
  if (!type) return base::fail(std::move(type));
  if (*type == AclPatternType::kAny || *type == AclPatternType::kMatch) {
    return misuse(
        fmt::format("A '--resource-pattern-type' value of '{}' is not valid when adding acls.",
                    to_text(*type)));
  }
  auto acls = asked_acls(flags);
  if (!acls) return acls;
  for (const auto& [pattern, entries] : *acls) {
    if (entries.empty()) {
      return misuse(
          "You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.");
    }
  }
  return acls;
}

}  // namespace odradek::cli
