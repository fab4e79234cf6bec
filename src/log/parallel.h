// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "env/executor.h"

namespace odradek::log {

// Calls `task` with each of [0, count), on the caller's thread and on at most `max_parallel - 1` of
// the pool's, and returns when all calls have. The caller's own work makes sure that it ends, even
// with a pool that is busy for ever. Returns how many threads had a part in it. REQUIRES:
// max_parallel > 0.
std::size_t run_in_parallel(env::WorkerPool& pool, const std::string& name, int max_parallel,
                            std::size_t count, const std::function<void(std::size_t)>& task);

}  // namespace odradek::log
