// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "metadata/client_image.h"

// What SCRAM (RFC 5802, RFC 7677) makes of a password.
namespace odradek::security {

// The name of a mechanism that is known, such as SCRAM-SHA-256; else empty.
std::string_view mechanism_name(metadata::ScramMechanism mechanism);

struct ScramKeys {
  base::SharedBytes stored_key;
  base::SharedBytes server_key;
};

// SaltedPassword: what a client sends when it sets a password, so that the server never sees it.
// UNACCEPTABLE_CREDENTIAL for fewer than one iteration. REQUIRES: a known mechanism.
[[nodiscard]] base::Result<base::SharedBytes> salt_password(metadata::ScramMechanism mechanism,
                                                            std::string_view password,
                                                            base::ByteView salt,
                                                            std::int32_t iterations);

// StoredKey and ServerKey: all that a server needs to authenticate the user, and to be recognised.
// UNACCEPTABLE_CREDENTIAL for an empty salted password. REQUIRES: a known mechanism.
[[nodiscard]] base::Result<ScramKeys> derive_keys(metadata::ScramMechanism mechanism,
                                                  base::ByteView salted_password);

}  // namespace odradek::security
