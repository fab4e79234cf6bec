// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-streams-application-reset: takes a Kafka Streams application back to where it began.
Command streams_reset_command();

}  // namespace odradek::cli
