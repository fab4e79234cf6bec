// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::env {

// The name of this machine by which others find it: the canonical one that its resolver knows, else
// the bare one. May wait for a name server.
std::string host_name();

}  // namespace odradek::env
