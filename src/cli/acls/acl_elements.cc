// SPDX-License-Identifier: Apache-2.0
#include "cli/acls/acl_elements.h"

#include <fmt/core.h>

#include <array>

namespace odradek::cli {
namespace {

using enum AclOperation;

constexpr std::array<std::string_view, 16> kOperations = {"UNKNOWN",
                                                          "ANY",
                                                          "ALL",
                                                          "READ",
                                                          "WRITE",
                                                          "CREATE",
                                                          "DELETE",
                                                          "ALTER",
                                                          "DESCRIBE",
                                                          "CLUSTER_ACTION",
                                                          "DESCRIBE_CONFIGS",
                                                          "ALTER_CONFIGS",
                                                          "IDEMPOTENT_WRITE",
                                                          "CREATE_TOKENS",
                                                          "DESCRIBE_TOKENS",
                                                          "TWO_PHASE_COMMIT"};
constexpr std::array<std::string_view, 8> kResources = {
    "UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER"};
constexpr std::array<std::string_view, 5> kPatterns = {"UNKNOWN", "ANY", "MATCH", "LITERAL",
                                                       "PREFIXED"};
constexpr std::array<std::string_view, 4> kPermissions = {"UNKNOWN", "ANY", "DENY", "ALLOW"};

template <std::size_t size, typename Element>
std::string_view name_of(const std::array<std::string_view, size>& names, Element element) {
  const auto index = static_cast<std::size_t>(element);
  return index < size ? names[index] : names[0];
}

// "describeconfigs" of "DESCRIBE_CONFIGS" and of "DescribeConfigs"
std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != '_') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

}  // namespace

std::string_view to_text(AclResource resource) { return name_of(kResources, resource); }
std::string_view to_text(AclOperation operation) { return name_of(kOperations, operation); }
std::string_view to_text(AclPatternType pattern) { return name_of(kPatterns, pattern); }
std::string_view to_text(AclPermission permission) { return name_of(kPermissions, permission); }

AclOperation parse_acl_operation(std::string_view name) {
  if (name.find('_') != std::string_view::npos) return kUnknown;
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (plain(kOperations[i]) == plain(name)) return static_cast<AclOperation>(i);
  }
  return kUnknown;
}

std::vector<AclOperation> operations_on(AclResource resource) {
  switch (resource) {
    case AclResource::kTopic:
      return {kAll,   kRead,     kWrite,           kCreate,      kDelete,
              kAlter, kDescribe, kDescribeConfigs, kAlterConfigs};
    case AclResource::kGroup:
      return {kAll, kRead, kDelete, kDescribe, kDescribeConfigs, kAlterConfigs};
    case AclResource::kCluster:
      return {kAll,           kCreate,          kAlter,        kDescribe,
              kClusterAction, kDescribeConfigs, kAlterConfigs, kIdempotentWrite};
    case AclResource::kTransactionalId:
      return {kAll, kWrite, kDescribe, kTwoPhaseCommit};
    case AclResource::kDelegationToken:
      return {kAll, kDescribe};
    case AclResource::kUser:
      return {kAll, kCreateTokens, kDescribeTokens};
    case AclResource::kAny:
      return {};
  }
  return {};
}

std::string to_text(const AclPattern& pattern) {
  return fmt::format("ResourcePattern(resourceType={}, name={}, patternType={})",
                     to_text(pattern.resource), pattern.name, to_text(pattern.type));
}

std::string to_text(const AclEntry& entry) {
  return fmt::format("(principal={}, host={}, operation={}, permissionType={})", entry.principal,
                     entry.host, to_text(entry.operation), to_text(entry.permission));
}

}  // namespace odradek::cli
