// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-consumer-perf-test.
Command consume_perf_command();

}  // namespace odradek::cli
