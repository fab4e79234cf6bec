// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>

#include "base/bytes.h"
#include "wire/layout.h"

// For tests and fuzz targets only.
namespace odradek::wire::testing {

// Gives every field that `version` carries a random value: numbers at and between their limits,
// short strings with characters of one to four bytes, arrays of up to three elements, null where it
// is allowed. `message` must be freshly constructed; the other fields keep their defaults, so that
// the message can be encoded.
void fill_with_random_values(const MessageLayout& layout, void* message, Version version,
                             std::mt19937_64& random);

// All bytes of a chain, copied together. REQUIRES: it has no file ranges.
base::SharedBytes flatten(const base::OutputChain& chain);

}  // namespace odradek::wire::testing
