// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::cli {

// odradek(1) in roff, of the table of commands.
std::string man_page();

}  // namespace odradek::cli
