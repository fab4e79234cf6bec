// SPDX-License-Identifier: Apache-2.0
#include "base/java_double.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace odradek::base {
namespace {

template <typename Number>
std::string shortest(Number number, std::chars_format format) {
  std::array<char, 64> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format);
  return {buffer.data(), done.ptr};
}

void add_fraction(std::string& digits) {
  if (digits.find('.') == std::string::npos) digits += ".0";
}

// The nearest of two digits where they tell the number from every other: Java writes no fewer, so
// that the least numbers there are (9.8E-45) get the second one that is meant. Else the shortest.
template <typename Number>
std::string shortest_scientific(Number number) {
  std::array<char, 64> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                  std::chars_format::scientific, 1);
  Number read = 0;
  std::from_chars(buffer.data(), done.ptr, read);
  if (read == number) return {buffer.data(), done.ptr};
  return shortest(number, std::chars_format::scientific);
}

template <typename Number>
std::string java_text(Number number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  const Number magnitude = std::fabs(number);
  if (magnitude == 0 || (magnitude >= Number(1e-3) && magnitude < Number(1e7))) {
    std::string text = shortest(number, std::chars_format::fixed);
    add_fraction(text);
    return text;
  }
  // "1.5e+10" is 1.5E10 there, "1e-05" 1.0E-5.
  const std::string text = shortest_scientific(number);
  const auto e = text.find('e');
  std::string mantissa = text.substr(0, e);
  add_fraction(mantissa);
  std::string_view exponent = std::string_view(text).substr(e + 1);
  const bool is_negative = exponent.starts_with('-');
  exponent.remove_prefix(exponent.find_first_not_of("+-0"));
  return mantissa + (is_negative ? "E-" : "E") + std::string(exponent);
}

}  // namespace

std::string java_double(double number) { return java_text(number); }
std::string java_float(float number) { return java_text(number); }

}  // namespace odradek::base
