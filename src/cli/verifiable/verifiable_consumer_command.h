// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-verifiable-consumer: reads as a member of a group and tells what it reads and commits.
Command verifiable_consumer_command();

}  // namespace odradek::cli
