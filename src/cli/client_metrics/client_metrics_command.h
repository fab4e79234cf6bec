// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

Command client_metrics_command();

}  // namespace odradek::cli
