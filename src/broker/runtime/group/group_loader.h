// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "coordinator/group/group_machine.h"
#include "log/log.h"

namespace odradek::broker {

// Replays a whole partition of __consumer_offsets into the machine. Blocks on the disk.
[[nodiscard]] base::Result<> load_groups(log::Log& log, coordinator::group::GroupMachine& machine);

}  // namespace odradek::broker
