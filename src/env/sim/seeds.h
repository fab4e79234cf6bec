// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <ranges>

namespace odradek::env::sim {

// The seeds of a test: `count` from 1 on, unless the environment asks for others:
// ODRADEK_SIM_SEEDS=<how many>, ODRADEK_SIM_FIRST_SEED=<from which on>. `make soak` does.
inline auto seeds(std::uint64_t count) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t first = number("ODRADEK_SIM_FIRST_SEED", 1);
  return std::views::iota(first, first + number("ODRADEK_SIM_SEEDS", count));
}

}  // namespace odradek::env::sim
