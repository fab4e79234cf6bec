// SPDX-License-Identifier: Apache-2.0
#include "base/java_double.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace odradek::base {
namespace {

std::string shortest(double number, std::chars_format format) {
  char buffer[400];
  const auto [end, error] = std::to_chars(std::begin(buffer), std::end(buffer), number, format);
  return {std::begin(buffer), error == std::errc() ? end : std::begin(buffer)};
}

}  // namespace

std::string java_double(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const double size = std::fabs(number);
  if (size == 0 || (size >= 1e-3 && size < 1e7)) {
    std::string text = shortest(number, std::chars_format::fixed);
    if (text.find('.') == std::string::npos) text += ".0";
    return text;
  }
  const std::string text = shortest(number, std::chars_format::scientific);
  const auto e = text.find('e');
  std::string digits = text.substr(0, e);
  if (digits.find('.') == std::string::npos) digits += ".0";
  const int exponent = std::atoi(text.c_str() + e + 1);
  return fmt::format("{}E{}", digits, exponent);
}

}  // namespace odradek::base
