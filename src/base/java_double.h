// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

// Floating point numbers as Java's toString() writes them, which Kafka's tools print and its JSON
// holds: the fewest digits that give the number back, with a fraction; from 10^7 on and below 10^-3
// with an exponent: "1024.0", "0.5", "1.0E7", "NaN", "-Infinity".
namespace odradek::base {

std::string java_double(double number);
std::string java_float(float number);

}  // namespace odradek::base
