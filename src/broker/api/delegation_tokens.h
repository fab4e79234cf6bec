// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Delegation tokens (KIP-48) are for those who have authenticated by other means. On a PLAINTEXT
// connection, where everybody is User:ANONYMOUS, Kafka refuses every request about them with
// DELEGATION_TOKEN_REQUEST_NOT_ALLOWED.
namespace odradek::broker::api {

inline constexpr const char* kAnonymousType = "User";
inline constexpr const char* kAnonymousName = "ANONYMOUS";
// Of a token that there is not.
inline constexpr std::int64_t kNoTokenTime = -1;

}  // namespace odradek::broker::api
