// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/storage/format_plan.h"
#include "env/world.h"

namespace odradek::cli {

// Writes bootstrap.checkpoint, the first snapshot where the quorum may change, and last
// meta.properties, into each of the plan's directories that has none; says so.
[[nodiscard]] base::Result<> format_storage(const Invocation& invocation, env::World& world,
                                            const FormatPlan& plan);

// Says what the directories hold; the result is whether nothing is wrong with them.
[[nodiscard]] base::Result<bool> print_storage_info(const Invocation& invocation, env::World& world,
                                                    const std::set<std::string>& directories);

}  // namespace odradek::cli
