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
// lines that end in \n, \r or \r\n, continued lines, escapes (\u in units of UTF-16, joined where
// two are one character). The text is UTF-8 (docs/differences.md). A malformed \u is an
// INVALID_CONFIG that names the line.
[[nodiscard]] base::Result<std::vector<Property>> parse_properties(std::string_view text);

}  // namespace odradek::config
