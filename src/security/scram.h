// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "metadata/client_image.h"

// The keys of SCRAM (RFC 5802, RFC 7677), which Kafka keeps instead of passwords (KIP-84, KIP-554).
// A mechanism that is handed in is a known one.
namespace odradek::security {

using metadata::ScramMechanism;

// "SCRAM-SHA-256"
std::string_view scram_mechanism_name(ScramMechanism mechanism);
// Nothing for another name or number.
std::optional<ScramMechanism> scram_mechanism(std::string_view name);
std::optional<ScramMechanism> scram_mechanism(std::int8_t number);

// SaltedPassword: PBKDF2 of the password (UTF-8) with the mechanism's HMAC. It is what a client
// sends when it sets a password, so that the server never sees that. REQUIRES: iterations > 0.
base::SharedBytes salted_password(ScramMechanism mechanism, std::string_view password,
                                  base::ByteView salt, std::int32_t iterations);

// StoredKey and ServerKey: all that a server needs to authenticate the user, and to be recognised.
struct ScramKeys {
  base::SharedBytes stored_key;
  base::SharedBytes server_key;
};
// UNACCEPTABLE_CREDENTIAL for an empty salted password.
[[nodiscard]] base::Result<ScramKeys> scram_keys(ScramMechanism mechanism,
                                                 base::ByteView salted_password);

}  // namespace odradek::security
