// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// kafka-e2e-latency: how long one record at a time takes from producer to consumer.
Command latency_command();

}  // namespace odradek::cli
