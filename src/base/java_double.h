// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::base {

// A double as Java writes it, and so Kafka in what it describes and prints: "1024.0", "0.5",
// "1.0E7".
std::string java_double(double number);

}  // namespace odradek::base
