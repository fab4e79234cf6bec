// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/java_number.h"

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>

namespace odradek::cli {
namespace {

std::string not_finite(double number) {
  if (std::isnan(number)) return "NaN";
  return number < 0 ? "-Infinity" : "Infinity";
}

}  // namespace

std::string java_fixed(double number, int decimals) {
  if (!std::isfinite(number)) return not_finite(number);
  // The shortest decimal text decides where a half is; a nudge of its last digit brings C there.
  const std::string shortest = fmt::format("{}", number);
  const auto point = shortest.find('.');
  const bool is_half = point != std::string::npos && shortest.find('e') == std::string::npos &&
                       shortest.size() == point + 2 + static_cast<std::size_t>(decimals) &&
                       shortest.back() == '5';
  if (is_half) number = std::strtod((shortest + "1").c_str(), nullptr);
  return fmt::format("{:.{}f}", number, decimals);
}

}  // namespace odradek::cli
