// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace odradek::env {

// Whether somebody looks at what this process writes there.
bool stdout_is_terminal();
bool stderr_is_terminal();
// Whether another program reads it, which may stop before the end.
bool stdout_is_pipe();

}  // namespace odradek::env
