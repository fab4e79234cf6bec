// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-producer-perf-test.
Command produce_perf_command();

}  // namespace odradek::cli
