// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

Command elect_command();
// The form that it had before Kafka 2.4.
Command preferred_election_command();

}  // namespace odradek::cli
