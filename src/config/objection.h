// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::config {

// Why the server does not start with what a key says.
struct Objection {
  std::string key;
  std::string words;  // a sentence that names key and value
};

}  // namespace odradek::config
