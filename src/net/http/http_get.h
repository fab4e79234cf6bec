// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "env/network.h"

namespace odradek::net::http {

// The body that GET `target` (a path, with its query) answers there, for command-line tools. Blocks
// the caller, which is not the loop; the loop runs meanwhile. NETWORK_EXCEPTION or
// REQUEST_TIMED_OUT where no server answers; INVALID_REQUEST where the answer is no 200.
[[nodiscard]] base::Result<std::string> get(env::Network& network, env::Executor& loop,
                                            const env::Address& address, const std::string& target,
                                            env::Duration timeout);

}  // namespace odradek::net::http
