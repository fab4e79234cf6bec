// SPDX-License-Identifier: Apache-2.0
#include "base/uuid.h"

#include <cstring>

namespace odradek::base {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit_value(char character) {
  const std::size_t position = kAlphabet.find(character);
  return position == std::string_view::npos ? -1 : static_cast<int>(position);
}

}  // namespace

Uuid Uuid::from_random(std::uint64_t high, std::uint64_t low) {
  Uuid id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(high >> (56 - 8 * i));
    id.bytes[8 + i] = static_cast<std::uint8_t>(low >> (56 - 8 * i));
  }
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 22) return std::nullopt;
  Uuid id;
  std::uint32_t buffer = 0;
  int bits = 0;
  std::size_t used = 0;
  for (const char character : text) {
    const int value = digit_value(character);
    if (value < 0) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8 && used < id.bytes.size()) {
      bits -= 8;
      id.bytes[used++] = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  return id;
}

std::string Uuid::to_string() const {
  std::string text;
  text.reserve(22);
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const std::uint8_t byte : bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += kAlphabet[(buffer >> bits) & 0x3f];
    }
  }
  text += kAlphabet[(buffer << (6 - bits)) & 0x3f];
  return text;
}

}  // namespace odradek::base

std::size_t std::hash<odradek::base::Uuid>::operator()(
    const odradek::base::Uuid& id) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, id.bytes.data(), 8);
  std::memcpy(&low, id.bytes.data() + 8, 8);
  return std::hash<std::uint64_t>{}(high ^ (low * 0x9e3779b97f4a7c15ULL));
}
