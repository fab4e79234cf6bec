// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace odradek::cli {

// A number as Java's format("%.nf") writes it: NaN and Infinity under their Java names, and halves
// of the decimal text away from zero, where C rounds the exact binary value.
std::string java_fixed(double number, int decimals);

}  // namespace odradek::cli
