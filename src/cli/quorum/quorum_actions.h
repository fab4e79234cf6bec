// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/command.h"

// What kafka-metadata-quorum does. REQUIRES: flags that quorum_command checked.
namespace odradek::cli {

[[nodiscard]] base::Result<> print_quorum_status(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> print_quorum_replication(const Invocation& invocation, Admin& admin);

// By the configuration in --command-config.
[[nodiscard]] base::Result<> add_controller(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> remove_controller(const Invocation& invocation, Admin& admin);

}  // namespace odradek::cli
