// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

// The keys of SCRAM (RFC 5802, RFC 7677), which Kafka keeps instead of passwords (KIP-84, KIP-554).
namespace odradek::security {

// Numbered as the protocol and the metadata records number them.
enum class ScramMechanism : std::int8_t { kSha256 = 1, kSha512 = 2 };

inline constexpr std::int32_t kMinScramIterations = 4096;
inline constexpr std::int32_t kMaxScramIterations = 16384;

// "SCRAM-SHA-256"
std::string_view scram_mechanism_name(ScramMechanism mechanism);
// Nothing for another name or number.
std::optional<ScramMechanism> scram_mechanism(std::string_view name);
std::optional<ScramMechanism> scram_mechanism(std::int8_t number);

// PBKDF2 of the password (UTF-8) with the mechanism's HMAC. REQUIRES: iterations > 0.
std::vector<std::uint8_t> salted_password(ScramMechanism mechanism, std::string_view password,
                                          base::ByteView salt, std::int32_t iterations);

// What a server keeps of a salted password.
struct ScramKeys {
  std::vector<std::uint8_t> stored_key;
  std::vector<std::uint8_t> server_key;
};
ScramKeys scram_keys(ScramMechanism mechanism, base::ByteView salted_password);

}  // namespace odradek::security
