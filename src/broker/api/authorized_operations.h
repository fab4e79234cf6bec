// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// `authorizedOperations`: a bit for each operation (1 << its number in Kafka's ACL operations) that
// the client may do. Without an authorizer everybody may do everything that there is for the kind
// of resource.
namespace odradek::broker::api {

enum class AclOperation : std::int8_t {
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
};

template <typename... Operations>
constexpr std::int32_t operation_bits(Operations... operations) {
  return ((1 << static_cast<int>(operations)) | ...);
}

inline constexpr std::int32_t kAllTopicOperations =
    operation_bits(AclOperation::kRead, AclOperation::kWrite, AclOperation::kCreate,
                   AclOperation::kDelete, AclOperation::kAlter, AclOperation::kDescribe,
                   AclOperation::kDescribeConfigs, AclOperation::kAlterConfigs);
inline constexpr std::int32_t kAllClusterOperations =
    operation_bits(AclOperation::kCreate, AclOperation::kAlter, AclOperation::kDescribe,
                   AclOperation::kClusterAction, AclOperation::kDescribeConfigs,
                   AclOperation::kAlterConfigs, AclOperation::kIdempotentWrite);
inline constexpr std::int32_t kAllGroupOperations =
    operation_bits(AclOperation::kRead, AclOperation::kDelete, AclOperation::kDescribe,
                   AclOperation::kDescribeConfigs, AclOperation::kAlterConfigs);

}  // namespace odradek::broker::api
