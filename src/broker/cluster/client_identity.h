// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::broker {

// On whose behalf a request is sent on to the controller, as an Envelope carries it (KIP-590).
struct Principal {
  std::string type = "User";
  std::string name = "ANONYMOUS";
  bool is_token_authenticated = false;

  friend bool operator==(const Principal&, const Principal&) = default;
};

// As Apache Kafka writes it: the version of the message in two bytes, the message.
base::SharedBytes encode_principal(const Principal& principal);
[[nodiscard]] base::Result<Principal> decode_principal(const base::SharedBytes& bytes);

// The 4 or 16 bytes of a numeric address. An IPv6 address's scope is left out. INVALID_REQUEST for
// anything else.
[[nodiscard]] base::Result<base::SharedBytes> encode_host(const std::string& host);
[[nodiscard]] base::Result<std::string> decode_host(const base::SharedBytes& bytes);

}  // namespace odradek::broker
