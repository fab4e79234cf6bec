// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/output/output.h"

namespace odradek::cli {

// How many columns of a terminal the text takes: wide characters (CJK) two, combining marks none.
std::size_t display_width(std::string_view utf8);

// The text within the escape sequences of the tone, or as it is for kPlain.
std::string toned(std::string_view text, Tone tone);
std::string bold(std::string_view text);

}  // namespace odradek::cli
