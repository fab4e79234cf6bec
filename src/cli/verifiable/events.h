// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "cli/output/value.h"
#include "env/clock.h"

namespace odradek::cli {

// The lines by which a verifiable client tells a test harness what it does: each a JSON object that
// begins with a timestamp in milliseconds and a name. Written at once; Threads: one.
class Events {
 public:
  explicit Events(const env::Clock& clock) : clock_(clock) {}

  void print(std::string_view name, Object more = {});

 private:
  const env::Clock& clock_;
};

}  // namespace odradek::cli
