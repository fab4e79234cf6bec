// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "env/clock.h"

namespace odradek::env::sim {

// Random numbers that follow from a seed alone, the same on every machine (SplitMix64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override;
  // A number in [0, bound). REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  // A number in [low, high]. REQUIRES: low <= high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high);
  Duration between(Duration low, Duration high);
  // True with the given probability.
  bool chance(double probability);
  // A generator of its own, so that what draws from it does not shift what others draw.
  SeededRandom split() { return SeededRandom(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace odradek::env::sim
