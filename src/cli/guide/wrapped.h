// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace odradek::cli {

// Appends `text` and a line end, in lines of 96 columns that begin at column `indent`, where the
// first one already is.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent);

}  // namespace odradek::cli
