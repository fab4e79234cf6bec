// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/disk.h"

namespace odradek::cli {

// The values that a load test sends: random capital letters, lines of a file in random order, or
// counting numbers. The same ones in each run.
class Payloads {
 public:
  static Payloads of_size(std::size_t bytes);
  static Payloads counting();
  // One of `texts` each time. REQUIRES: there is one.
  static Payloads out_of(std::vector<std::string> texts);

  // Valid until the next call. `number` counts from 0.
  std::string_view next(std::int64_t number);

 private:
  Payloads() = default;
  std::uint64_t random();

  bool counts_ = false;
  std::vector<std::string> texts_;
  std::string payload_;
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

// The parts of a file between `delimiter`s, none after the last one. INVALID_REQUEST where the file
// is missing or empty.
[[nodiscard]] base::Result<std::vector<std::string>> read_payloads(env::Disk& disk,
                                                                   const std::string& path,
                                                                   std::string_view delimiter);

}  // namespace odradek::cli
