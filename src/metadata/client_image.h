// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/uuid.h"

// What the cluster knows of its clients: quotas, credentials, access, tokens.
namespace odradek::metadata {

// Whom a quota is for: names by entity type ("user", "client-id", "ip"); no name stands for all
// that have no quota of their own.
using QuotaEntity = std::map<std::string, std::optional<std::string>>;

struct QuotaEntityHash {
  std::size_t operator()(const QuotaEntity& entity) const noexcept {
    std::size_t hash = entity.size();
    for (const auto& [type, name] : entity) {
      hash = hash * 31 + std::hash<std::string>{}(type);
      hash = hash * 31 + std::hash<std::optional<std::string>>{}(name);
    }
    return hash;
  }
};

// Values by quota key.
using QuotaMap = std::map<std::string, double>;

// Kafka's numbers of SCRAM mechanisms.
enum class ScramMechanism : std::int8_t { kUnknown = 0, kSha256 = 1, kSha512 = 2 };
inline constexpr std::int32_t kMinScramIterations = 4096;
inline constexpr std::int32_t kMaxScramIterations = 16384;

// What a server keeps of a password (RFC 5802).
struct ScramCredentialImage {
  base::SharedBytes salt;
  base::SharedBytes stored_key;
  base::SharedBytes server_key;
  std::int32_t iterations = 0;
};

// Of one user.
using ScramCredentials = std::map<ScramMechanism, ScramCredentialImage>;

// Types, operations and permissions have the numbers of Kafka's ACLs.
struct AccessControlEntryImage {
  std::int8_t resource_type = 0;
  std::string resource_name;
  std::int8_t pattern_type = 0;
  std::string principal;
  std::string host;
  std::int8_t operation = 0;
  std::int8_t permission_type = 0;
};

// Principals as "type:name"; times in milliseconds since 1970.
struct DelegationTokenImage {
  std::string owner;
  std::string requester;
  std::vector<std::string> renewers;
  std::int64_t issue_timestamp = 0;
  base::Timestamp max_timestamp;
  std::int64_t expiration_timestamp = 0;
};

}  // namespace odradek::metadata
