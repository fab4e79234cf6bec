// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace odradek::config {

// One `key=value` of a Java properties file.
struct Property {
  std::string key;
  std::string value;
  int line = 0;  // where it begins, from 1; 0: not from a file
};

// Reads Java's properties format: comments (#, !), `=`, `:` or white space between key and value,
// continued lines, escapes. A malformed escape is an INVALID_CONFIG that names the line.
[[nodiscard]] base::Result<std::vector<Property>> parse_properties(std::string_view text);

}  // namespace odradek::config
