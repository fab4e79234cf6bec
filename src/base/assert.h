// SPDX-License-Identifier: Apache-2.0
#pragma once

// ODRADEK_ASSERT(condition): an invariant that no input and no operating error can break. A false
// one ends the process at once with the place and the text, in every build. What input can reach is
// an error, not an assertion.
#define ODRADEK_ASSERT(condition) \
  (static_cast<bool>(condition)   \
       ? static_cast<void>(0)     \
       : ::odradek::base::assertion_failed(#condition, __FILE__, __LINE__))

namespace odradek::base {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace odradek::base
