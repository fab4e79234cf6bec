// SPDX-License-Identifier: Apache-2.0
#include "env/sim/seeded_random.h"

#include "base/assert.h"

namespace odradek::env::sim {

std::uint64_t SeededRandom::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31U);
}

std::uint64_t SeededRandom::below(std::uint64_t bound) {
  ODRADEK_ASSERT(bound > 0);
  return next() % bound;
}

std::uint64_t SeededRandom::between(std::uint64_t low, std::uint64_t high) {
  ODRADEK_ASSERT(low <= high);
  return low + below(high - low + 1);
}

Duration SeededRandom::between(Duration low, Duration high) {
  return Duration(
      between(static_cast<std::uint64_t>(low.count()), static_cast<std::uint64_t>(high.count())));
}

bool SeededRandom::chance(double probability) {
  return static_cast<double>(next() >> 11U) * 0x1p-53 < probability;
}

}  // namespace odradek::env::sim
