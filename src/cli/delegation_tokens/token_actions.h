// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/command.h"

// What kafka-delegation-tokens does (KIP-48). REQUIRES: flags that delegation_tokens_command
// checked. A server's error has the words of Kafka's tool under Kafka's name.
namespace odradek::cli {

[[nodiscard]] base::Result<> create_token(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> renew_token(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> expire_token(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> describe_tokens(const Invocation& invocation, Admin& admin);

}  // namespace odradek::cli
