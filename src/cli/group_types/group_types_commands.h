// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

Command all_groups_command();
Command share_groups_command();
Command streams_groups_command();

}  // namespace odradek::cli
