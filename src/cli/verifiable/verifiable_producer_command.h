// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-verifiable-producer: counts in values and tells of each what became of it.
Command verifiable_producer_command();

}  // namespace odradek::cli
