// SPDX-License-Identifier: Apache-2.0
#include "cli/output/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace odradek::cli {
namespace {

struct Range {
  std::uint32_t first, last;
};
// Unicode's East Asian Width W and F, in blocks; and what takes no column.
constexpr std::array kWide = {
    Range{0x1100, 0x115f},   Range{0x2e80, 0x303e},   Range{0x3041, 0xa4cf},  Range{0xac00, 0xd7a3},
    Range{0xf900, 0xfaff},   Range{0xfe30, 0xfe6f},   Range{0xff00, 0xff60},  Range{0xffe0, 0xffe6},
    Range{0x1f300, 0x1f64f}, Range{0x1f900, 0x1f9ff}, Range{0x20000, 0x3fffd}};
constexpr std::array kCombining = {Range{0x0300, 0x036f}, Range{0x200b, 0x200f},
                                   Range{0x20d0, 0x20ff}, Range{0xfe00, 0xfe0f}};

bool is_within(std::span<const Range> ranges, std::uint32_t code) {
  return std::ranges::any_of(
      ranges, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::size_t width_of(std::uint32_t code) {
  if (is_within(kCombining, code)) return 0;
  return is_within(kWide, code) ? 2 : 1;
}

std::string_view escape_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\033[32m";
    case Tone::kWarning:
      return "\033[33m";
    case Tone::kBad:
      return "\033[31m";
    case Tone::kFaint:
      return "\033[2m";
    case Tone::kPlain:
      break;
  }
  return "";
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[at]);
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    std::uint32_t code = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < utf8.size(); ++i) {
      code = code << 6 | (static_cast<unsigned char>(utf8[at + i]) & 0x3fU);
    }
    width += width_of(code);
    at += length;
  }
  return width;
}

std::string toned(std::string_view text, Tone tone) {
  const std::string_view escape = escape_of(tone);
  return escape.empty() ? std::string(text) : fmt::format("{}{}\033[0m", escape, text);
}

std::string bold(std::string_view text) { return fmt::format("\033[1m{}\033[0m", text); }

}  // namespace odradek::cli
