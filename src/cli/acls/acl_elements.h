// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// The parts of an ACL (KIP-11, KIP-290), numbered as the protocol numbers them and written as
// Kafka's tools write them.
namespace odradek::cli {

enum class AclResource : std::int8_t {
  kAny = 1,
  kTopic = 2,
  kGroup = 3,
  kCluster = 4,
  kTransactionalId = 5,
  kDelegationToken = 6,
  kUser = 7,
};

enum class AclOperation : std::int8_t {
  kUnknown = 0,
  kAny = 1,
  kAll = 2,
  kRead = 3,
  kWrite = 4,
  kCreate = 5,
  kDelete = 6,
  kAlter = 7,
  kDescribe = 8,
  kClusterAction = 9,
  kDescribeConfigs = 10,
  kAlterConfigs = 11,
  kIdempotentWrite = 12,
  kCreateTokens = 13,
  kDescribeTokens = 14,
  kTwoPhaseCommit = 15,
};

enum class AclPatternType : std::int8_t { kAny = 1, kMatch = 2, kLiteral = 3, kPrefixed = 4 };
enum class AclPermission : std::int8_t { kAny = 1, kDeny = 2, kAllow = 3 };

// "TOPIC", "DESCRIBE_CONFIGS", "LITERAL", "ALLOW"
std::string_view to_text(AclResource resource);
std::string_view to_text(AclOperation operation);
std::string_view to_text(AclPatternType pattern);
std::string_view to_text(AclPermission permission);

// "DescribeConfigs", in any case; kUnknown for another name.
AclOperation parse_acl_operation(std::string_view name);
// What can be allowed on a resource, kAll with it.
std::vector<AclOperation> operations_on(AclResource resource);

// What ACLs are about: one resource, or, as a filter, those that fit.
struct AclPattern {
  AclResource resource = AclResource::kAny;
  std::string name;
  AclPatternType type = AclPatternType::kLiteral;

  auto operator<=>(const AclPattern&) const = default;
};

struct AclEntry {
  std::string principal;
  std::string host;
  AclOperation operation = AclOperation::kAny;
  AclPermission permission = AclPermission::kAny;

  auto operator<=>(const AclEntry&) const = default;
};

using Acls = std::map<AclPattern, std::set<AclEntry>>;

// "ResourcePattern(resourceType=TOPIC, name=orders, patternType=LITERAL)"
std::string to_text(const AclPattern& pattern);
// "(principal=User:alice, host=*, operation=READ, permissionType=ALLOW)"
std::string to_text(const AclEntry& entry);

}  // namespace odradek::cli
