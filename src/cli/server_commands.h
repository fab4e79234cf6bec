// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

namespace odradek::cli {

// `odradek server`; kafka-server-start (`odradek start`), which can detach; and kafka-server-stop
// (`odradek stop`), which asks the servers that run this program as this user to stop.
Command server_command();
Command server_start_command();
Command server_stop_command();

}  // namespace odradek::cli
