// SPDX-License-Identifier: Apache-2.0
// A fuzz target with a defect: what fuzzing does not find here, it finds nowhere.

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2 && data[0] == 0xff && data[1] != 0) std::abort();
  return 0;
}
