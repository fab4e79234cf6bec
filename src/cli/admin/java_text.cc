// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/java_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

namespace odradek::cli {
namespace {

// Of a string whose characters are ASCII.
std::uint32_t hash_code(std::string_view text) {
  std::uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash ^ (hash >> 16);
}

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

std::vector<std::string> java_hash_order(std::vector<std::string> keys) {
  auto buckets = std::bit_ceil(static_cast<std::uint32_t>(keys.size()));
  if (keys.size() * 4 > std::size_t{buckets} * 3) buckets *= 2;
  std::ranges::stable_sort(keys, {},
                           [&](const std::string& key) { return hash_code(key) & (buckets - 1); });
  return keys;
}

}  // namespace odradek::cli
